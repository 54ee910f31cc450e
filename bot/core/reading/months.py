"""Finds months and parts of them, and makes dates of figures, seen from the day on which it is asked."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from bot.core.reading.reading import Span
from bot.core.reading.spans import DAY, Found, Surroundings
from bot.core.reading.vocabulary import Hit
from bot.core.reading.words import Word

NEAR = timedelta(days=60)
"""How far around the process a date without a year is taken to belong to it."""


class Months(Surroundings):
    """The months in one question. `first` and `last` are the days between which the process happens."""

    def __init__(self, words: Sequence[Word], hits: Sequence[Hit], today: date, first: date, last: date) -> None:
        super().__init__(words, hits)
        self._today = today
        self._window = (first - NEAR, last + NEAR)

    def _part_of_month(self, place: int) -> Iterator[Found]:
        """die zweite Woche im Dezember · letzte Novemberwoche · erste Dezemberhälfte · erster Mittwoch im Dezember."""
        last = self._concept(place, "last")
        number, end = (-1, last.end) if last else self._number(place, ordinal=True)
        if not number or number > 5:
            return
        month: Hit | None = None
        unit: Hit | None = None
        for _ in range(4):
            step = self._numbered(end, "month") or self._unit(end) or self._concept(end, "of")
            if step is None or (month is not None and unit is not None):
                break
            month = step if step.concept.startswith("month.") else month
            unit = step if step == self._unit(end) else unit
            end = step.end
        if month is None or unit is None:
            return
        whole = self._month(int(key_of(month)), self._year_in_figures(end))
        if unit.concept == "half":
            middle = whole.first + 14 * DAY
            span = Span(whole.first, middle) if number == 1 else Span(middle + DAY, whole.last)
        elif unit.concept.startswith("weekday."):
            ahead = (int(key_of(unit)) - 1 - whole.first.weekday()) % 7
            day = whole.first + (ahead + 7 * (number - 1 if number > 0 else (whole.last.day - 1 - ahead) // 7)) * DAY
            span = Span(day, day, "weekday")
        else:
            inside = whole.last - 3 * DAY if number < 0 else whole.first + (7 * number - 4) * DAY
            monday = inside - inside.weekday() * DAY
            span = Span(monday, monday + 6 * DAY)
        yield Found(span, place, end)

    def _weeks_of_month(self, place: int) -> Iterator[Found]:
        """die ersten zwei Wochen im Dezember · the last two weeks of November."""
        first, last = self._concept(place, "ordinal"), self._concept(place, "last")
        bound = last or (first if first and key_of(first) == "1" else None)
        number, end = self._number(bound.end) if bound else (0, place)
        named = self._numbered(end, "month")  # "die ersten zwei Dezemberwochen"
        unit = self._numbered(named.end if named else end, "unit")
        if bound is None or unit is None or key_of(unit) != "week" or not 1 < number < 5:
            return
        for skipped in (0, 1, 2):
            if month := named or self._numbered(unit.end + skipped, "month"):
                end = max(month.end, unit.end)
                whole = self._month(int(key_of(month)), self._year_in_figures(end))
                days = (7 * number - 1) * DAY
                span = Span(whole.last - days, whole.last) if last else Span(whole.first, whole.first + days)
                yield Found(span, place, end)
                return
            if not self._concept(unit.end + skipped, "of", "in"):
                return

    def _unit(self, place: int) -> Hit | None:
        """What a month is divided into: a week, a half, a weekday."""
        week = next((hit for hit in self._at.get(place, ()) if hit.concept == "unit.week"), None)
        return week or self._concept(place, "half") or self._numbered(place, "weekday")

    def _part(self, key: str, hit: Hit) -> Iterator[Found]:
        ranged = 2 if self._concept(hit.end, "until", "to", "and") and self._concept(hit.end + 1, "part") else 0
        numbers = next((s for s in (0, 1) if self._number(hit.end + s, ordinal=True)[0]), 2)
        behind = (self._numbered(hit.end + skipped + ranged, "month") for skipped in range(numbers + 1))
        before = (one for one in self._until.get(hit.start, ()) if one.concept.startswith("month."))
        named = next((one for one in (*behind, *before) if one), None)
        relative = self._numbered(hit.end, "this_month")
        week = next((one for skipped in (0, 1) if (one := self._numbered(hit.end + skipped, "week"))), None)
        unit = self._numbered(hit.end + 1, "unit") if self._concept(hit.end, "of") else None
        week = week or (unit if unit and key_of(unit) == "week" else None)
        if week:
            ahead = int(key_of(week)) if week.concept.startswith("week.") else 0
            monday = self._today + (7 * ahead - self._today.weekday()) * DAY
            starts, ends_on = {"begin": (0, 1), "middle": (1, 3), "end": (3, 6)}[key]
            yield Found(Span(monday + starts * DAY, monday + ends_on * DAY), hit.start, week.end)
            return
        if named:
            year = self._year_in_figures(named.end)
            whole = self._month(int(key_of(named)), year)
            end = hit.end if ranged else max(hit.end, named.end)  # "Mitte bis Ende November"
        elif relative:
            first = (self._today.replace(day=1) + timedelta(days=31 * int(key_of(relative)))).replace(day=1)
            whole, end = Span(first, end_of(first)), relative.end
        else:
            return
        first = whole.first
        begins = {"begin": first, "middle": first + 10 * DAY, "end": first + 20 * DAY}[key]
        ends = {"begin": first + 9 * DAY, "middle": first + 19 * DAY, "end": whole.last}[key]
        yield Found(Span(begins, ends), hit.start, end)

    def _date(self, day: int, month: int, year: int) -> date | None:
        if year:
            return day_of(day, month, year)
        years = (self._today.year, self._today.year + 1, self._today.year - 1)
        made = [one for year in years if (one := day_of(day, month, year))]
        near = [one for one in made if self._window[0] <= one <= self._window[1]]
        later = [one for one in made if one >= self._today]
        return next(iter(near or later or made), None)

    def _month(self, month: int, year: int) -> Span:
        first = date(year, month, 1) if year else self._date(1, month, 0) or date(self._today.year, month, 1)
        return Span(first, end_of(first))

    def _number(self, place: int, *, ordinal: bool = False) -> tuple[int, int]:
        """A number in figures or in words and where it ends; 0 where there is none."""
        if place >= len(self._words):
            return 0, place
        word = self._words[place]
        if word.kind in {"number", "ordinal"} and len(word.text) < 5:
            return int(word.text), place + 1
        names = ("ordinal", "number") if ordinal else ("number",)
        units = self._numbered(place, "number")
        if units and self._concept(units.end, "and"):  # "sechs und zwanzigster"
            tens = next((hit for name in names if (hit := self._numbered(units.end + 1, name))), None)
            if tens and key_of(tens) in {"20", "30"} and 0 < int(key_of(units)) < 10:
                return int(key_of(units)) + int(key_of(tens)), tens.end
        for name in names:
            hit = self._numbered(place, name)
            if hit and key_of(hit).isdigit():
                return int(key_of(hit)), hit.end
        return 0, place

    def _year_in_figures(self, place: int) -> int:
        if place < len(self._words) and re.fullmatch(r"20\d\d", self._words[place].text):
            return int(self._words[place].text)
        return 0


def key_of(hit: Hit) -> str:
    return hit.concept.partition(".")[2]


def day_of(day: int, month: int, year: int) -> date | None:
    if not 1970 < year < 2200:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def end_of(first: date) -> date:
    return (first.replace(day=28) + 4 * DAY).replace(day=1) - DAY
