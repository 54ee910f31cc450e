"""What was learned from questions that people labelled: how much each sign speaks for each intent.

It knows no date and no place, only what kind of question it is.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import get_args

from bot.core.reading.reading import Intent

INTENTS: tuple[Intent, ...] = get_args(Intent)
SCALE = 100.0
"""Weights are kept as whole hundredths."""
NOBODY = dict.fromkeys(INTENTS, 0.0)
"""The chances where nothing was learned."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The weights of one language and those that all share.

    Each sign has, in hundredths, how rare it is and then what it adds for each of `INTENTS`; so has "" for a question
    without any sign.
    """

    own: Mapping[str, Sequence[int]]
    shared: Mapping[str, Sequence[int]]

    def chances(self, signs: Collection[str]) -> Mapping[Intent, float]:
        """How likely each intent is, together 1; all 0 where nothing was learned."""
        if not self.shared:
            return NOBODY
        found = [one for sign in signs if (one := self.own.get(sign) or self.shared.get(sign))]
        rarities, *columns = zip(*found, strict=True) if found else [()] * (1 + len(INTENTS))
        length = math.sqrt(sum(map(mul, rarities, rarities))) or 1.0
        _, *always = self.shared[""]
        sums = [
            (base + sum(map(mul, rarities, column)) / length) / SCALE
            for base, column in zip(always, columns, strict=True)
        ]
        most = max(sums)
        weights = [math.exp(one - most) for one in sums]
        total = sum(weights)
        return {intent: weight / total for intent, weight in zip(INTENTS, weights, strict=True)}


NOTHING = Learned({}, {})
"""Of a language that nobody has labelled questions in."""
