"""The words of one language, compiled: which concepts a question names."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from types import MappingProxyType

from bot.core.reading.corrections import Corrections
from bot.core.reading.learned import NOTHING, Learned
from bot.core.reading.words import Word, fold, split
from bot.core.texts import Texts

ASKING = ("when", "where")
SILENT = ("filler", "confirm", "or")
"""Concepts whose phrases ask nothing, whatever stands in them: "ou pas" is no "où"."""
FILLER = "filler"
"""The concept of words that say nothing by themselves."""
COMPOUND_BEGINS = {"month", "weekday", "every_weekday", "holiday", "weekend", "last_event", "first_event"}
COMPOUND_ENDS = {"event", "events", "evening", "evening_bare", "unit", "half"}
"""What a compound may consist of."""
_SHORTEST_COMPOUND = 10
GAP = "…"
WIDEST_GAP = 5
"""Words that may stand in the gap of "hat … geöffnet"."""
COMMON = 2000
"""Words whose entries are kept at hand."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A concept found in a question: its words are `start` to `end` (exclusive); with a `gap`, not all in between."""

    concept: str
    start: int
    end: int
    gap: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    concept: str
    parts: tuple[str, ...]
    gapped: bool
    second: str
    """The word that has to follow the first one; "" where none has to, or one of many."""

    @staticmethod
    def of(line: str) -> "_Entry":
        """What a line says: the concept, then its words."""
        concept, *parts = line.split(" ")
        second = parts[1] if len(parts) > 1 and parts[1] != GAP and "*" not in parts[1] else ""
        return _Entry(concept, tuple(parts), GAP in parts, second)


