"""Finds the known answer that a question asks for, by the words that it shares with the organisers' examples."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from rapidfuzz import process as fuzzy
from rapidfuzz.distance import OSA

from bot.core.process import KnownAnswer
from bot.core.reading.reading import Intent, Reading
from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import split

ALIKE = 0.66
"""How much of a question and an example has to be the same, from 0 to 1."""
CLEARLY = 0.03
"""How much more than any other answer."""
FILLING = 0.15
"""The weight of a word that says nothing by itself."""
STEM = 6
"""Letters by which forms of one word are compared."""


class KnownAnswers:
    """The examples of one language, weighted: a word that few of them have says more than one that all have."""

    def __init__(self, answers: Sequence[KnownAnswer], language: str, fills: Callable[[str], bool]) -> None:
        examples = [
            (answer, frozenset(_stems([word.text for word in split(example)])))
            for answer in answers
            for example in answer.questions.get(language, ())
        ]
        owners: dict[str, set[str]] = {}
        for answer, stems in examples:
            for stem in stems:
                owners.setdefault(stem, set()).add(answer.id)
        known = len({answer.id for answer, _ in examples})
        self._fills = fills
        self._weight = {
            stem: FILLING if fills(stem) else 0.4 + math.log((known + 1) / len(ids)) for stem, ids in owners.items()
        }
        self._stranger = 0.4 + math.log(known + 1)
        self._examples = [(answer, stems, self._sum(stems)) for answer, stems in examples]
        self._having: dict[str, list[int]] = {}
        for number, (_, stems, _) in enumerate(self._examples):
            for stem in stems:
                self._having.setdefault(stem, []).append(number)
        self._long = [stem for stem in self._weight if len(stem) >= 5]

    def closest(self, words: Sequence[str], today: date) -> KnownAnswer | None:
        """The answer on a topic that shares most with these words: for those that surely ask about one."""
        scores = self._scores(words, today)
        topics = [(score, -number) for number, score in scores.items() if self._examples[number][0].intent == "topic"]
        if topics:
            return self._examples[-max(topics)[1]][0]
        return next(
            (answer for answer, _, _ in self._examples if answer.intent == "topic" and answer.holds(today)), None
        )

    def find(self, words: Sequence[str], today: date) -> tuple[KnownAnswer | None, float]:
        """The answer whose example is most like these words, and how much it is; None where two are alike."""
        best: dict[str, tuple[float, int]] = {}
        for number, score in self._scores(words, today).items():
            answer = self._examples[number][0]
            best[answer.id] = max(best.get(answer.id, (0.0, 0)), (score, number))
        ranked = sorted(best.values(), reverse=True)
        if not ranked or ranked[0][0] < ALIKE or (len(ranked) > 1 and ranked[1][0] > ranked[0][0] - CLEARLY):
            return None, 0.0
        return self._examples[ranked[0][1]][0], ranked[0][0]

    def _scores(self, words: Sequence[str], today: date) -> dict[int, float]:
        """How much each example that shares a word with these is like them, from 0 to 1."""
        asked = {self._known(stem) for stem in _stems(words)}
        shared: dict[int, float] = {}
        for stem in asked:
            for number in self._having.get(stem, ()):
                shared[number] = shared.get(number, 0.0) + self._weight[stem]
        whole = self._sum(asked)
        return {
            number: 2 * weight / (whole + self._examples[number][2])
            for number, weight in shared.items()
            if self._examples[number][0].holds(today)
        }

    def _known(self, stem: str) -> str:
        if stem in self._weight or len(stem) < 5:
            return stem
        close = fuzzy.extractOne(stem, self._long, scorer=OSA.distance, score_cutoff=1)
        return str(close[0]) if close else stem

    def _sum(self, stems: Iterable[str]) -> float:
        return sum(self._weight[stem] if stem in self._weight else self._strange(stem) for stem in stems)

    def _strange(self, stem: str) -> float:
        return FILLING if self._fills(stem) else self._stranger


class Answers:
    """The known answers of a process in every language, and the readings that end in one of them."""

    def __init__(self, answers: Sequence[KnownAnswer], vocabularies: Mapping[str, Vocabulary]) -> None:
        self._answers = answers
        self._vocabularies = vocabularies
        self._by_language: dict[str, KnownAnswers] = {}

    def known(self, language: str) -> KnownAnswers:
        """Those of one language."""
        if language not in self._by_language:
            fills = self._vocabularies[language].fills
            self._by_language[language] = KnownAnswers(self._answers, language, fills)
        return self._by_language[language]

    def topic(self, words: Sequence[str], language: str, today: date) -> Reading | None:
        """The answer on a topic that is closest to these words; None where no topic has one."""
        answer = self.known(language).closest(words, today)
        return answered(answer, language) if answer else None

    def with_intent(self, intent: Intent, language: str) -> Reading:
        """The answer that organisers wrote for an intent, if they did."""
        answer = next((one for one in self._answers if one.intent == intent), None)
        return Reading(intent=intent, language=language, answer=answer.id if answer else "")


def answered(answer: KnownAnswer, language: str) -> Reading:
    """The reading of a question that this answer is for."""
    return Reading(intent=answer.intent, language=language, answer=answer.id)


def _stems(words: Iterable[str]) -> list[str]:
    return [word[:STEM] for word in words if len(word) > 1]


def colliding(answers: Sequence[KnownAnswer], language: str) -> list[tuple[KnownAnswer, KnownAnswer, str]]:
    """Pairs of answers of which one has an example that reads like one of the other."""
    seen: Mapping[frozenset[str], KnownAnswer]
    seen, pairs = {}, []
    for answer in answers:
        for example in answer.questions.get(language, ()):
            words = frozenset(word.text for word in split(example))
            other = seen.get(words)
            if other is not None and other.id != answer.id:
                pairs.append((other, answer, example))
            seen = {**seen, words: answer}
    return pairs
