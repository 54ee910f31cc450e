"""Questions with one answer out of several that are numbered: options, yes or no, the points of a scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from bot.core import recognition
from bot.core.conditions import OneOf
from bot.core.messages import Choice
from bot.core.questions.own_words import own_words_of
from bot.core.questions.question import Heading, Option, Question
from bot.core.texts import Text, Texts
from bot.core.values import Missing, Value

NO_ANSWER = Missing.NO_ANSWER.value
BESIDE = 4
"""Words that may follow "ja" or "nein"; who says more is telling something else."""
DOUBTFUL = ("words.yes", "words.no", "words.negations", "words.hedges")
"""What may not stand behind "ja" or "nein", as it could take it back."""


@dataclass(frozen=True, kw_only=True)
class ChoiceQuestion(Question):
    """One of several options. "weiß nicht / keine Angabe" is added as the last one."""

    type: ClassVar[str] = "choice"
    options: tuple[Option, ...]
    no_answer: Text | None = None
    """Other words for the last option, such as "Ich bin nicht sicher"."""

    def asked(self) -> tuple[Question, ...]:
        return (self, *own_words_of(self, lambda option: OneOf(self.id, (option,))))

    def answers(self) -> tuple[Option, ...]:
        return self.options

    def choices(self, t: Texts) -> tuple[Choice, ...]:
        labels = [Choice(option.id, t.of(option.label)) for option in self.options]
        return (*labels, Choice(NO_ANSWER, self._missing(Missing.NO_ANSWER, t)))

    def read(self, typed: str, t: Texts) -> Value | None:
        return self._value(recognition.exact(typed, self.choices(t)))

    def guess(self, typed: str, t: Texts) -> Value | None:
        choices = self.choices(t)
        return self._value(recognition.near(typed, choices) or self._agreed(typed, choices, t))

    @staticmethod
    def _agreed(typed: str, choices: Sequence[Choice], t: Texts) -> Choice | None:
        """The choice that is called just "Ja" or "Nein", by what people say instead of it."""
        for answer in ("yes", "no"):
            if t.says(f"words.{answer}", typed):
                return next((choice for choice in choices if choice.label == t(f"answer.{answer}")), None)
        return None

    def invite(self, t: Texts) -> str:
        return ""

    def misfit(self, typed: str, t: Texts) -> str:
        return choice_misfit(typed, len(self.choices(t)), t)

    def shown(self, value: Value, t: Texts) -> str:
        if isinstance(value, Missing):
            return self._missing(value, t)
        return next((t.of(option.label) for option in self.options if option.id == value), str(value))

    def fits(self, value: Value) -> bool:
        if isinstance(value, Missing):
            return value is Missing.NO_ANSWER or self._may_miss(value)
        return any(option.id == value for option in self.options)

    def _missing(self, value: Missing, t: Texts) -> str:
        if value is Missing.NO_ANSWER and self.no_answer:
            return t.of(self.no_answer)
        return super()._missing(value, t)

    @staticmethod
    def _value(choice: Choice | None) -> Value | None:
        if choice is None:
            return None
        return Missing.NO_ANSWER if choice.key == NO_ANSWER else choice.key


@dataclass(frozen=True, kw_only=True)
class ScaleQuestion(ChoiceQuestion):
    """A scale with a word at every point; the points are options that carry a figure."""

    type: ClassVar[str] = "scale"


@dataclass(frozen=True, kw_only=True)
class BatteryQuestion(Heading):
    """Several aspects judged on one scale. It is asked as one scale question per aspect, never as a table."""

    type: ClassVar[str] = "battery"
    aspects: tuple[Option, ...]
    points: tuple[Option, ...]
    no_answer: Text | None = None

    def asked(self) -> tuple[Question, ...]:
        return tuple(
            ScaleQuestion(
                id=f"{self.id}_{aspect.id}",
                text={lang: words.replace("{aspect}", aspect.label.get(lang, "")) for lang, words in self.text.items()},
                short=aspect.label,
                hint=self.hint,
                optional=self.optional,
                only_if=self.only_if,
                options=self.points,
                no_answer=self.no_answer,
            )
            for aspect in self.aspects
        )


@dataclass(frozen=True, kw_only=True)
class YesNoQuestion(ChoiceQuestion):
    """Yes or no; the words come from the bot's own texts, with what people say instead ("jo", "nö")."""

    type: ClassVar[str] = "yes_no"
    options: tuple[Option, ...] = (Option("yes", {}), Option("no", {}))
    publishes: str | None = None
    """The question in own words that "yes" lets the city publish the answer to."""

    def choices(self, t: Texts) -> tuple[Choice, ...]:
        last = Choice(NO_ANSWER, self._missing(Missing.NO_ANSWER, t))
        return (Choice("yes", t("answer.yes")), Choice("no", t("answer.no")), last)

    def read(self, typed: str, t: Texts) -> Value | None:
        for answer in ("yes", "no"):
            if t.says(f"words.{answer}", typed):
                return answer
        return super().read(typed, t)

    def guess(self, typed: str, t: Texts) -> Value | None:
        return super().guess(typed, t) or self._begun(typed, t)

    def _begun(self, typed: str, t: Texts) -> Value | None:
        """ "Ja, zweimal": what is told beside yes or no, unless it takes something back. A permission is said whole."""
        first, *others = recognition.fold(typed).split() or [""]
        if self.publishes or not 0 < len(others) <= BESIDE or "?" in typed:
            return None
        doubt = {word for name in DOUBTFUL for word in t.words(name)}
        if doubt.intersection(others):
            return None
        return next((answer for answer in ("yes", "no") if first == recognition.fold(t(f"answer.{answer}"))), None)

    def shown(self, value: Value, t: Texts) -> str:
        return self._missing(value, t) if isinstance(value, Missing) else t(f"answer.{value}")


def choice_misfit(typed: str, last: int, t: Texts) -> str:
    """What would fit where one of `last` numbered choices is awaited."""
    if last == 1:
        return t("misfit.only_one")
    if recognition.signed(typed):
        return t("misfit.signed", last=last)
    if recognition.position(typed) is not None:
        return t("misfit.out_of_range", last=last)
    return t("misfit.choice", last=last) if typed else t("misfit.empty_choice", last=last)
