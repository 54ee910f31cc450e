"""What was learned from questions that people labelled: how much each sign speaks for or against each intent.

It knows no date and no place, only what kind of question it is.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Protocol, get_args

from bot.core.reading.reading import Intent

INTENTS: tuple[Intent, ...] = get_args(Intent)
SCALE = 100.0
"""Weights are kept as whole hundredths."""
NOBODY: Mapping[Intent, float] = {intent: float(intent == "unknown") for intent in INTENTS}
"""Where nothing was learned, nothing is understood."""


class Weights(Protocol):
    """What was learned of signs, by their names."""

    def get(self, name: str, /) -> Sequence[int] | None:
        """The weights of one, or None where nothing was learned of it."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The weights of one language and those that all share.

    Each sign has, in hundredths, how rare it is and then what it adds for each of `INTENTS`; so has "" for a question
    without any sign.
    """

    own: Weights
    shared: Weights

    def weighed(self, signs: Collection[str]) -> Mapping[Intent, float]:
        """How much these signs speak for each intent: above 0 it is likely meant, below -1 surely not."""
        always = self.shared.get("")
        if always is None:
            return NOBODY
        found = [one for sign in signs if (one := self.own.get(sign) or self.shared.get(sign))]
        rarities, *columns = zip(*found, strict=True) if found else [()] * (1 + len(INTENTS))
        length = math.sqrt(sum(map(mul, rarities, rarities))) or 1.0
        return {
            intent: (base + sum(map(mul, rarities, column)) / length) / SCALE
            for intent, base, column in zip(INTENTS, always[1:], columns, strict=True)
        }


NOTHING = Learned({}, {})
"""Of a language that nobody has labelled questions in."""
