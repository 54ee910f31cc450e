"""Finds the days that a question names, in figures or in words, seen from the day on which it is asked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.core.reading.holidays import holidays
from bot.core.reading.months import Months, day_of, end_of, key_of
from bot.core.reading.reading import Said, Span
from bot.core.reading.spans import DAY, Found, Spans
from bot.core.reading.vocabulary import Hit
from bot.core.reading.words import Word

SHORT = 3
"""Words up to which an abbreviation is a weekday: "mi was?"."""

BEGINNING = (
    *("after", "calendar_week", "day", "every_weekday", "holiday", "in_days", "last", "month", "next", "number"),
    *("ordinal", "part", "this_month", "week", "weekday", "weekday_short", "weekend", "within", "year"),
)
"""Sections of which a word has to be one to begin a day."""


class Dates(Months):
    """The days in one question. `first` and `last` are those between which the process happens."""

    def __init__(self, words: Sequence[Word], hits: Sequence[Hit], today: date, first: date, last: date) -> None:
        super().__init__(words, hits, today, first, last)
        final = {hit.start for hit in hits if hit.concept == "last"}  # "Donnerstag ist doch der letzte"
        self._beginnings = {hit.start for hit in hits if hit.concept.partition(".")[0] in BEGINNING}
        self._past = any(hit.concept == "past" and hit.start not in final for hit in hits)

    def find(self) -> list[Found]:
        """All days named, in the order of the words, those that belong together joined."""
        found: list[Found] = []
        place = 0
        while place < len(self._words):
            one = next(self._readings(place), None)
            if one:
                found.append(one)
            place = one.end if one else place + 1
        return Spans(self._words, self._hits, self._today, self._window[1]).together(found)

    def _readings(self, place: int) -> Iterator[Found]:
        if self._words[place].kind == "word" and place not in self._beginnings:
            return  # most words begin no day
        yield from self._written(place)
        yield from self._weeks_of_month(place)
        yield from self._part_of_month(place)
        yield from self._day_of_month(place)
        yield from self._counted(place)
        yield from self._named(place)
        if year := self._year_in_figures(place):
            yield Found(Span(date(year, 1, 1), date(year, 12, 31)), place, place + 1)

    # -- figures

    def _written(self, place: int) -> Iterator[Found]:
        """3.12. · 03.12.2025 · 2025-12-03 · 3/12."""
        word = self._words[place]
        if word.kind != "date":
            return
        parts = [int(part) for part in re.split(r"[./-]", word.text) if part]
        if self._concept(place + 1, "clock") or len(parts) < 2:
            return
        if parts[0] > 31:
            year, month, day = parts[0], parts[1], parts[-1]
        else:
            day, month = parts[0], parts[1]
            year = parts[2] if len(parts) > 2 else self._year_in_figures(place + 1)
        if month > 12 >= day:
            day, month = month, day
        made = self._date(day, month, year + 2000 if 0 < year < 100 else year)
        if made:
            yield Found(Span(made, made, "date"), place, place + 1 + (len(parts) == 2 and year > 0))

    def _day_of_month(self, place: int) -> Iterator[Found]:
        """3. Dezember · 3rd of December · dritter Dezember · December 3 · am 26."""
        day, end = self._number(place, ordinal=True)
        month = self._numbered(place, "month")
        if month:
            number, after = self._number(month.end, ordinal=True)
            if not number and self._concept(month.end, "of"):
                number, after = self._number(month.end + 1, ordinal=True)
            if number and number <= 31 and not self._concept(after, "clock", "events"):
                yield from self._day(number, int(key_of(month)), place, after)
            return
        if not day or day > 31:
            return
        counting = self._ends(place, "article") and not self._ends(place, "on_day") and self._numbered(place, "number")
        for skipped in (0, 1, 2):
            month = self._numbered(end + skipped, "month")
            counts = self._concept(month.end, "event", "events", "evening") if month else None
            several = self._concept(month.end, "events") if month else None  # "die drei Dezemberabende"
            counted = self._numbered(place, "ordinal") or (several and self._numbered(place, "number"))
            if counts and counted and self._words[counts.start].clause == self._words[place].clause:
                return  # "der zweite Dezembertermin"
            if month:
                yield from self._day(day, int(key_of(month)), place, month.end)
                return
            if not self._concept(end + skipped, "of", "on_day_behind") or (
                counting and self._concept(end + skipped, "in")  # "die beiden im November"
            ):
                break
        if relative := self._of_a_month_from_now(day, place, end):
            yield relative
            return
        named = self._numbered(place, "ordinal") or self._numbered(end - 1, "ordinal")
        spoken = self._numbered(end, "ordinal") if named else None
        sure = day > 5 or self._ends(place, "on_calendar")
        if sure and spoken and key_of(spoken).isdigit() and int(key_of(spoken)) <= 12:  # "am dritten zwölften"
            yield from self._day(day, int(key_of(spoken)), place, spoken.end)
            return
        spelled = self._numbered(place, "ordinal") and self._behind_weekday(place)
        if month := self._month_shared(end):
            yield from self._day(day, int(key_of(month)), place, end)
            return
        behind = self._concept(end, "on_day_behind") or self._alone(day, end)
        introduced = self._ends(place, "on_calendar") or (day > 5 and self._ends(place, "on_day"))
        if self._words[place].kind in {"ordinal", "number"} or introduced or spelled or behind:
            yield from self._bare_day(day, place, end)

    def _of_a_month_from_now(self, day: int, place: int, end: int) -> Found | None:
        """ "am 13. nächsten Monats", "the 13th of next month"."""
        end += self._concept(end, "of") is not None
        month = self._numbered(end, "this_month")
        first = (self._today.replace(day=1) + timedelta(days=31 * int(key_of(month)))).replace(day=1) if month else None
        made = day_of(day, first.month, first.year) if first else None
        return Found(Span(made, made, "date"), place, month.end) if made and month else None

    def _month_shared(self, end: int) -> Hit | None:
        """The month that is said once for two days: "zwischen dem 25. und dem 28. Dezember"."""
        joint = self._concept(end, "and", "or", "until", "to")
        if not joint:
            return None
        after = next((a for s in (0, 1) for n, a in [self._number(joint.end + s, ordinal=True)] if n), 0)
        found = (self._numbered(after + skipped, "month") for skipped in (0, 1))
        return next((month for month in found if month), None) if after else None

    def _alone(self, day: int, end: int) -> bool:
        """ "Ósmego coś będzie?": whether a number that counts no event stands before "is there anything"."""
        asked = any(hit.concept in {"when", "where", "start"} for hit in self._hits)
        return day > 5 and not asked and self._concept(end, "exist", "anything") is not None

    def _behind_weekday(self, place: int) -> bool:
        """ "Mittwoch der 26."."""
        return any(self._numbered(place - skipped, "weekday") for skipped in (1, 2))

    def _bare_day(self, day: int, place: int, end: int) -> Iterator[Found]:
        """ "am 26.": the coming day of that number. Not "der 4. Termin" and not "um 18"."""
        behind = self._concept(end, "on_day_behind")
        introducing = ("on_day", "between", "until") if self._words[place].kind == "ordinal" else ("on_day", "between")
        introduced = any(self._ends(place, concept) for concept in introducing) or behind or self._alone(day, end)
        end = behind.end if behind else end
        if not (introduced or self._behind_weekday(place)) or self._concept(
            end, "event", "events", "evening", "evening_bare", "clock", "holiday", "calendar_week", "times"
        ):
            return
        if self._concept(end, "unit") and not self._concept(end, "of"):
            return
        if self._words[place].kind == "number" and self._ends(place, "at_time"):
            return
        months = [(self._today.replace(day=1) + timedelta(days=31 * step)).replace(day=1) for step in (-1, 0, 1, 2)]
        days = [made for month in months if (made := day_of(day, month.month, month.year))]
        coming = next((made for made in days if made >= self._today), None)
        past = next((made for made in reversed(days) if made < self._today), None)
        if past and self._past:
            yield Found(Span(past, past, "date"), place, end, loose=True)
        elif coming:
            other = Span(past, past, "date") if past else None
            yield Found(Span(coming, coming, "date", other), place, end, loose=True)

    def _day(self, day: int, month: int, start: int, end: int) -> Iterator[Found]:
        year = self._year_in_figures(end)
        made = self._date(day, month, year)
        if made:
            yield Found(Span(made, made, "date"), start, end + (year > 0))

    # -- words

    def _counted(self, place: int) -> Iterator[Found]:
        """in zwei Wochen · in 14 Tagen · 3 gün sonra · KW 47."""
        if hit := self._concept(place, "calendar_week"):
            number, end = self._number(hit.end)
            if 0 < number <= 53:
                yield self._week_of_year(number, place, end)
        number, after = self._number(place, ordinal=True)
        if number and number <= 53 and (hit := self._concept(after, "calendar_week")):
            yield self._week_of_year(number, place, hit.end)
        if hit := self._numbered(place, "after"):
            key = key_of(hit)  # "7_8": in eight days, counted from today or not; "14w": in two weeks
            first, *others = map(int, key.removesuffix("w").split("_"))
            made = replace(self._in_days(first, place, hit.end), weeks=key.endswith("w"))
            other = next((self._in_days(days, place, hit.end).span for days in others), None)
            yield replace(made, span=replace(made.span, other=other))
        introduced = self._concept(place, "in_days")
        start = introduced.end if introduced else place
        number, end = self._number(start)
        unit = self._numbered(end, "unit") if number and number < 100 else None
        ahead = self._concept(place, "next")
        if ahead and not unit:
            number, end = self._number(ahead.end)
            unit = self._numbered(end, "unit") if number and number < 100 else None
            if unit:
                days = {"day": 1, "week": 7, "month": 30}[key_of(unit)] * number
                yield Found(Span(self._today, self._today + days * DAY), place, unit.end)
        elif unit and (introduced or self._concept(unit.end, "later")):
            ends = unit.end if introduced else unit.end + 1
            days = {"day": 1, "week": 7, "month": 30}[key_of(unit)] * number
            if key_of(unit) == "month":
                middle = self._today + days * DAY
                yield Found(Span(middle - 10 * DAY, middle + 10 * DAY), place, ends)
            else:
                yield replace(self._in_days(days, place, ends), weeks=key_of(unit) == "week" and number > 1)

    def _in_days(self, days: int, start: int, end: int) -> Found:
        day = self._today + days * DAY
        return Found(Span(day, day, "weekday"), start, end)

    def _week_of_year(self, number: int, start: int, end: int) -> Found:
        weeks = [
            date.fromisocalendar(year, number, 1)
            for year in (self._today.year - 1, self._today.year, self._today.year + 1)
            if number < 53 or date(year, 12, 28).isocalendar().week == 53
        ]
        near = [monday for monday in weeks if self._window[0] <= monday <= self._window[1]]
        monday = (near or [day for day in weeks if day >= self._today - 6 * DAY] or weeks)[0]
        return Found(Span(monday, monday + 6 * DAY), start, end)

    def _named(self, place: int) -> Iterator[Found]:
        """heute · nächste Woche · Wochenende · Mittwoch · Mitte November · Nikolaus · dieses Jahr."""
        for hit in self._at.get(place, ()):
            section, _, key = hit.concept.partition(".")
            if section == "day":
                day = self._today + int(key) * DAY
                said: dict[str, Said] = {"0": "today", "1": "tomorrow"}
                yield Found(Span(day, day, said.get(key, "weekday")), hit.start, hit.end)
            elif section == "week":
                monday = self._today - self._today.weekday() * DAY
                weeks = [int(number) for number in key.split("_")]  # "0_1" are this one and the next
                span = Span(monday + 7 * weeks[0] * DAY, monday + (7 * weeks[-1] + 6) * DAY)
                yield Found(span, hit.start, hit.end)
            elif section == "within":
                yield Found(Span(self._today, self._today + int(key) * DAY), hit.start, hit.end)
            elif section == "weekend":
                saturday = self._today + (5 - self._today.weekday()) * DAY + int(key) * 7 * DAY
                first = max(saturday, self._today) if key == "0" else saturday
                yield Found(Span(first, saturday + DAY), hit.start, hit.end)
            elif section == "weekday" or (section == "weekday_short" and self._surely_weekday(hit)):
                yield self._weekday(int(key) - 1, hit)
            elif section == "every_weekday":
                yield Found(Span(*self._window), hit.start, hit.end, every=int(key) - 1)
            elif section == "part":
                yield from self._part(key, hit)
            elif section == "month" and not self._words[place].joined:  # "Ernst-August" is no month
                year = self._year_in_figures(hit.end)
                yield Found(self._month(int(key), year), hit.start, hit.end + (year > 0))
            elif section == "this_month":
                first = (self._today.replace(day=1) + timedelta(days=31 * int(key))).replace(day=1)
                yield Found(Span(first, end_of(first)), hit.start, hit.end)
            elif section == "year":
                year = self._today.year + int(key)
                yield Found(Span(date(year, 1, 1), date(year, 12, 31)), hit.start, hit.end)
            elif section == "holiday":
                yield from self._holiday(key, hit)

    def _surely_weekday(self, hit: Hit) -> bool:
        """ "mo + do", "mi abend": whether an abbreviation that may be another word is a weekday."""
        first = hit.start == 0 and len(self._words) <= SHORT
        dated = hit.end < len(self._words) and self._words[hit.end].kind in {"ordinal", "date"}
        if first or dated or self._concept(hit.end, "evening_bare", "evening", "afternoon"):
            return True
        if any(
            other.concept == "only" or other.concept.startswith("week.") for other in self._until.get(hit.start, ())
        ):
            return True
        skipped = 1 + (self._concept(hit.end, "and", "or") is not None)
        before = 1 + any(self._ends(hit.start, joint) for joint in ("and", "or"))
        beside = (*self._at.get(hit.end + skipped - 1, ()), *self._until.get(hit.start - before + 1, ()))
        return any(other.concept.partition(".")[0] in {"weekday", "weekday_short"} for other in beside)

    def _weekday(self, weekday: int, hit: Hit) -> Found:
        """The coming one; "nächsten" said in the same week leaves open which one is meant, so both are kept."""
        ahead = (weekday - self._today.weekday()) % 7
        coming = self._today + ahead * DAY
        start, end = hit.start, hit.end
        for before, concept in ((True, self._ends(start, "next")), (False, self._concept(end, "next"))):
            if concept:
                start, end = (concept.start, end) if before else (start, concept.end)
                following = coming + 7 * DAY
                if ahead == 0:
                    return Found(Span(following, following, "weekday"), start, end)
                surely = self._ends(hit.start, "coming") or self._concept(hit.end, "coming")
                this_week = self._today.weekday() + ahead <= 6 and not surely
                other = Span(following, following, "weekday") if this_week else None
                return Found(Span(coming, coming, "weekday", other), start, end)
        modifier = self._ends(start, "last") or self._concept(end, "last")
        if modifier or (self._past and ahead):
            modifier = modifier or hit
            past = coming - 7 * DAY
            return Found(Span(past, past, "weekday"), min(start, modifier.start), max(end, modifier.end))
        if modifier := self._ends(start, "after_next") or self._concept(end, "after_next"):
            later = coming + (7 if ahead + self._today.weekday() > 6 else 14) * DAY
            return Found(Span(later, later, "weekday"), min(start, modifier.start), max(end, modifier.end))
        other = Span(coming + 7 * DAY, coming + 7 * DAY, "weekday") if ahead == 0 else None
        return Found(Span(coming, coming, "weekday", other), start, end)

    def _holiday(self, key: str, hit: Hit) -> Iterator[Found]:
        years = (self._today.year - 1, self._today.year, self._today.year + 1)
        if key[0].isdigit():  # the same day in every year: "12-08"
            fixed = [date.fromisoformat(f"{year}-{key}") for year in years]
            spans = [(day, day) for day in fixed]
        else:
            spans = [holidays(year)[key] for year in years if key in holidays(year)]
        near = [span for span in spans if self._window[0] <= span[0] <= self._window[1]]
        later = [span for span in spans if span[1] >= self._today]
        if near or later:
            first, last = (near or later)[0]
            yield Found(Span(first, last, "date" if first == last else "span"), hit.start, hit.end)
