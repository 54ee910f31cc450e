"""The types of question. A class per type: what may be answered, how it is read, how it is said again.

To add a type: a class here, its name in `AnyQuestion`, its table in `bot/content_tables.py`, and a dialogue.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from bot.core import recognition
from bot.core.conditions import And, Condition, Contains, OneOf
from bot.core.messages import Choice
from bot.core.texts import Text, Texts
from bot.core.values import Missing, Value

NO_ANSWER = Missing.NO_ANSWER.value


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose. `value` is the figure behind a scale's point, seen only in the codebook."""

    id: str
    label: Text
    own_words: bool = False
    value: int | None = None


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
        return self._value(recognition.near(typed, self.choices(t)))

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
        folded = recognition.fold(typed)
        for answer in ("yes", "no"):
            if folded in t.words(f"words.{answer}"):
                return answer
        return super().read(typed, t)

    def shown(self, value: Value, t: Texts) -> str:
        return self._missing(value, t) if isinstance(value, Missing) else t(f"answer.{value}")


@dataclass(frozen=True, kw_only=True)
class SeveralQuestion(ChoiceQuestion):
    """Several options at once, at most `at_most`; a typed message is the whole selection."""

    type: ClassVar[str] = "several"
    at_most: int | None = None

    def asked(self) -> tuple[Question, ...]:
        return (self, *own_words_of(self, lambda option: Contains(self.id, option)))

    def read(self, typed: str, t: Texts) -> Value | None:
        return self._selection(typed, t, guess=False)

    def guess(self, typed: str, t: Texts) -> Value | None:
        return self._selection(typed, t, guess=True)

    def invite(self, t: Texts) -> str:
        if self.at_most is None:
            return t("question.several")
        return t.counted("question.several_at_most", self.at_most)

    def misfit(self, typed: str, t: Texts) -> str:
        chosen = self._meant(typed, t, guess=True)
        if chosen and NO_ANSWER in chosen and len(chosen) > 1:
            return t("misfit.no_answer_alone", label=self._missing(Missing.NO_ANSWER, t))
        if chosen and self.at_most is not None and len(chosen) > self.at_most:
            return t.counted("misfit.too_many", self.at_most)
        if recognition.signed(typed):
            return t("misfit.signed", last=len(self.choices(t)))
        return t("misfit.several", last=len(self.choices(t)))

    def shown(self, value: Value, t: Texts) -> str:
        if isinstance(value, tuple):
            return "; ".join(super(SeveralQuestion, self).shown(one, t) for one in value)
        return super().shown(value, t)

    def fits(self, value: Value) -> bool:
        if not isinstance(value, tuple):
            return isinstance(value, Missing) and super().fits(value)
        within = self.at_most is None or len(value) <= self.at_most
        return bool(value) and within and all(super(SeveralQuestion, self).fits(one) for one in value)

    def _selection(self, typed: str, t: Texts, *, guess: bool) -> Value | None:
        chosen = self._meant(typed, t, guess=guess)
        if chosen == {NO_ANSWER}:
            return Missing.NO_ANSWER
        value = tuple(option.id for option in self.options if chosen and option.id in chosen)
        return value if chosen and len(value) == len(chosen) and self.fits(value) else None

    def _meant(self, typed: str, t: Texts, *, guess: bool) -> set[str] | None:
        """The option ids meant by every part of the message; None where a part means none or several."""
        choices = self.choices(t)
        # A label may itself contain a comma or an "und": the whole message first, then its parts.
        whole = recognition.exact(typed, choices) or (recognition.near(typed, choices) if guess else None)
        if whole:
            return {whole.key}
        meant = set()
        for part in recognition.parts(typed):
            choice = recognition.exact(part, choices) or (recognition.near(part, choices) if guess else None)
            if choice is None:
                return None
            meant.add(choice.key)
        return meant or None


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
class OpenQuestion(Question):
    """Own words, at most `at_most` characters."""

    type: ClassVar[str] = "open"
    free_text: ClassVar[bool] = True
    at_most: int = 1000

    def read(self, typed: str, t: Texts) -> Value | None:
        return typed if 0 < len(typed) <= self.at_most else None

    def invite(self, t: Texts) -> str:
        return t.counted("question.open", self.at_most)

    def misfit(self, typed: str, t: Texts) -> str:
        if not typed:
            return t("misfit.empty")
        return t("misfit.too_long", length=t.number(len(typed)), at_most=t.number(self.at_most))

    def shown(self, value: Value, t: Texts) -> str:
        return self._missing(value, t) if isinstance(value, Missing) else str(value)

    def fits(self, value: Value) -> bool:
        return self._may_miss(value) or (isinstance(value, str) and 0 < len(value) <= self.at_most)


@dataclass(frozen=True, kw_only=True)
class OwnWordsQuestion(OpenQuestion):
    """What somebody means who chose "Etwas anderes". Made from that option, never written in the content."""

    type: ClassVar[str] = "own_words"

    def wording(self, t: Texts) -> str:
        return t("question.own_words", option=t.of(self.text))


class Unnumbered(Question):
    """A question without numbered choices, where "keine Angabe" is typed as words."""

    def said_nothing(self, typed: str, t: Texts) -> bool:
        """Whether the message is one of the ways to say "weiß nicht / keine Angabe"."""
        return recognition.fold(typed) in t.words("words.no_answer")


