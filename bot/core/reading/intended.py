"""The reading of a question about the events once it is known what kind it is: which of them are meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from bot.core.events import Event
from bot.core.reading.evenings import Evenings
from bot.core.reading.ordinals import Ordinals
from bot.core.reading.premises import Premises
from bot.core.reading.question import Question
from bot.core.reading.reading import Intent, Premise, Reading, Span
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
LONG = timedelta(days=10)
"""A longer span, as a month, holds several events."""


@dataclass(frozen=True)
class Intended:
    """A question about the events at one moment."""

    evenings: Evenings

    def reading(self, intent: Intent) -> Reading | None:
        """The reading with this intent; None where the question does not name what that would need."""
        if Ordinals(self._question, self.evenings.events, self.evenings.now).beyond():
            return None
        if intent in {"event_when", "event_where"}:
            return self._named(intent)
        if self._nowhere and not self._events and not self._told_where(intent):
            return None
        if intent == "event_next":
            return self._next()
        if intent == "event_list":
            return self._list()
        return self._on_date()

    # -- what is named

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
        return intent != "event_on_date" and all(
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
        only = [day for day in wanted if self._wishes.only(day)]
        return tuple(only or wanted), tuple(unwanted)

    # -- what is wanted

    def _next(self) -> Reading:
        evenings = self.evenings
        wanted, unwanted = self._days
        behind = [event.starts_at.date() for event in self._left]
        behind += [day.span.last for day in unwanted if day.every is None]
        doubted = self._question.has("confirm") and not behind  # "Der nächste ist erst im Dezember, oder?"
        if doubted:
            return evenings.next()
        if not behind and self._question.has(*MOVING_ON, "left", "afterwards"):
            behind = [day.span.last for day in wanted if day.every is None and not day.bound]
        if behind:
            coming = [event for event in evenings.coming() if event not in self._left]
            after = [event for event in coming if event.starts_at.date() > max(behind)]
            return evenings.reading("event_next", (after or coming)[:1])
        spans = [
            day.span for day in wanted if day.every is None and (day.bound or day.span.last - day.span.first > LONG)
        ]
        if spans and spans[0].last >= evenings.now.date():
            found = [event for event in evenings.coming() if event.starts_at.date() in spans[0]]
            if not found and spans[0].first <= evenings.now.date():
                return evenings.next()
            return evenings.reading("event_next", found[:1], span=spans[0])
        return evenings.next()

    def _list(self) -> Reading | None:
        evenings = self.evenings
        question = self._question
        wanted, unwanted = self._days
        named = [event for event in self._events if event not in self._left]
        of_kind = evenings.of_kind()
        if wanted:
            found = [event for event in self._on(wanted) if event not in self._left and not _on_any(event, unwanted)]
            deadline = any(day.bound == "until" for day in wanted)
            if of_kind:
                found = [event for event in found if event in of_kind]
            if found or not deadline:
                return evenings.reading("event_list", found, span=wanted[0].span, scope="span")
        if self._left or unwanted:
            rest = [one for one in evenings.coming() if one not in self._left and not _on_any(one, unwanted)]
            return evenings.reading("event_list", rest, scope="coming")
        if of_kind:
            return evenings.reading("event_list", of_kind, scope="span")
        if len(named) > 1:
            return evenings.reading("event_list", named, scope="span")
        if counted := Ordinals(question, evenings.events, evenings.now).counted():
            return evenings.reading("event_list", counted[0], scope=counted[1])
        return self._whole()

    def _whole(self) -> Reading:
        """A list of no days or places: of what is past, of what is still to come, or of all."""
        evenings = self.evenings
        question = self._question
        coming = evenings.coming()
        if not coming and self._ended():
            return evenings.reading("event_list", (), scope="coming")
        if question.has("gone") and not question.has("all", "remaining", "more", "ahead"):
            past = [event for event in evenings.events if event not in coming]
            return evenings.reading("event_list", past, scope="past")
        if question.has("remaining", "ahead", "more"):
            return evenings.reading("event_list", coming, scope="coming")
        figures = {word.text for word in question.words if word.kind == "number"} | set(question.keys("number"))
        every = question.has("all") or not coming or str(len(evenings.events)) in figures
        return evenings.reading("event_list", evenings.events if every else coming, scope="all" if every else "coming")

    def _ended(self) -> bool:
        """Whether somebody asks if it is all over, or if there is more."""
        question = self._question
        if question.has("remaining", "more", "ahead", "comes", "others"):
            return not question.has("past_tense")
        return question.marked and question.has("past", "late") and not question.has("list", "when", "where", "request")

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
            return [event for event in inside if _on_any(event, frames)] or inside
        return evenings.held([day.span for day in days if day.every is None])[1]

    def _on_date(self) -> Reading | None:
        evenings = self.evenings
        wanted = self._days[0] or self._question.days
        spans = _spans(wanted)
        if spans:
            span, found = evenings.held(spans)
            return evenings.reading("event_on_date", found, span=span)
        if wanted:
            return evenings.reading("event_on_date", self._on(wanted), span=wanted[0].span)
        if self._question.has("now", "remaining", "late"):
            today = Span(evenings.now.date(), evenings.now.date(), "today")
            return evenings.reading("event_on_date", evenings.held([today])[1], span=today)
        return None

    def _named(self, intent: Intent) -> Reading | None:
        """When or where the events are that are named by place, number, kind of building or day."""
        evenings = self.evenings
        question = self._question
        wanted = self._days[0] or question.days
        spans = _spans(wanted)
        if intent == "event_where":
            spans = [span for span in spans if span.first == span.last] or spans
        on_days = evenings.held(spans)[1] if spans else self._on(wanted) if wanted else []
        kind = evenings.of_kind()
        if kind and not self._events and (wanted or not self._at_home()):
            there = [event for event in on_days if event in kind] or on_days if wanted else self._kind(kind)
            return evenings.reading(intent, there, span=spans[0] if spans else None)
        named = self._asked_for() or self._counted()
        if intent == "event_where" and on_days and (named or self._nowhere):
            both = [event for event in named if event in on_days]
            wrong: Premise = "" if both and not self._elsewhere(both) else "place"
            return evenings.reading(intent, both or on_days, wrong_premise=wrong, nowhere=self._nowhere)
        if named:
            premise = Premises(question).wrong(named)
            if not premise and intent == "event_where" and self._elsewhere(named):
                premise = "place"
            confirmed = Premises(question).confirmed(named, premise)
            return evenings.reading(intent, named, wrong_premise=premise, confirmed=confirmed)
        if self._nowhere and not on_days:
            return None
        if spans:
            span, found = evenings.held(spans)
            if len(found) > 1 and intent == "event_where" and question.has("start", "first_event"):
                found = found[:1]  # "Wo startet der Dezember?"
            missing = not found and intent == "event_where" and span.said == "date"
            return evenings.reading(intent, found, span=span, wrong_premise="date" if missing else "")
        if on_days:
            return evenings.reading(intent, on_days)
        if intent == "event_when" and question.has("next"):
            return evenings.next()
        if intent == "event_when" and (question.has("what_time", "always", "start") or question.times()):
            return evenings.reading(intent, evenings.events, scope="start")
        coming = evenings.coming()
        return evenings.reading(intent, coming[:1]) if coming and intent == "event_where" else None

    def _elsewhere(self, named: Sequence[Event]) -> bool:
        """Whether another building or part of the city is named than that of these events."""
        return bool(self._nowhere) or self.evenings.elsewhere(tuple(named))

    def _asked_for(self) -> tuple[Event, ...]:
        """The events that are named, without those that are left behind; those at home where no other is."""
        question = self._question
        left = {name for one in question.places if self._wishes.unwanted(one) for name in one.events}
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


def _spans(days: Iterable[Found]) -> list[Span]:
    return [one for day in days if day.every is None for one in (day.span, day.span.other) if one]


def _is_weekday(day: Found) -> bool:
    return day.every is None and day.span.said == "weekday" and not day.bound


def _on_any(event: Event, days: Iterable[Found]) -> bool:
    day = event.starts_at.date()
    return any(day in one.span if one.every is None else day.weekday() == one.every for one in days)
