"""Questions with several answers at once out of those that are numbered."""

from dataclasses import dataclass
from typing import ClassVar

from bot.core import recognition
from bot.core.conditions import Contains
from bot.core.questions.choice import NO_ANSWER, ChoiceQuestion
from bot.core.questions.own_words import own_words_of
from bot.core.questions.question import Question
from bot.core.texts import Texts
from bot.core.values import Missing, Value


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
