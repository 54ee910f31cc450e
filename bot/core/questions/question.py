"""What every question has, whatever its type: words, a place in the survey, and a way to read and say an answer."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from bot.core.conditions import Condition
from bot.core.messages import Choice
from bot.core.texts import Text, Texts
from bot.core.values import Missing, Value


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose. `value` is the figure behind a scale's point, seen only in the codebook.

    `aliases` are what people also call it, in any language.
    """

    id: str
    label: Text
    own_words: bool = False
    value: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What every question has: its words, a short name for the review, and when it is asked."""

    type: ClassVar[str]

    id: str
    text: Text
    short: Text
    hint: Text | None = None
    optional: bool = False
    only_if: Condition | None = None


class Question(Heading, ABC):
    """One question as it is put to a person."""

    free_text: ClassVar[bool] = False
    """Whether any text is an answer, so that only a few control words are not."""

    def asked(self) -> "tuple[Question, ...]":
        """The questions put for this one: itself, and what follows from it."""
        return (self,)

    def wording(self, t: Texts) -> str:
        """The question in the reader's language."""
        return t.of(self.text)

    def choices(self, t: Texts) -> tuple[Choice, ...]:
        """What can be chosen, in the order shown; keys are option ids."""
        return ()

    @abstractmethod
    def read(self, typed: str, t: Texts) -> Value | None:
        """The answer that was clearly given, else None."""

    def chosen(self, key: str, t: Texts) -> Value | None:
        """The answer that choosing one of `choices` is."""
        return None

    def guess(self, typed: str, t: Texts) -> Value | None:
        """The answer that was meant in spite of typing errors, where only one can be meant."""
        return None

    @abstractmethod
    def invite(self, t: Texts) -> str:
        """One sentence on how to answer; empty where the numbered choices say it all."""

    @abstractmethod
    def misfit(self, typed: str, t: Texts) -> str:
        """What would fit, said to somebody whose message did not."""

    @abstractmethod
    def shown(self, value: Value, t: Texts) -> str:
        """An answer in words."""

    @abstractmethod
    def fits(self, value: Value) -> bool:
        """Whether a stored answer is still one of this question."""

    def answers(self) -> tuple[Option, ...]:
        """The options as content has them, for codebook and checks."""
        return ()

    def _missing(self, value: Missing, t: Texts) -> str:
        return t("answer.skipped") if value is Missing.SKIPPED else t("answer.no_answer")

    def _may_miss(self, value: Value) -> bool:
        return value is Missing.SKIPPED and self.optional
