"""What is said, in the reader's language: texts of the content, the bot's own words, dates and numbers."""

import datetime as dt
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

from bot.core.recognition import bare, fold

Text = Mapping[str, str]
"""The same statement in every language of the process: language tag to words."""


class Texts:
    """The bot's own words in one language.

    `messages` maps a message id to its forms (one, or one per plural); `plural` picks the form for a count, as the
    header of the `.po` file says; `locale` is what dates and numbers are written in, such as `en_GB`.
    """

    def __init__(
        self, language: str, locale: str, messages: Mapping[str, tuple[str, ...]], plural: Callable[[int], int]
    ) -> None:
        self.language = language
        self._locale = locale
        self._messages = messages
        self._plural = plural
        self._words: dict[str, list[str]] = {}

    def __call__(self, name: str, /, **values: object) -> str:
        """The message called `name`, its placeholders filled. An unknown name is a mistake of ours: KeyError."""
        text = self._messages[name][0]
        return text.format(**values) if values else text

    def counted(self, name: str, count: int, /, **values: object) -> str:
        """The message called `name` in the plural form for `count`, which it may show as {count}."""
        forms = self._messages[name]
        form = forms[min(self._plural(count), len(forms) - 1)]
        return form.format(count=self.number(count), **values)

    def names(self) -> frozenset[str]:
        """The names of all messages."""
        return frozenset(self._messages)

    def of(self, text: Text) -> str:
        """The words of a content text in this language."""
        return text[self.language]

    def words(self, name: str) -> list[str]:
        """The comma-separated words of a message, as a person may type them, folded for comparing."""
        if name not in self._words:
            self._words[name] = [folded for word in self(name).split(",") if (folded := fold(word))]
        return self._words[name]

    def says(self, name: str, typed: str) -> bool:
        """Whether a typed message is one of the words of a message, said politely or not."""
        folded, words = fold(typed), self.words(name)
        return folded in words or bare(folded, self.words("words.please")) in words

    def number(self, value: float) -> str:
        """1000 as "1.000" or "1,000"."""
        if isinstance(value, int) and abs(value) < 1000:
            return str(value)
        return str(format_decimal(value, locale=self._locale))

    def decimal(self, value: float) -> str:
        """0.4 as "0,40" or "0.40": means are compared to two places."""
        return str(format_decimal(value, "#,##0.00", locale=self._locale))

    def date(self, day: dt.date) -> str:
        """A day with its weekday and year: "Mittwoch, 3. Dezember 2025"."""
        return str(format_date(day, self("format.date"), locale=self._locale))

    def short_date(self, day: dt.date) -> str:
        """A day without its weekday: "3. Dezember 2025"."""
        return str(format_date(day, self("format.short_date"), locale=self._locale))

    def weekday(self, day: dt.date) -> str:
        """The day of the week: "Mittwoch"."""
        return str(format_date(day, "EEEE", locale=self._locale))

    def instant(self, moment: dt.datetime, zone: ZoneInfo) -> str:
        """An instant as people of the zone say it: "Mittwoch, 3. Dezember 2025, 18:00 Uhr"."""
        local = moment.astimezone(zone)
        return self("format.instant", date=self.date(local.date()), time=local.strftime("%H:%M"))

    def month_names(self) -> dict[str, int]:
        """Folded names and short names of the months to 1..12."""
        names: dict[str, int] = {}
        for month in range(1, 13):
            for pattern in ("MMMM", "LLLL", "MMM", "LLL"):
                name = format_date(dt.date(2025, month, 1), pattern, locale=self._locale)
                names.setdefault(fold(str(name)), month)
        return names