class _Table:
    """Entries by a word of theirs, as lines of text: of objects, most would never be used."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}

    def add(self, word: str, line: str) -> None:
        """Add an entry."""
        self._lines[word] = f"{self._lines[word]}\n{line}" if word in self._lines else line

    def get(self, word: str) -> list[_Entry]:
        """The entries of a word, in their order."""
        lines = self._lines.get(word)
        return [_Entry.of(line) for line in lines.split("\n")] if lines else []

    def alone(self, word: str) -> set[str]:
        """The concepts that a word stands for by itself, and not only inside a phrase."""
        lines = self._lines.get(word)
        return {line.partition(" ")[0] for line in lines.split("\n") if line.count(" ") == 1} if lines else set()


class Vocabulary:
    """What one language says for which concept.

    `entries` maps a concept to its words and phrases: "wann", a beginning "veranstaltung*", an ending "*termin", a
    phrase "um wie viel uhr", a phrase with a gap "hat … auf". `sounds` are replaced one after the other to compare
    words that sound alike; `endings` may follow a beginning; `prefixes` are written together with the word that
    follows. `right_words` mean nothing to the bot and are no misspelling of one that does. `spellings` are what people
    write for a word, in dialect or by habit: they are read as that word.
    `capital_nouns` is whether nouns, and only they, begin with a capital letter.
    `sentences` are those around the facts, in this language. `learn` reads what labelled questions taught of it.
    `beside` has the words for what is no question about the dates, `form` those by which somebody asks for more than a
    yes or no: they change nothing in how questions about the dates are read.
    """

    def __init__(  # noqa: PLR0913 - the sections of a file
        self,
        language: str,
        entries: Mapping[str, Sequence[str]],
        sentences: Texts,
        *,
        sounds: Sequence[Sequence[str]] = (),
        endings: Sequence[str] = (),
        prefixes: Sequence[str] = (),
        right_words: Sequence[str] = (),
        spellings: Mapping[str, Sequence[str]] = MappingProxyType({}),
        capital_nouns: bool = False,
        learn: Callable[[], Learned] = lambda: NOTHING,
        beside: "Vocabulary | None" = None,
        form: "Vocabulary | None" = None,
    ) -> None:
        self.language = language
        self.beside = beside
        self._form = form
        self._learn = learn
        self._spelled = {
            split(other)[0].text: split(word)[0].text for word, others in spellings.items() for other in others
        }
        self._right = frozenset(fold(word) for word in right_words)
        self.sentences = sentences
        self.capital_nouns = capital_nouns
        self.prefixes = tuple(sorted({fold(prefix) for prefix in prefixes}, key=len, reverse=True))
        self._whole = _Table()
        self._beginnings = _Table()
        self._endings = _Table()
        self._known: set[str] = set()
        self._stems: set[str] = set()
        self._tails: set[str] = set()
        folded = cache(fold)  # a word stands in ten phrases or more
        for concept, texts in entries.items():
            for text in texts:
                self._add(concept, text, folded)
        heard = [(fold(old), fold(new)) for old, new in sounds]
        self._corrections = Corrections(self._known, self._stems, [fold(ending) for ending in endings], heard)
        self._entries = lru_cache(maxsize=COMMON)(self._beginning_with)

    @cached_property
    def learned(self) -> Learned:
        """What labelled questions taught of this language, read when it is first spoken."""
        return self._learn()

    def saying(self, language: str, sentences: Texts) -> "Vocabulary":
        """The same words with other sentences around the facts: who reads plain German asks in German."""
        other = copy(self)
        other.language, other.sentences = language, sentences
        other.beside = self.beside and self.beside.saying(language, sentences)
        return other

    def _add(self, concept: str, text: str, folded: Callable[[str], str]) -> None:
        parts: list[str] = []
        for piece in text.split():
            if piece == GAP:
                parts.append(GAP)
                continue
            begins, ends = piece.endswith("*"), piece.startswith("*")
            bare = piece.strip("*")
            texts = [folded(bare)] if bare.isalpha() else [word.text for word in split(bare)]
            words = [self._spelled.get(text, text) for text in texts]
            for number, word in enumerate(words):
                last = number == len(words) - 1
                parts.append(f"{word}*" if begins and last else f"*{word}" if ends and not number else word)
        if not parts:
            return
        first = parts[0]
        table = self._beginnings if first.endswith("*") else self._endings if first.startswith("*") else self._whole
        table.add(first.strip("*"), " ".join((concept, *parts)))
        for part in parts:
            if part.endswith("*"):
                self._stems.add(part[:-1])
            elif part.startswith("*"):
                self._tails.add(part[1:])
            elif part != GAP:
                self._known.add(part)

    def spelled(self, words: Iterable[Word]) -> list[Word]:
        """The words as the vocabulary writes them; a day and a meeting written as one word are two."""
        found: list[Word] = []
        for word in words:
            standard = self._spelled.get(word.text)
            if standard:
                found.append(replace(word, text=standard))
            elif word.kind == "word" and len(word.text) >= _SHORTEST_COMPOUND and not self.knows(word.text):
                found += self._apart(word)
            else:
                found.append(word)
        return found

    def _apart(self, word: Word) -> list[Word]:
        """ "Novembertermine" is "November" and "Termine", "Dezemberwoche" a week; "Zahnarzttermin" stays."""
        for cut in range(3, len(word.text) - 4):
            if self._names(word.text[cut:], COMPOUND_ENDS) and self._names(word.text[:cut], COMPOUND_BEGINS):
                return [replace(word, text=word.text[:cut]), replace(word, text=word.text[cut:])]
        return [word]

    def _names(self, word: str, sections: Collection[str]) -> bool:
        return any(
            concept.partition(".")[0] in sections
            for table, key in self._kept_under(word)
            for concept in table.alone(key)
        )

    def knows(self, word: str) -> bool:
        """Whether a folded word stands in the vocabulary, as it is or by its beginning."""
        return (
            word in self._known
            or word in self._spelled
            or any(word[:length] in self._stems for length in range(2, len(word) + 1))
            or any(word[start:] in self._tails for start in range(max(0, len(word) - 14), len(word) - 2))
        )

    def means(self, word: str) -> bool:
        """Whether a folded word stands for something by itself, and not only inside a phrase."""
        beginnings = (word[:length] for length in range(2, len(word) + 1))
        return bool(self._whole.alone(word)) or any(map(self._beginnings.alone, beginnings))

    def fills(self, word: str) -> bool:
        """Whether a folded word is one that says nothing by itself."""
        return FILLER in self._whole.alone(word)

    def corrected(self, word: str) -> str | None:
        """The word of the vocabulary that a misspelled one stands for; None where it could be several or none."""
        for prefix in self.prefixes:
            if word.startswith(prefix) and len(word) > len(prefix) + 1 and self.knows(word[len(prefix) :]):
                return word[len(prefix) :]
        if len(word) < 4 or word in self._right:
            return None
        return self._corrections.of(word)

    def hits(self, words: Sequence[Word]) -> list[Hit]:
        """The concepts that these words name, in order; where two overlap, the longer one counts."""
        texts = [word.text for word in words]
        found: list[Hit] = []
        gapped: list[Hit] = []
        for start, text in enumerate(texts):
            following = texts[start + 1] if start + 1 < len(texts) else ""
            for entry in self._entries(text):
                if entry.second and entry.second != following:
                    continue  # most phrases end here
                end = self._end(entry.parts, texts, words, start)
                if end:
                    (gapped if entry.gapped else found).append(Hit(entry.concept, start, end, entry.gapped))
        found.sort(key=lambda hit: (hit.start - hit.end, hit.start))
        taken: dict[int, tuple[int, int]] = {}
        silent: set[int] = set()
        kept: list[Hit] = []
        for hit in found:
            # The same words may name several concepts; a part of a longer phrase names none, but "when" always asks.
            if (hit.concept in ASKING and silent.isdisjoint(range(hit.start, hit.end))) or all(
                taken.get(place, (hit.start, hit.end)) == (hit.start, hit.end) for place in range(hit.start, hit.end)
            ):
                kept.append(hit)
                if hit.concept in SILENT and hit.end - hit.start > 1:
                    silent.update(range(hit.start, hit.end))
                if any(place in taken for place in range(hit.start, hit.end)):
                    continue
                taken.update(dict.fromkeys(range(hit.start, hit.end), (hit.start, hit.end)))
        return sorted({*kept, *gapped}, key=lambda hit: (hit.start, hit.end, hit.concept))

    def asks_openly(self, words: Sequence[Word]) -> bool:
        """Whether these words ask what there is, which yes or no is no answer to: "was ist am 13.?"."""
        named = {hit.concept for hit in self._form.hits(words)} if self._form else set()
        return "open" in named and "whether" not in named

    def _beginning_with(self, text: str) -> Sequence[_Entry]:
        return [entry for table, key in self._kept_under(text) for entry in table.get(key)]

    def _kept_under(self, text: str) -> Iterator[tuple[_Table, str]]:
        """Where entries are that begin with a word: under itself, a beginning of it, or an ending."""
        yield self._whole, text
        for length in range(2, len(text) + 1):
            yield self._beginnings, text[:length]
        for start in range(max(0, len(text) - 14), len(text) - 2):
            yield self._endings, text[start:]

    def _end(self, parts: tuple[str, ...], texts: Sequence[str], words: Sequence[Word], start: int) -> int:
        """Where a phrase that begins here ends; 0 where it does not fit."""
        place = start + 1
        for number in range(1, len(parts)):
            part = parts[number]
            if part == GAP:
                rest = parts[number + 1 :]
                for later in range(place, min(place + WIDEST_GAP + 1, len(texts))):
                    if words[later].clause == words[start].clause and _fits(rest[0], texts[later]):
                        end = self._end(rest, texts, words, later)
                        if end:
                            return end
                return 0
            if place >= len(texts) or not _fits(part, texts[place]):
                return 0
            place += 1
        return place


def _fits(part: str, text: str) -> bool:
    if part.endswith("*"):
        return text.startswith(part[:-1])
    if part.startswith("*"):
        return text.endswith(part[1:])
    return text == part
