"""Finds the known answer that a question asks for, by what it shares with the organisers' examples."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property, partial

from rapidfuzz import process as fuzzy
from rapidfuzz.distance import OSA

from bot.core.process import KnownAnswer
from bot.core.reading.question import Question
from bot.core.reading.reading import Intent, Reading
from bot.core.reading.signs import signs
from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import split

ALIKE = 0.66
"""How much of a question and an example has to be the same, from 0 to 1."""
CLEARLY = 0.03
"""How much more than any other answer."""
NEAR, NEARER = 0.2, 0.08
"""How much of a question that surely is about the topic has to be like an example, and how much more than like any of
the general answer, for it to get another."""
WORDS, SIGNS = 1 / 3, 2 / 3
"""What the words and the signs count for that: signs are also parts of words and what they name."""
FILLING = 0.15
"""The weight of a word that says nothing by itself."""
LEAST = 0.4
"""The weight of what examples of every answer have."""
STEM = 6
"""Letters by which forms of one word are compared."""


class Examples:
    """What the examples of several answers consist of, weighted: what few of them have says more than what all have."""

    def __init__(self, examples: Sequence[tuple[str, frozenset[str]]], fills: Callable[[str], bool]) -> None:
        owners: dict[str, set[str]] = {}
        for owner, pieces in examples:
            for piece in pieces:
                owners.setdefault(piece, set()).add(owner)
        known = len({owner for owner, _ in examples})
        self._fills = fills
        self._stranger = LEAST + math.log(known + 1)
        self.weights = {
            piece: FILLING if fills(piece) else LEAST + math.log((known + 1) / len(ids))
            for piece, ids in owners.items()
        }
        self._sums = [self._sum(pieces) for _, pieces in examples]
        self._having: dict[str, list[int]] = {}
        for number, (_, pieces) in enumerate(examples):
            for piece in pieces:
                self._having.setdefault(piece, []).append(number)

    def likeness(self, asked: Iterable[str]) -> dict[int, float]:
        """How much each example that shares a piece with these is like them, from 0 to 1, by its number."""
        asked = set(asked)
        shared: dict[int, float] = {}
        for piece in asked:
            for number in self._having.get(piece, ()):
                shared[number] = shared.get(number, 0.0) + self.weights[piece]
        whole = self._sum(asked)
        return {number: 2 * weight / (whole + self._sums[number]) for number, weight in shared.items()}

    def _sum(self, pieces: Iterable[str]) -> float:
        return sum(self.weights[piece] if piece in self.weights else self._strange(piece) for piece in pieces)

    def _strange(self, piece: str) -> float:
        return FILLING if self._fills(piece) else self._stranger


class KnownAnswers:
    """The answers that have examples in one language; `apart` takes an example of it apart."""

    def __init__(
        self,
        answers: Sequence[KnownAnswer],
        language: str,
        fills: Callable[[str], bool],
        apart: Callable[[str], Question],
    ) -> None:
        # Who asks in plain German may ask like everybody else.
        languages = dict.fromkeys((language, language.partition("-")[0]))
        self._texts = [
            (answer, example)
            for answer in answers
            for example in dict.fromkeys(one for tag in languages for one in answer.questions.get(tag, ()))
        ]
        self._language = language
        self._apart = apart
        self._by_words = Examples([(one.id, frozenset(_stems(_words(text)))) for one, text in self._texts], fills)
        self._long = [stem for stem in self._by_words.weights if len(stem) >= 5]

    @cached_property
    def _by_signs(self) -> Examples:
        """The examples by what they name and by the letters of their words; made when the first is asked for."""
        found = [(one.id, self._signs(self._apart(text))) for one, text in self._texts]
        return Examples(found, lambda _: False)

    def general(self, today: date) -> KnownAnswer | None:
        """The first answer on the topic: for those who ask what all this is about."""
        return next((one for one, _ in self._texts if one.intent == "topic" and one.holds(today)), None)

    def closest(self, question: Question, today: date) -> KnownAnswer | None:
        """The answer for a question that surely is about the topic; the first one where no other is clearly closer."""
        general = self.general(today)
        if general is None:
            return None
        by_words = self._best(self._by_words.likeness(self._known_stems(question)), today)
        by_signs = self._best(self._by_signs.likeness(self._signs(question)), today)
        near = {
            one.id: (WORDS * by_words.get(one.id, 0.0) + SIGNS * by_signs.get(one.id, 0.0), one)
            for one, _ in self._texts
            if one.intent == "topic" and one.holds(today)
        }
        likeness, answer = max(near.values(), key=lambda one: one[0])
        return answer if likeness >= NEAR and likeness >= near[general.id][0] + NEARER else general

    def find(self, question: Question, today: date) -> tuple[KnownAnswer | None, float]:
        """The answer whose example is most like a question, and how much it is; None where two are alike."""
        best = self._best(self._by_words.likeness(self._known_stems(question)), today)
        ranked = sorted(best.items(), key=lambda one: -one[1])
        if not ranked or ranked[0][1] < ALIKE or (len(ranked) > 1 and ranked[1][1] > ranked[0][1] - CLEARLY):
            return None, 0.0
        return next(one for one, _ in self._texts if one.id == ranked[0][0]), ranked[0][1]

    def _best(self, likeness: Mapping[int, float], today: date) -> dict[str, float]:
        """How much the most similar example of each answer that holds is like a question, by the answer's id."""
        best: dict[str, float] = {}
        for number, much in likeness.items():
            answer = self._texts[number][0]
            if answer.holds(today):
                best[answer.id] = max(best.get(answer.id, 0.0), much)
        return best

    def _signs(self, question: Question) -> frozenset[str]:
        # For what is asked of a place it does not matter whether an event is there.
        return frozenset(sign.replace("ELSEWHERE", "PLACE") for sign in signs(question, self._language[:2]))

    def _known_stems(self, question: Question) -> set[str]:
        return {self._known(stem) for stem in _stems(word.text for word in question.words)}

    def _known(self, stem: str) -> str:
        if stem in self._by_words.weights or len(stem) < 5:
            return stem
        close = fuzzy.extractOne(stem, self._long, scorer=OSA.distance, score_cutoff=1)
        return str(close[0]) if close else stem


