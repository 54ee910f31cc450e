"""A question taken apart: its words, the concepts they name, its places, days and times."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import accumulate

from bot.core.reading.dates import Dates
from bot.core.reading.places import Place, Places
from bot.core.reading.spans import Found
from bot.core.reading.vocabulary import Hit, Vocabulary
from bot.core.reading.words import LONGEST, Word, split

_SENTENCE_END = re.compile(r"(?<=[.?!؟])(?<!\d\.)\s+")
ASKING = {"when", "where", "next", "list", "exist", "anything", "start"}
GOING_ON = {"and", "or"}
SUBJECTS = {"event", "events", "evening"}
INTRODUCING = {"article", "next", "ordinal", "last", "after_next"}
"""Concepts behind which a noun stands that the question is about: "der nächste Flohmarkt"."""
SIGNATURE = 4
"""Words behind a "Mit freundlichen Grüßen" that are the name of whoever asks."""
NOUN, UNKNOWN, NO_NOUN, LITTLE, ASIDE, ASIDES = 1.5, 1.0, 0.5, 0.4, 0.3, 0.5
"""What a word counts that means nothing to the bot: a noun, any word, one that is no noun, a short one, one beside the
question; and all of those together."""


@dataclass(frozen=True)
class Question:
    """What stands in a question; `part` of it holds only some of its clauses."""

    words: tuple[Word, ...]
    hits: tuple[Hit, ...]
    places: tuple[Place, ...]
    days: tuple[Found, ...]
    clauses: tuple[int, ...]
    """The number of the clause that each word stands in; "and" begins a new one."""
    kept: frozenset[int]
    """The clauses that are looked at."""
    marked: bool = False
    """Whether a question mark was typed."""
    told: bool = False
    """Whether it ends like a statement."""
    asked: frozenset[int] = frozenset()
    """The clauses of the sentence that asks, where others stand beside it."""
    nouns: bool = False
    """Whether the language shows its nouns by a capital letter."""

    def has(self, *concepts: str) -> bool:
        """Whether one of these concepts is named; "subject" stands for every "subject.…"."""
        return not self._named.isdisjoint(concepts)

    @cached_property
    def _named(self) -> frozenset[str]:
        found = [hit.concept for hit in self.hits if self.looked_at(hit.start)]
        return frozenset(found) | {concept.partition(".")[0] for concept in found}

    def of(self, *concepts: str) -> Iterable[Hit]:
        """The hits of these concepts."""
        for hit in self.hits:
            if (hit.concept in concepts or hit.concept.partition(".")[0] in concepts) and self.looked_at(hit.start):
                yield hit

    def keys(self, section: str) -> list[str]:
        """The keys of a section that are named, in order: "parking" of "subject.parking"."""
        return list(dict.fromkeys(hit.concept.partition(".")[2] for hit in self.of(section)))

    def clause(self, hit: Hit | Place | Found) -> int:
        return self.clauses[hit.start]

    def strange(self) -> float:
        """How much of the question means nothing to the bot, in words: a noun counts more, an aside less."""
        return self._strange

    @cached_property
    def _strange(self) -> float:
        covered = {place for hit in self.hits if not hit.gap for place in range(hit.start, hit.end)}
        covered |= {place for hit in self.hits if hit.gap for place in (hit.start, hit.end - 1)}
        covered |= {place for one in self.places for place in range(one.start, one.end)}
        covered |= {place for one in self.days for place in range(one.start, one.end)}
        for hit in self.of("farewell"):
            covered |= set(range(hit.end, len(self.words))) if len(self.words) - hit.end <= SIGNATURE else set()
        covered |= {hit.end for hit in self.of("title")}
        introducing = {hit.end for hit in self.hits if hit.concept.partition(".")[0] in INTRODUCING}
        subjects = {hit.start for hit in self.hits if hit.concept in SUBJECTS} | {one.start for one in self.places}
        asking = {self.clauses[hit.start] for hit in self.hits if hit.concept in ASKING or hit.concept in SUBJECTS}
        asking |= {self.clauses[one.start] for one in self.places}
        capitals = self.nouns and any(word.capital for word in self.words)
        total = aside = 0.0
        for place, word in enumerate(self.words):
            if word.kind != "word" or len(word.text) < 2 or place in covered or not self.looked_at(place):
                continue
            introduced = place in introducing and not {place + 1, place + 2} & subjects
            if asking and self.clauses[place] not in asking:
                aside += ASIDE
            elif len(word.text) < 4 and not (self.nouns and word.capital):
                total += LITTLE
            elif (self.nouns and word.capital) or introduced:
                total += NOUN
            else:
                total += NO_NOUN if capitals else UNKNOWN
        return total + min(aside, ASIDES)

    def strange_behind(self, concept: str) -> bool:
        """Whether a word that means nothing to the bot follows this concept: "in Buxtehude"."""
        known = {place for hit in self.hits for place in range(hit.start, hit.end)}
        return any(
            hit.end < len(self.words)
            and hit.end not in known
            and self.words[hit.end].kind == "word"
            and len(self.words[hit.end].text) >= 4
            for hit in self.of(concept)
        )

    def length(self) -> int:
        """How many words are looked at."""
        return sum(1 for place in range(len(self.words)) if self.looked_at(place))

    def part(self, clauses: Iterable[int]) -> "Question":
        """The question without the other clauses. Places and days stay where the part names none itself."""
        kept = frozenset(clauses)
        places = tuple(place for place in self.places if self.clauses[place.start] in kept)
        days = tuple(day for day in self.days if self.clauses[day.start] in kept)
        elsewhere = tuple(place for place in self.places if place.events) or self.places
        return replace(self, kept=kept, places=places or elsewhere, days=days or self.days)

    def looked_at(self, place: int) -> bool:
        """Whether the word at this place belongs to the part."""
        return self.clauses[place] in self.kept

    def times(self) -> list[tuple[int, int]]:
        """The times of day that are named: hours and minutes."""
        found: list[tuple[int, int]] = []
        for place, word in enumerate(self.words):
            if not self.looked_at(place):
                continue
            if word.kind == "clock" or (word.kind == "date" and self._starts(place + 1, "clock")):
                hour, _, minute = word.text.replace("h", ":").replace(".", ":").partition(":")
                found.append((int(hour), int(minute[:2] or 0)))
            elif word.kind in {"number", "ordinal"} and int(word.text[:4]) < 25 and self._is_hour(place):
                found.append((int(word.text), 0))
        spelled = [hit for hit in self.of("number") if self._is_hour(hit.start, hit.end)]
        spelled += [hit for hit in self.of("ordinal") if self._is_spelled_hour(hit)]
        hours = [int(hit.concept.partition(".")[2]) for hit in spelled]
        return found + [(hour, 0) for hour in hours if 0 < hour < 25]

    def _is_spelled_hour(self, hit: Hit) -> bool:
        """ "о шостій", "o osiemnastej": languages that count hours like days; not "um den dritten Termin"."""
        before = any(other.end == hit.start and other.concept == "at_time" for other in self.hits)
        counted = any(0 <= other.start - hit.end <= 1 for other in self.of("event", "events", "evening", "month"))
        return before and not counted and not any(day.start <= hit.start < day.end for day in self.days)

    def _is_hour(self, place: int, end: int = 0) -> bool:
        return self._starts(end or place + 1, "clock") or any(
            hit.end == place and hit.concept == "at_time" for hit in self.hits
        )

    def _starts(self, place: int, concept: str) -> bool:
        return any(hit.start == place and hit.concept == concept for hit in self.hits)


def taken_apart(  # noqa: PLR0913, PLR0917 - what a question is seen from
    words: list[Word], vocabulary: Vocabulary, places: Places, today: date, first: date, last: date, text: str
) -> Question:
    """The question that these words ask, typing errors corrected."""
    typed, words = words, vocabulary.spelled(_without_hyphens(words, vocabulary))
    hits = vocabulary.hits(words)
    locative = {hit.end for hit in hits if hit.concept == "in"}
    named = places.find(words, vocabulary.knows, vocabulary.means, lambda place: place in locative, vocabulary.prefixes)
    inside = {place for one in named for place in range(one.start, one.end)}
    right = [
        word if word.kind != "word" or place in inside or vocabulary.knows(word.text) else _corrected(word, vocabulary)
        for place, word in enumerate(words)
    ]
    if right != words:
        hits = vocabulary.hits(right)
    hits = [hit for hit in hits if not inside.issuperset(range(hit.start, hit.end))]
    hits = _with_evenings([hit for hit in hits if not _wishes(hit, right)], right)
    days = tuple(Dates(right, hits, today, first, last).find())
    marked = "?" in text or "؟" in text
    asked = (
        marked
        or any(hit.concept == "request" for hit in hits)
        or (words and (words[-1].kind == "date" or (words[-1].kind == "ordinal" and len(words) < 7)))
    )
    told = not asked and text.rstrip("\"'»“) ").endswith((".", "!", "…"))
    going_on = {right[hit.start].clause for hit in hits if hit.concept in GOING_ON and _begins(hit.start, right)}
    unknown = {right[hit.start].clause for hit in hits if hit.concept.startswith("subject.")}
    asking = _asking(text, typed, going_on, unknown)
    clauses, current = [], 0
    joints = {hit.start for hit in hits if hit.concept == "and"}
    for place, word in enumerate(right):
        current += (place > 0 and word.clause != right[place - 1].clause) or (place in joints and place > 0)
        clauses.append(current)
    return Question(
        tuple(right),
        tuple(hits),
        tuple(named),
        days,
        tuple(clauses),
        frozenset(clauses),
        marked,
        told,
        frozenset(clause for clause, word in zip(clauses, right, strict=True) if word.clause in asking),
        vocabulary.capital_nouns,
    )


def _without_hyphens(words: list[Word], vocabulary: Vocabulary) -> list[Word]:
    """ "Bürger-Amt" is one word, as plain German writes it, where the language knows the whole."""
    joined: list[Word] = []
    for word in words:
        if joined and word.joined and vocabulary.knows(joined[-1].text + word.text):
            joined[-1] = replace(joined[-1], text=joined[-1].text + word.text)
        else:
            joined.append(word)
    return joined


def _wishes(hit: Hit, words: list[Word]) -> bool:
    """ "Wann wäre das?": whether what looks like a past form is typed with an umlaut, and so is a wish."""
    return hit.concept in {"past", "past_tense"} and hit.end == hit.start + 1 and words[hit.start].umlaut


def _with_evenings(hits: list[Hit], words: list[Word]) -> list[Hit]:
    """ "Abend" is an event in "der zweite Abend" and "wann ist der Abend", and a time of day in "Freitag Abend"."""
    before = {"ordinal", "next", "last", "nth", "more", "remaining"}
    asked = any(hit.concept in {"when", "where", "next"} for hit in hits)
    ends = {hit.end for hit in hits if hit.concept.partition(".")[0] in before}
    ends |= {place + 1 for place, word in enumerate(words) if word.kind == "ordinal"}
    times = {hit.end for hit in hits if hit.concept.partition(".")[0] in {"day", "weekday", "on_day"}}
    return [
        replace(hit, concept="evening")
        if hit.concept == "evening_bare" and (hit.start in ends or (asked and hit.start not in times))
        else hit
        for hit in hits
    ]


def _corrected(word: Word, vocabulary: Vocabulary) -> Word:
    text = vocabulary.corrected(word.text)
    return replace(word, text=text) if text else word


def _begins(place: int, words: list[Word]) -> bool:
    """Whether a word is the first one behind a punctuation mark."""
    return place == 0 or words[place].clause != words[place - 1].clause


def _asking(text: str, words: list[Word], going_on: set[int], unknown: set[int]) -> frozenset[int]:
    """The parts between punctuation marks of the last sentence that asks; none where no other stands beside it.

    A question whose first part is one of those `going_on`, as it begins with "and" or "or", belongs to the one before.
    One with a part in `unknown` names what nobody knows: it is declined, and another one answered.
    """
    sentences = [one for one in _SENTENCE_END.split(text[:LONGEST].strip()) if any(map(str.isalnum, one))]
    marked = [number for number, one in enumerate(sentences) if one.endswith(("?", "؟"))]
    if len(sentences) < 2 or not marked:
        return frozenset()
    starts = [0, *accumulate(len(split(one)) for one in sentences)]
    answerable = [
        number
        for number in marked
        if unknown.isdisjoint(word.clause for word in words[starts[number] : starts[number + 1]])
    ]
    first = last = (answerable or marked)[-1]
    while first - 1 in marked and words[starts[first]].clause in going_on:
        first -= 1
    return frozenset(word.clause for word in words[starts[first] : starts[last + 1]])
