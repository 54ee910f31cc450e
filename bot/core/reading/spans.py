"""Joins the days that belong together: "Sonntag, 7.12.", "vom 1. bis 5.", "nach dem zweiten Advent"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.core.reading.reading import Span
from bot.core.reading.vocabulary import Hit
from bot.core.reading.words import Word

DAY = timedelta(days=1)
UNIT_DAYS = {"unit.day": 1, "unit.week": 7}
LONGEST_STAY = 6
"""Words behind "ab Montag" among which it may be said for how many days."""


@dataclass(frozen=True, slots=True)
class Found:
    """Days named by the words from `start` to `end` (exclusive). `every` is a weekday that returns, 0 for Monday.

    `loose` is a number that may be a day of the month or not; `closed` are days from one that was named to another.
    `weeks` is a day of which only is said in how many weeks it is, which may mean the week.
    `bound` is the concept by which the days are those before, until, from or after the ones named.
    """

    span: Span
    start: int
    end: int
    every: int | None = None
    loose: bool = False
    closed: bool = False
    bound: str = ""
    weeks: bool = False


class Surroundings:
    """What stands at, before and behind a word."""

    def __init__(self, words: Sequence[Word], hits: Sequence[Hit]) -> None:
        self._words = words
        self._hits = hits
        self._at: dict[int, list[Hit]] = {}
        self._until: dict[int, list[Hit]] = {}
        for hit in hits:
            self._at.setdefault(hit.start, []).append(hit)
            self._until.setdefault(hit.end, []).append(hit)

    def _concept(self, place: int, *names: str) -> Hit | None:
        """The hit of one of these concepts, or of a section of this name, that begins here."""
        for hit in self._at.get(place, ()):
            if hit.concept.partition(".")[0] in names:
                return hit
        return None

    def _numbered(self, place: int, section: str) -> Hit | None:
        for hit in self._at.get(place, ()):
            if hit.concept.startswith(section) and hit.concept[len(section) : len(section) + 1] == ".":
                return hit
        return None

    def _ends(self, place: int, name: str) -> Hit | None:
        """The hit of a concept that ends right before this place."""
        for hit in self._until.get(place, ()):
            if hit.concept == name:
                return hit
        return None


class Spans(Surroundings):
    """Days in the order of the words, joined and bounded. `last` is the last day that matters."""

    def __init__(self, words: Sequence[Word], hits: Sequence[Hit], today: date, last: date) -> None:
        super().__init__(words, hits)
        self._today = today
        self._last = last

    def together(self, found: list[Found]) -> list[Found]:
        """Those that belong together as one, and each with the "until" or "after" beside it."""
        return self._bounded(self._joined(found))

    def _joined(self, found: list[Found]) -> list[Found]:
        """ "Sonntag, 7.12." is one day, "Mittwoch nächster Woche" the Wednesday of that week, "1. bis 5." a range."""
        joined: list[Found] = []
        for one in found:
            before = joined[-1] if joined else None
            if before is None or one.start - before.end > 2:
                joined.append(one)
                continue
            both = self._both(before, one)
            if both:
                joined[-1] = both
            else:
                joined.append(one)
        return joined

    def _both(self, before: Found, one: Found) -> Found | None:
        start, end = before.start, one.end
        between = [hit.concept for place in range(before.end, one.start) for hit in self._at.get(place, ())]
        first, second = before.span, one.span
        if {"until", "to"} & set(between) and first.first <= second.last:
            return Found(Span(first.first, second.last), start, end, closed=True)
        if {"and", "or"} & set(between):
            ranged = any(self._ends(start - skipped, "between") for skipped in (0, 1, 2))
            if second.last < first.first and second.said == "weekday":
                second = Span(second.first + 7 * DAY, second.last + 7 * DAY)
            return Found(Span(first.first, second.last), start, end) if ranged else None
        if first.said == "weekday" and second.first == second.last and {"after_day", "before"} & set(between):
            sign = 1 if "after_day" in between else -1  # "Montag nach dem zweiten Advent"
            days = (sign * (first.first.weekday() - second.first.weekday()) - 1) % 7 + 1
            after = second.first + sign * days * DAY
            return Found(Span(after, after, "weekday"), start, end, closed=True)
        if first.said == "weekday" and second.said == "date":
            return replace(one, start=start)
        if first.said == "date" and second.said == "weekday":
            return replace(before, end=end)
        weeks = [item.span for item in (before, one) if (item.span.last - item.span.first).days == 6]
        weeks += [_week(first.first)] if before.weeks else []  # "in zwei Wochen am Montag"
        week = next(iter(weeks), None)
        if week and first.first != first.last and second == week and first.first in week and first.last in week:
            return replace(before, end=end)  # "zwischen Montag und Freitag nächster Woche"
        day = next((item.span for item in (before, one) if item.span.said == "weekday" and not item.weeks), None)
        if week and day:
            chosen = week.first + day.first.weekday() * DAY
            return Found(Span(chosen, chosen, "weekday"), start, end)
        relative = {first.said, second.said} & {"today", "tomorrow"}
        if relative and first.said != second.said:
            if (
                one.start == before.end
                and "weekday" in {first.said, second.said}
                and (abs((second.first - first.first).days) in {7, 14} or self._concept(one.start, "in_days"))
            ):
                later = max(first.first, second.first)  # "heute in einer Woche"
                return Found(Span(later, later, "weekday"), start, end)
            return replace(before if first.said in relative else one, start=start, end=end)
        if first.first <= second.first <= second.last <= first.last and first != second and second.said == "span":
            return replace(one, start=start)  # "im November am Anfang"
        if first.said == second.said == "weekday" and (second.first - self._today).days in {7, 14}:
            later = first.first + ((second.first - self._today).days if one.start == before.end else 0) * DAY
            return Found(Span(later, later, "weekday"), start, end)
        return None

    def _bounded(self, found: list[Found]) -> list[Found]:
        """ "bis Weihnachten", "ab Dezember", "nach dem 5.12.": the days up to it, or from it on."""
        bounded = []
        on_weekdays = any(one.every is None and one.span.said == "weekday" and not one.weeks for one in found)
        for one in found:
            span = one.span
            settled = one if one.closed and span.first == span.last else self._apart(one) or self._week_of(one)
            if settled:
                bounded.append(settled)
                continue
            for name, step in (("day_after", DAY), ("day_before", -DAY)):
                if span.first == span.last and any(self._ends(one.start - skipped, name) for skipped in (0, 1, 2)):
                    span = Span(span.first + step, span.last + step, "weekday")
            for name, step in (("day_after_behind", DAY), ("day_before_behind", -DAY)):
                if span.first == span.last and any(h.concept == name and h.start >= one.end for h in self._hits):
                    span = Span(span.first + step, span.last + step, "weekday")
            introduced = {
                name
                for place in range(one.start, max(-1, one.start - 3), -1)
                for name in ("until", "before", "from", "after_day")
                if (self._ends(place, name) and self._leads(place, one.start, name))
                or (place == one.start and self._concept(one.start, name))
            }
            last = self._last
            if span.first > self._today and (bound := self._bound_by_what_follows(one)):
                introduced = {bound}
            following = {
                name
                for name in ("until", "before", "from", "after_day")
                if self._concept(self._behind(one.end), f"{name}_behind")
            }
            introduced |= following
            bound = ""
            if "before" in introduced and span.first > self._today:
                bound, span = "before", Span(min(self._today, span.first), span.first - DAY)
            elif "until" in introduced and span.last > self._today:
                bound, span = "until", Span(min(self._today, span.first), span.last)
            elif "after_day" in introduced and span.last < last:
                bound, span = "after_day", Span(span.last + DAY, last)
            elif "from" in introduced and span.first < last and not one.closed:
                bound, span = "from", Span(span.first, self._for_days(one, span.first) or last)
            if one.weeks and span == one.span and not on_weekdays:
                span = Span(span.first, span.last, "span", _week(span.first))
            bounded.append(replace(one, span=span, bound=bound))
        return bounded

    def _leads(self, place: int, start: int, name: str) -> bool:
        """Whether the words between "nach" and the day belong to them: "nach dem Treffen am Mittwoch"."""
        if name == "from" and self._concept(place, "event", "events"):
            return False
        if self._words[place - 1].clause != self._words[start].clause:
            return False  # "Schauen Sie mal nach, ob am elften"
        return all(any(hit.start <= between < hit.end for hit in self._hits) for between in range(place, start))

    def _bound_by_what_follows(self, one: Found) -> str:
        """ "Im Dezember bin ich weg, was ist davor?"; not "davor und danach", and not the question before it."""
        behind = {hit.concept for hit in self._hits if hit.start >= one.end}
        beside = {hit.concept for hit in self._hits if self._words[hit.start].clause == self._words[one.start].clause}
        single = one.span.first == one.span.last
        if "until_then" in behind:
            return "before" if single else "until"
        if (
            "earlier" in behind
            and "afterwards" not in behind
            and (single or not beside & {"list", "exist", "anything"})
        ):
            return "before"
        return ""

    def _for_days(self, one: Found, first: date) -> date | None:
        """ "Ab Montag bin ich eine Woche da": the last day, where it is said how long."""
        units = (hit for place in range(one.end, one.end + LONGEST_STAY) for hit in self._at.get(place, ()))
        unit = next((hit for hit in units if hit.concept in UNIT_DAYS), None)
        if unit is None or unit.start == one.end:
            return None
        return first + (self._number_before(unit.start)[0] * UNIT_DAYS[unit.concept] - 1) * DAY

    def _behind(self, place: int) -> int:
        """What stands behind a day and the ending that an apostrophe cuts off: "Noel'e kadar"."""
        short = place < len(self._words) and self._words[place].kind == "word" and len(self._words[place].text) < 4
        return place + 1 if short and self._concept(place, "filler", "on_day_behind") else place

    def _apart(self, one: Found) -> Found | None:
        """ "drei Wochen vor Heiligabend", "zwei Tage nach dem 6.12.": so many days before or after the day."""
        for start in range(one.start, max(-1, one.start - 3), -1):
            for name, sign in (("before", -1), ("after_day", 1)):
                bound = self._ends(start, name)
                unit = (
                    next((h for h in self._until.get(bound.start, ()) if h.concept in UNIT_DAYS), None)
                    if bound
                    else None
                )
                if unit is None:
                    continue
                number, begin = self._number_before(unit.start)
                beside = one.span.first if sign < 0 else one.span.last
                if begin == unit.start and unit.concept == "unit.week":  # "in der Woche vor Nikolaus": the seven days
                    ends = (beside + sign * DAY, beside + sign * 7 * DAY)
                    return replace(one, span=Span(min(ends), max(ends)), start=begin, closed=True)
                day = beside + sign * number * UNIT_DAYS[unit.concept] * DAY
                return replace(one, span=Span(day, day, "weekday"), start=begin)
        return None

    def _week_of(self, one: Found) -> Found | None:
        """ "die Woche vom 8. Dezember": the whole week."""
        if one.span.first != one.span.last:
            return None
        week = next((hit for hit in self._until.get(one.start, ()) if hit.concept == "unit.week"), None)
        if week and one.span.said == "date" and not self._number_before(week.start)[1] < week.start:
            return replace(one, span=_week(one.span.first), start=week.start)
        behind = next((hit for hit in self._at.get(one.end, ()) if hit.concept == "unit.week_behind"), None)
        if behind:  # "8 Aralık haftası"
            return replace(one, span=_week(one.span.first), end=behind.end)
        for start in (one.start, one.start - 1):
            for hit in self._until.get(start, ()):
                week = next((h for h in self._until.get(hit.start, ()) if h.concept == "unit.week"), None)
                if week and hit.concept in {"of", "between", "on_day"}:
                    return replace(one, span=_week(one.span.first), start=week.start)
        return None

    def _number_before(self, place: int) -> tuple[int, int]:
        """The number that ends here and where it begins; 1 where there is none."""
        for hit in self._until.get(place, ()):
            if hit.concept.startswith("number.") and hit.concept[7:].isdigit():
                return int(hit.concept[7:]), hit.start
        if place and self._words[place - 1].kind == "number":
            return int(self._words[place - 1].text[:2]), place - 1
        return 1, place


def _week(day: date) -> Span:
    """The week that a day is in, from Monday on."""
    monday = day - day.weekday() * DAY
    return Span(monday, monday + 6 * DAY)
