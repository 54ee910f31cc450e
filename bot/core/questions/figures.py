"""Questions answered with a number or a day, which people write in many ways."""

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from bot.core import recognition
from bot.core.questions.question import Question
from bot.core.texts import Texts
from bot.core.values import Missing, Value


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
