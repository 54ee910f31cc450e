"""Which events a question names, and which of the days and places in it are wanted, left behind or only told of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bot.core.events import Event
from bot.core.reading.evenings import Evenings
from bot.core.reading.question import Question
from bot.core.reading.reading import Intent, Span
from bot.core.reading.spans import Found
from bot.core.reading.wishes import Wishes

MOVING_ON = ("missed", "after_day_behind", "except")
"""Concepts by which what is named is left behind: "Schützenplatz verpasst, und jetzt?"."""
ASKED = {
    "event_list": ("list", "events", "remaining", "ahead"),
    "event_next": ("next", "when", "event"),
    "event_on_date": ("exist", "anything", "event"),
}
"""Concepts of the clauses in which a place would be the one that is asked for."""


@dataclass(frozen=True)
class Meant:
    """What is meant by a question about the events at one moment."""

    evenings: Evenings

    @property
    def _question(self) -> Question:
        return self.evenings.question

    @cached_property
    def _places(self) -> tuple[tuple[Event, ...], str]:
        return self.evenings.places()

    @property
    def _events(self) -> tuple[Event, ...]:
        """The events that are named by place or by number."""
        return self._places[0]

    @property
    def _nowhere(self) -> str:
        return self._places[1]

    def _told_where(self, intent: Intent) -> bool:
        """Whether a place without an event is no place that is asked for: "Senioren aus Anderten"."""
        question = self._question
        if not question.places:
            if intent == "event_list" and question.has("all"):
                return True
            asking = {question.clause(day) for day in question.days if intent != "event_list"}
            asking |= {question.clause(hit) for hit in question.of(*ASKED[intent])}
            part = question.part(asking)
            return bool(asking) and not replace(self.evenings, question=part).places()[1]
        origins = {hit.end for hit in question.of("origin")}
        return all(
            place.start in origins or question.clause(place) not in question.kept or self._wishes.aside(place)
            for place in question.places
        )

    @cached_property
    def _wishes(self) -> Wishes:
        return Wishes(self._question)

    @cached_property
    def _left(self) -> tuple[Event, ...]:
        """The events that are named to be left behind: "Misburg war schön, und jetzt?"."""
        question = self._question
        places = [one for one in question.places if one.events]
        left = {name for one in places if self._wishes.unwanted(one) for name in one.events}
        numbers = [*question.of("ordinal", "first_event", "last_event")]
        if not left and (not numbers or any(self._wishes.unwanted(hit) for hit in numbers)) and self._moves_on():
            return self._events
        return tuple(event for event in self._events if event.id in left)

    def _moves_on(self) -> bool:
        question = self._question
        return question.has(*MOVING_ON, "afterwards", "after_day") or self._wishes.has("told")

    @cached_property
    def _days(self) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
        """The days that are wanted, and those that are not; what is only told and past is neither."""
        wanted, unwanted = [], []
        today = self.evenings.now.date()
        further = self._wishes.has("remaining", "more", "ahead", "afterwards", "others", "all")
        for day in self._question.days:
            gone = day.span.last < today or (further and day.span.first == day.span.last == today)
            if self._wishes.unwanted(day):
                unwanted.append(day)
            elif day.every is not None or not (gone and self._wishes.told(day)):
                wanted.append(day)
        if any(self._wishes.asked(day) for day in wanted):
            wanted = [day for day in wanted if self._wishes.asked(day) or not day.bound]
        wanted = _narrowed(wanted)
        only = [day for day in wanted if self._wishes.only(day)]
        chosen = only or wanted
        same = {(day.span, day.every) for day in chosen}
        return tuple(chosen), tuple(day for day in unwanted if (day.span, day.every) not in same)

    def _on(self, days: Sequence[Found]) -> list[Event]:
        """The events on these days. A weekday of which a list is wanted is one that returns."""
        evenings = self.evenings
        frames = [day for day in days if day.span.last > day.span.first and day.every is None]
        returning = {day.every for day in days if day.every is not None}
        if not self._question.has("next"):
            returning |= {day.span.first.weekday() for day in days if _is_weekday(day)}
        others = [day for day in days if day.every is None and day not in frames and not _is_weekday(day)]
        if returning and not others:
            inside = [event for event in evenings.coming() if event.starts_at.weekday() in returning]
            return [event for event in inside if on_any(event, frames)] or inside
        return evenings.held([day.span for day in days if day.every is None])[1]

    def _elsewhere(self, named: Sequence[Event]) -> bool:
        """Whether another building or part of the city is named than that of these events."""
        return bool(self._nowhere) or self.evenings.elsewhere(tuple(named))

    def _asked_for(self) -> tuple[Event, ...]:
        """The events that are named, without those that are left behind; those at home where no other is."""
        question = self._question
        places = [one for one in question.places if self._wishes.unwanted(one) or self._wishes.stated(one)]
        left = {name for one in places for name in one.events}
        named = tuple(event for event in self._events if event.id not in left) or self._events
        if question.has("or") and len(named) > 1:
            placed = [sum(event.id in one.events for one in question.places) for event in named]
            named = tuple(event for event, count in zip(named, placed, strict=True) if count == max(placed))
        kind = self.evenings.of_kind()
        if kind and question.has("others"):
            return tuple(event for event in kind if event not in named) or named
        if named:
            return tuple(event for event in named if event in kind) or named
        return self._at_home()

    def _believed(self) -> tuple[Event, ...]:
        """The event that somebody believes to be where another one is: "Das HSC liegt doch in der Elmstraße?"."""
        question = self._question
        places = [one for one in question.places if one.events]
        if len(places) != 2 or question.has("where", "when", "or", "and") or places[0].events & places[1].events:
            return ()
        inside = any(hit.end == places[1].start for hit in question.of("in"))
        return tuple(one for one in self.evenings.events if inside and one.id in places[0].events)

    def _counted(self) -> tuple[Event, ...]:
        """Those that are only counted: "die letzten zwei", "und das zweite?"."""
        ordinals = self.evenings.ordinals
        counted = ordinals.counted()
        return counted[0] if counted else ordinals.alone()

    def _kind(self, kind: tuple[Event, ...]) -> tuple[Event, ...]:
        """Of several in such a building, the one that is today."""
        today = self.evenings.now.date()
        return tuple(event for event in kind if event.starts_at.date() == today) or kind

    def _at_home(self) -> tuple[Event, ...]:
        """The events where somebody lives: "Ich wohne in der Elmstraße, wann kommt ihr zu uns?"."""
        at_home = {name for one in self._question.places for name in one.events}
        return tuple(event for event in self.evenings.events if event.id in at_home)


def _narrowed(days: list[Found]) -> list[Found]:
    """ "Am 13. ist mein einziger freier Abend im November": the day, where it lies in the only other span."""
    if len(days) != 2 or any(day.every is not None or day.bound for day in days):
        return days
    narrow, wide = sorted(days, key=lambda day: day.span.last - day.span.first)
    inside = narrow.span.first in wide.span and narrow.span.last in wide.span
    single = narrow.span.first == narrow.span.last < wide.span.last
    return [narrow] if inside and single else days


def spans_of(days: Iterable[Found]) -> list[Span]:
    return [one for day in days if day.every is None for one in (day.span, day.span.other) if one]


def _is_weekday(day: Found) -> bool:
    return day.every is None and day.span.said == "weekday" and not day.bound


def on_any(event: Event, days: Iterable[Found]) -> bool:
    day = event.starts_at.date()
    return any(day in one.span if one.every is None else day.weekday() == one.every for one in days)
