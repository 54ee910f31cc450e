"""Questions answered in own words, also those that follow an option such as "Etwas anderes"."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from bot.core.conditions import And, Condition
from bot.core.questions.question import Question
from bot.core.texts import Texts
from bot.core.values import Missing, Value


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
