"""Finds the known answer that a question asks for, by the words that it shares with the organisers' examples."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from rapidfuzz import process as fuzzy
from rapidfuzz.distance import OSA

from bot.core.process import KnownAnswer
from bot.core.reading.words import split

ALIKE = 0.66
"""How much of a question and an example has to be the same, from 0 to 1."""
STEM = 6
"""Letters by which forms of one word are compared."""


class KnownAnswers:
    """The examples of one language, weighted: a word that few of them have says more than one that all have."""

    def __init__(self, answers: Sequence[KnownAnswer], language: str, fills: Callable[[str], bool]) -> None:
        self._fills = fills
        self._examples = [
            (answer, frozenset(self._stems([word.text for word in split(example)])))
            for answer in answers
            for example in answer.questions.get(language, ())
        ]
        owners: dict[str, set[str]] = {}
        for answer, stems in self._examples:
            for stem in stems:
                owners.setdefault(stem, set()).add(answer.id)
        known = len({answer.id for answer, _ in self._examples})
        self._weight = {stem: 0.4 + math.log((known + 1) / len(ids)) for stem, ids in owners.items()}
        self._stranger = 0.4 + math.log(known + 1)
        self._long = [stem for stem in self._weight if len(stem) >= 5]

    def _stems(self, words: Sequence[str]) -> list[str]:
        return [word[:STEM] for word in words if len(word) > 1]

    def closest(self, words: Sequence[str], today: date) -> KnownAnswer | None:
        """The answer on a topic that shares most with these words: for those that surely ask about one."""
        asked = {self._known(stem) for stem in self._stems(words)}
        best, most = None, -1.0
        for answer, stems in self._examples:
            shared = self._sum(asked & stems)
            score = 2 * shared / (self._sum(asked) + self._sum(stems))
            if answer.intent == "topic" and answer.holds(today) and score > most:
                best, most = answer, score
        return best

    def find(self, words: Sequence[str], today: date) -> tuple[KnownAnswer | None, float]:
        """The answer whose example is most like these words, and how much it is; None where two are alike."""
        asked = {self._known(stem) for stem in self._stems(words)}
        best: Counter[str] = Counter()
        found: dict[str, KnownAnswer] = {}
        for answer, stems in self._examples:
            shared = self._sum(asked & stems)
            if shared and answer.holds(today):
                score = 2 * shared / (self._sum(asked) + self._sum(stems))
                best[answer.id] = max(best[answer.id], int(score * 1000))
                found[answer.id] = answer
        ranked = best.most_common(2)
        if not ranked or ranked[0][1] < ALIKE * 1000:
            return None, 0.0
        if len(ranked) > 1 and ranked[1][1] > ranked[0][1] - 30:
            return None, 0.0
        return found[ranked[0][0]], ranked[0][1] / 1000

    def _known(self, stem: str) -> str:
        if stem in self._weight or len(stem) < 5:
            return stem
        close = fuzzy.extractOne(stem, self._long, scorer=OSA.distance, score_cutoff=1)
        return str(close[0]) if close else stem

    def _sum(self, stems: set[str] | frozenset[str]) -> float:
        return sum((0.15 if self._fills(stem) else self._weight.get(stem, self._stranger)) for stem in stems)


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
