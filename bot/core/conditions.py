"""When a question is asked: conditions on earlier answers.

`holds(answers, still_open)` is True or False, or None while it hangs on a question in `still_open`: one that may yet
be asked. Without `still_open` a question that has no answer simply meets no condition.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.core.values import Missing, Value

Answers = Mapping[str, Value]


class Condition(Protocol):
    """Something that earlier answers meet or do not meet."""

    def holds(self, answers: Answers, still_open: Collection[str] = ()) -> bool | None: ...

    def questions(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        """The questions looked at, each with the option ids that are compared."""
        ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """The answer is one of these option ids; with one id this is "equals"."""

    question: str
    options: tuple[str, ...]

    def holds(self, answers: Answers, still_open: Collection[str] = ()) -> bool | None:
        if self.question in answers:
            value = answers[self.question]
            return (value.value if isinstance(value, Missing) else value) in self.options
        return None if self.question in still_open else False

    def questions(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        return [(self.question, self.options)]


@dataclass(frozen=True, slots=True)
class Contains:
    """A several-choice answer has this option among its choices."""

    question: str
    option: str

    def holds(self, answers: Answers, still_open: Collection[str] = ()) -> bool | None:
        if self.question in answers:
            value = answers[self.question]
            return isinstance(value, tuple) and self.option in value
        return None if self.question in still_open else False

    def questions(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        return [(self.question, (self.option,))]


@dataclass(frozen=True, slots=True)
class Answered:
    """The question has an answer of substance: neither skipped nor "weiß nicht"."""

    question: str

    def holds(self, answers: Answers, still_open: Collection[str] = ()) -> bool | None:
        if self.question in answers:
            return not isinstance(answers[self.question], Missing)
        return None if self.question in still_open else False

    def questions(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        return [(self.question, ())]


@dataclass(frozen=True, slots=True)
class And:
    """Every one of them holds."""

    conditions: tuple[Condition, ...]

    def holds(self, answers: Answers, still_open: Collection[str] = ()) -> bool | None:
        found = [condition.holds(answers, still_open) for condition in self.conditions]
        return False if False in found else None if None in found else True

    def questions(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        return [looked_at for condition in self.conditions for looked_at in condition.questions()]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them holds."""

    conditions: tuple[Condition, ...]

    def holds(self, answers: Answers, still_open: Collection[str] = ()) -> bool | None:
        found = [condition.holds(answers, still_open) for condition in self.conditions]
        return True if True in found else None if None in found else False

    def questions(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        return [looked_at for condition in self.conditions for looked_at in condition.questions()]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite holds."""

    condition: Condition

    def holds(self, answers: Answers, still_open: Collection[str] = ()) -> bool | None:
        found = self.condition.holds(answers, still_open)
        return None if found is None else not found

    def questions(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        return self.condition.questions()
