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
OLDEST = 120
"""No figure above it is an age."""
TELLING = ("words.negations", "words.choice.degree")
"""What turns or weakens a label: without it, the label is another one."""
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
        choice = recognition.exact(typed, self.choices(t))
        if choice is None and t.says("words.no_answer", typed):
            return Missing.NO_ANSWER
        return self._value(choice)

    def guess(self, typed: str, t: Texts) -> Value | None:
        choices = self.choices(t)
        choice = self._near(typed, choices, t) or self._agreed(typed, choices, t) or self._both(typed, choices, t)
        return self._value(choice or banded(typed, choices, t))

    def chosen(self, key: str, t: Texts) -> Value | None:
        return self._value(next((choice for choice in self.choices(t) if choice.key == key), None))

    def _near(self, typed: str, choices: Sequence[Choice], t: Texts) -> Choice | None:
        """The choice meant in spite of typing errors, by words of its label, or with small words around it."""
        telling = {word for name in TELLING for word in t.words(name)}
        idle = telling.union(t.words("words.hedges"), t.words("words.choice.small"))
        core = recognition.bare(recognition.fold(typed), t.words("words.choice.small"))
        for said in dict.fromkeys((typed, core)):
            # A number with words around it is no place in the list: "ich bin 5".
            exact = None if recognition.position(said) is not None else recognition.exact(said, choices)
            if found := exact or recognition.near(said, choices) or recognition.within(said, choices, telling, idle):
                return found
        return self._also_called(core, choices)

    def _also_called(self, core: str, choices: Sequence[Choice]) -> Choice | None:
        """The one choice that organisers wrote another name of, or nearly that name."""
        aliases = [(option.id, alias) for option in self.options for alias in option.aliases]
        meant = {key for key, alias in aliases if core == recognition.fold_label(alias)} or {
            key
            for key, alias in aliases
            if len(core) < 2 * len(alias) and recognition.near(core, [Choice(key, alias)])  # what is longer is no typo
        }
        return next((choice for choice in choices if choice.key in meant), None) if len(meant) == 1 else None

    @staticmethod
    def _both(typed: str, choices: Sequence[Choice], t: Texts) -> Choice | None:
        """ "beides", where one of the options is that."""
        return next((one for one in choices if one.key == "both" and t.says("words.choice.both", typed)), None)

    @staticmethod
    def _agreed(typed: str, choices: Sequence[Choice], t: Texts) -> Choice | None:
        """The choice that is called just "Ja" or "Nein", by what people say instead of it."""
        agreed = yes_or_no(typed, t)
        return next((choice for choice in choices if agreed and choice.label == t(f"answer.{agreed}")), None)

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
        return yes_or_no(typed, t) or super().read(typed, t)

    def guess(self, typed: str, t: Texts) -> Value | None:
        if self.publishes and not set(t.words("words.hedges")).isdisjoint(recognition.fold(typed).split()):
            return None  # a permission is no "ja, glaube ich"
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


def yes_or_no(typed: str, t: Texts) -> str | None:
    """The answer "yes" or "no" that a whole message is, in any of the words for it."""
    return next((answer for answer in ("yes", "no") if t.says(f"words.{answer}", typed)), None)


def banded(typed: str, choices: Sequence[Choice], t: Texts) -> Choice | None:
    """The one group of figures ("60 bis 74 Jahre") that a typed figure lies in: "68", "ich bin 68 Jahre alt"."""
    words = recognition.fold(typed).split()
    figures = [word for word in words if word.isdecimal()]
    beside = {*t.words("words.choice.small"), *t.words("words.choice.years")}
    if len(figures) != 1 or recognition.signed(typed) or not beside.issuperset(set(words) - set(figures)):
        return None
    figure = int(figures[0])
    # A bare figure that is little more than the number of choices may have been meant as a place.
    if figure > OLDEST or (len(words) == 1 and figure <= 2 * len(choices)):
        return None
    bands = [(choice, _band(choice.label, t)) for choice in choices if choice.key != NO_ANSWER]
    if not all(band for _, band in bands):
        return None
    fitting = [choice for choice, band in bands if band and figure in band]
    return fitting[0] if len(fitting) == 1 else None


def _band(label: str, t: Texts) -> range | None:
    """The figures that a label such as "18 bis 29 Jahre", "unter 18" or "75 oder älter" stands for."""
    folded = recognition.fold_label(label)
    figures = [int(word) for word in folded.split() if word.isdecimal()]
    match figures:
        case [first, last]:
            return range(first, last + 1)
        case [only]:
            bounds = {"under": range(only), "up_to": range(only + 1), "from": range(only, OLDEST + 1)}
            said = [bound for name, bound in bounds.items() if recognition.has(folded, t.words(f"words.choice.{name}"))]
            return said[0] if len(said) == 1 else None
        case _:
            return None


def choice_misfit(typed: str, last: int, t: Texts) -> str:
    """What would fit where one of `last` numbered choices is awaited."""
    if last == 1:
        return t("misfit.only_one")
    if recognition.signed(typed):
        return t("misfit.signed", last=last)
    if recognition.position(typed) is not None:
        return t("misfit.out_of_range", last=last)
    return t("misfit.choice", last=last) if typed else t("misfit.empty_choice", last=last)