@dataclass(frozen=True, kw_only=True)
class NumberQuestion(Unnumbered):
    """A number between two bounds, whole unless `decimals` says how many places it may have."""

    type: ClassVar[str] = "number"
    minimum: int = 0
    maximum: int = 1_000_000
    decimals: int = 0

    def read(self, typed: str, t: Texts) -> Value | None:
        if self.said_nothing(typed, t):
            return Missing.NO_ANSWER
        plain = typed.strip().replace("\N{MINUS SIGN}", "-")
        if self.decimals == 0 and re.fullmatch(r"[+-]?\d{1,3}(?:[.,'\s]\d{3})+", plain):
            plain = re.sub(r"[.,'\s]", "", plain)  # 10.000 as people write ten thousand
        found = re.fullmatch(r"[+-]?\d{1,15}(?:[.,](\d{1,15}))?", plain)
        if not found or len(found[1] or "") > self.decimals:
            return None
        value = float(plain.replace(",", ".")) if found[1] else int(plain)
        return value if self.fits(value) else None

    def invite(self, t: Texts) -> str:
        return t("question.number", minimum=t.number(self.minimum), maximum=t.number(self.maximum))

    def misfit(self, typed: str, t: Texts) -> str:
        return t("misfit.number", minimum=t.number(self.minimum), maximum=t.number(self.maximum))

    def shown(self, value: Value, t: Texts) -> str:
        return t.number(value) if isinstance(value, int | float) else self._missing(Missing(value), t)

    def fits(self, value: Value) -> bool:
        if isinstance(value, int | float):
            return self.minimum <= value <= self.maximum
        return value is Missing.NO_ANSWER or self._may_miss(value)


@dataclass(frozen=True, kw_only=True)
class DateQuestion(Unnumbered):
    """A day between two bounds, kept as YYYY-MM-DD."""

    type: ClassVar[str] = "date"
    earliest: date = date(1900, 1, 1)
    latest: date = date(2100, 12, 31)

    def read(self, typed: str, t: Texts) -> Value | None:
        if self.said_nothing(typed, t):
            return Missing.NO_ANSWER
        day = read_date(typed, t)
        return day.isoformat() if day and self.fits(day.isoformat()) else None

    def invite(self, t: Texts) -> str:
        return t("question.date", example=t.short_date(self.latest))

    def misfit(self, typed: str, t: Texts) -> str:
        return t("misfit.date", earliest=t.short_date(self.earliest), latest=t.short_date(self.latest))

    def shown(self, value: Value, t: Texts) -> str:
        return t.short_date(date.fromisoformat(value)) if isinstance(value, str) else self._missing(Missing(value), t)

    def fits(self, value: Value) -> bool:
        if isinstance(value, str):
            return self.earliest.isoformat() <= value <= self.latest.isoformat()
        return value is Missing.NO_ANSWER or self._may_miss(value)


AnyQuestion = (
    ChoiceQuestion
    | SeveralQuestion
    | ScaleQuestion
    | BatteryQuestion
    | OpenQuestion
    | NumberQuestion
    | DateQuestion
    | YesNoQuestion
)


def own_words_of(question: Question, chosen: Callable[[str], Condition]) -> tuple[Question, ...]:
    """The open questions that follow options such as "Etwas anderes", each asked only where its option was chosen."""
    return tuple(
        OwnWordsQuestion(
            id=f"{question.id}_{option.id}",
            text=option.label,
            short={language: f"{short}, {option.label[language]}" for language, short in question.short.items()},
            optional=True,
            only_if=And((question.only_if, chosen(option.id))) if question.only_if else chosen(option.id),
            at_most=200,
        )
        for option in question.answers()
        if option.own_words
    )


def choice_misfit(typed: str, last: int, t: Texts) -> str:
    """What would fit where one of `last` numbered choices is awaited."""
    if last == 1:
        return t("misfit.only_one")
    if recognition.signed(typed):
        return t("misfit.signed", last=last)
    if recognition.position(typed) is not None:
        return t("misfit.out_of_range", last=last)
    return t("misfit.choice", last=last) if typed else t("misfit.empty_choice", last=last)


def read_date(typed: str, t: Texts) -> date | None:
    """A complete date as people write it: 3.12.2025, 3. Dezember 2025, 2025-12-03; None where it could be two."""
    iso = re.fullmatch(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*", typed)
    figures = re.fullmatch(r"\s*(\d{1,2})\s*([./ ])\s*(\d{1,2})\s*[./ ]\s*(\d{4})\s*", typed)
    words = re.fullmatch(
        r"(?:[a-z]+ )?(?:den |the )?(\d{1,2})(?:st|nd|rd|th)? (?:of )?([a-z]+) (\d{4})", recognition.fold(typed)
    )
    american = re.fullmatch(r"(?:[a-z]+ )?([a-z]+) (\d{1,2})(?:st|nd|rd|th)? (\d{4})", recognition.fold(typed))
    try:
        if american and american[1] in (named := t.month_names()):
            return date(int(american[3]), named[american[1]], int(american[2]))
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if figures:
            day, month = int(figures[1]), int(figures[3])
            # 03/12/2025 is two days, depending on where English was learnt.
            ambiguous = figures[2] == "/" and day <= 12 and month <= 12 and day != month
            return None if ambiguous else date(int(figures[4]), month, day)
        if words and words[2] in (months := t.month_names()):
            return date(int(words[3]), months[words[2]], int(words[1]))
    except ValueError:  # 31 February
        return None
    return None
