"""Questions with several answers at once out of those that are numbered."""

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

from bot.core import recognition
from bot.core.conditions import Contains
from bot.core.questions.choice import NO_ANSWER, ChoiceQuestion
from bot.core.questions.own_words import own_words_of
from bot.core.questions.question import Question
from bot.core.texts import Texts
from bot.core.values import Missing, Value

BOTH = 2
"""Options of which "beides" can be said."""


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

    def chosen(self, key: str, t: Texts) -> Value | None:
        value = super().chosen(key, t)
        return (value,) if isinstance(value, str) and not isinstance(value, Missing) else value

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
        """The option ids that a message means; None where it is not clear which."""
        named = self._named(typed, t, guess=guess)
        return self._all_but(typed, t) if named is None and guess else named

    def _named(self, typed: str, t: Texts, *, guess: bool) -> set[str] | None:
        """The option ids meant by every part of the message; None where a part means none or several."""
        choices = self.choices(t)
        # A label may itself contain a comma or an "und": the whole message first, then its parts.
        whole = recognition.exact(typed, choices) or (self._near(typed, choices, t) if guess else None)
        if whole:
            return {whole.key}
        meant: set[str] = set()
        beside = {*t.words("words.please"), *t.words("words.choice.small")}
        for part in recognition.parts(typed):
            if guess and recognition.fold(part) in beside:  # "mit Termin, bitte"
                continue
            choice = recognition.exact(part, choices) or (self._near(part, choices, t) if guess else None)
            span = recognition.span(part) if guess and choice is None else None
            if span and span[0] >= 1 and span[-1] <= len(choices):
                meant.update(choices[position - 1].key for position in span)
            elif choice is None:
                return self._together(typed, t) if guess else None
            else:
                meant.add(choice.key)
        return meant or (self._together(typed, t) if guess else None)

    def _together(self, typed: str, t: Texts) -> set[str] | None:
        """What one expression names: "die ersten beiden", "beides", "alle"."""
        folded, named = recognition.fold(typed), [option.id for option in self.options if not option.own_words]
        for name, count in (("words.choice.first_two", 2), ("words.choice.first_three", 3)):
            if folded in t.words(name):
                return {option.id for option in self.options[:count]}
        if folded in t.words("words.choice.both"):
            return set(named) if len(named) == BOTH else None
        return self._all(t) if folded in t.words("words.choice.all") else None

    def _all_but(self, typed: str, t: Texts) -> set[str] | None:
        """ "alle außer 3", "nur 1"."""
        excepted = [" ".join(pair) for pair in product(t.words("words.choice.all"), t.words("words.choice.except"))]
        if (rest := recognition.behind(typed, excepted)) and (everything := self._all(t)):
            less = self._named(rest, t, guess=True)
            return everything - less if less and NO_ANSWER not in less else None
        only = recognition.behind(typed, t.words("words.choice.only"))
        return self._named(only, t, guess=True) if only else None

    def _all(self, t: Texts) -> set[str] | None:
        """Every option that names something; None where one of them says no to the others ("Keine Unterstützung")."""
        named = [option for option in self.options if not option.own_words]
        against = set(t.words("words.negations"))
        if any(against.intersection(recognition.fold_label(t.of(option.label)).split()) for option in named):
            return None
        return {option.id for option in named}