class Answers:
    """The known answers of a process in every language; `apart` takes a language and an example of it apart."""

    def __init__(
        self,
        answers: Sequence[KnownAnswer],
        vocabularies: Mapping[str, Vocabulary],
        apart: Callable[[str, str], Question],
    ) -> None:
        self._answers = answers
        self._vocabularies = vocabularies
        self._apart = apart
        self._by_language: dict[str, KnownAnswers] = {}

    def known(self, language: str) -> KnownAnswers:
        """Those of one language."""
        if language not in self._by_language:
            fills = self._vocabularies[language].fills
            self._by_language[language] = KnownAnswers(self._answers, language, fills, partial(self._apart, language))
        return self._by_language[language]

    def topic(self, language: str, today: date) -> Reading | None:
        """The reading of a question about the topic; None where no topic has an answer."""
        answer = self.known(language).general(today)
        return answered(answer, language) if answer else None

    def chosen(self, reading: Reading, question: Question, today: date) -> Reading:
        """A reading with the answer that is closest to the question, where it is about the topic."""
        answer = self.known(reading.language).closest(question, today) if reading.intent == "topic" else None
        return replace(reading, answer=answer.id) if answer else reading

    def with_intent(self, intent: Intent, language: str, today: date) -> Reading:
        """The answer that organisers wrote for an intent, if they did and it still holds."""
        answer = next((one for one in self._answers if one.intent == intent and one.holds(today)), None)
        return Reading(intent=intent, language=language, answer=answer.id if answer else "")


def answered(answer: KnownAnswer, language: str) -> Reading:
    """The reading of a question that this answer is for."""
    return Reading(intent=answer.intent, language=language, answer=answer.id)


def _words(text: str) -> list[str]:
    return [word.text for word in split(text)]


def _stems(words: Iterable[str]) -> list[str]:
    return [word[:STEM] for word in words if len(word) > 1]


def colliding(answers: Sequence[KnownAnswer], language: str) -> list[tuple[KnownAnswer, KnownAnswer, str]]:
    """Pairs of answers of which one has an example that reads like one of the other."""
    seen: Mapping[frozenset[str], KnownAnswer]
    seen, pairs = {}, []
    for answer in answers:
        for example in answer.questions.get(language, ()):
            words = frozenset(_words(example))
            other = seen.get(words)
            if other is not None and other.id != answer.id:
                pairs.append((other, answer, example))
            seen = {**seen, words: answer}
    return pairs
