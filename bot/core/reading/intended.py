"""The reading of a question about the events once it is known what kind it is: which of them are meant."""

from dataclasses import dataclass
from datetime import timedelta

from bot.core.events import Event
from bot.core.reading.meant import MOVING_ON, Meant, on_any, spans_of
from bot.core.reading.ordinals import Ordinals
from bot.core.reading.places import Place
from bot.core.reading.premises import Premises
from bot.core.reading.reading import Intent, Premise, Reading, Span

LONG = timedelta(days=10)
"""A longer span, as a month, holds several events."""
HELD = ("event", "evening", "next")
"""Concepts that name what is held in a place."""


@dataclass(frozen=True)
class Intended(Meant):
    """The readings of a question about the events."""

    def reading(self, intent: Intent) -> Reading | None:
        """The reading with this intent; None where the question does not name what that would need."""
        if intent in {"event_when", "event_where"}:
            return self._named(intent)
        if self._nowhere and not self._events and not self._told_where(intent):
            return None
        if intent == "event_next":
            return self._next()
        if intent == "event_list":
            return self._list()
        return self._on_date()

    # -- what is wanted

    def _next(self) -> Reading:
        evenings = self.evenings
        wanted, unwanted = self._days
        behind = [event.starts_at.date() for event in self._left]
        behind += [day.span.last for day in unwanted if day.every is None]
        doubted = self._question.has("confirm") and not behind  # "Der nächste ist erst im Dezember, oder?"
        if doubted:
            return evenings.next()
        if there := self._held_there():
            return evenings.reading("event_when", there)
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

    def _held_there(self) -> tuple[Event, ...]:
        """What is asked for by its place: "die nächste Veranstaltung in Misburg" may be the fourth."""
        named = {name for place in self._question.places if self._tied(place) for name in place.events}
        return tuple(event for event in self._events if event.id in named and event not in self._left)

    def _tied(self, place: Place) -> bool:
        """Whether a place stands right behind what is asked for, or before it: "der nächste in Misburg"."""
        question = self._question
        ways_in, start = question.of("in"), place.start
        while way := next((hit for hit in ways_in if hit.end == start), None):  # "in der Nähe von"
            start = way.start
        if start < place.start:
            return start in {hit.end for hit in question.of(*HELD, "comes", "you")}
        behind = {hit.start: hit.end for hit in question.of("in_behind")}.get(place.end, place.end)
        return behind in {hit.start for hit in question.of(*HELD)}

    def _list(self) -> Reading | None:
        evenings = self.evenings
        question = self._question
        wanted, unwanted = self._days
        named = [event for event in self._events if event not in self._left]
        of_kind = evenings.of_kind()
        if wanted:
            found = [event for event in self._on(wanted) if event not in self._left and not on_any(event, unwanted)]
            deadline = any(day.bound == "until" for day in wanted)
            if of_kind:
                found = [event for event in found if event in of_kind]
            if found or not deadline:
                return evenings.reading("event_list", found, span=wanted[0].span, scope="span")
        if self._left or unwanted:
            rest = [one for one in evenings.coming() if one not in self._left and not on_any(one, unwanted)]
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
        every = not coming or self._all_of_them()
        return evenings.reading("event_list", evenings.events if every else coming, scope="all" if every else "coming")

    def _all_of_them(self) -> bool:
        """ "Alle", "die fünf": whether every event is meant, in a word or by how many there are."""
        question = self._question
        figures = {word.text for word in question.words if word.kind == "number"} | set(question.keys("number"))
        return question.has("all") or str(len(self.evenings.events)) in figures

    def _ended(self) -> bool:
        """Whether somebody asks if it is all over, or if there is more."""
        question = self._question
        if question.has("remaining", "more", "ahead", "comes", "others"):
            return not question.has("past_tense") or question.has("or")
        asks = question.has("list", "when", "where", "request")
        return question.has("past", "late", "missed") and not asks and (question.marked or not question.told)

    def _on_date(self) -> Reading | None:
        evenings = self.evenings
        wanted = self._days[0] or self._question.days
        coming = [day for day in wanted if day.span.last >= evenings.now.date()]
        spans = spans_of(coming or wanted)  # "heute noch etwas oder war es gestern"
        if spans:
            span, found = evenings.held(spans)
            frame = next((one for one in spans if one.last - one.first > LONG), None)
            weekdays = {one.first.weekday() for one in spans if one.said == "weekday"}
            if frame and weekdays:  # "Samstag oder Sonntag irgendwann bis zum Jahresende"
                found = [one for one in found if one.starts_at.weekday() in weekdays and one.starts_at.date() in frame]
            return evenings.reading("event_on_date", found, span=span)
        if wanted:
            return evenings.reading("event_on_date", self._on(wanted), span=wanted[0].span)
        if self._question.has("now", "remaining", "late"):
            today = Span(evenings.now.date(), evenings.now.date(), "today")
            found = [event for event in evenings.coming() if event.starts_at.date() in today]
            return evenings.reading("event_on_date", found, span=today)
        return None

    def _named(self, intent: Intent) -> Reading | None:
        """When or where the events are that are named by place, number, kind of building or day."""
        evenings = self.evenings
        question = self._question
        wanted = self._days[0] or question.days
        spans = spans_of(wanted)
        if intent == "event_where":
            second = [span.other for span in spans if span.first == span.last]
            spans = [span for span in spans if span.first == span.last or span in second] or spans
        on_days = evenings.held(spans)[1] if spans else self._on(wanted) if wanted else []
        kind = evenings.of_kind()
        if kind and not self._events and (wanted or not self._at_home()):
            there = [event for event in on_days if event in kind] or on_days if wanted else self._kind(kind)
            return evenings.reading(intent, there, span=spans[0] if spans else None)
        named = self._asked_for() or self._counted()
        if intent == "event_where" and (subject := self._believed()):
            return evenings.reading(intent, subject, wrong_premise="place")
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
        return evenings.reading(intent, on_days) if on_days else self._of_no_name(intent)

    def _of_no_name(self, intent: Intent) -> Reading | None:
        """When or where, and nothing that says of which event."""
        evenings = self.evenings
        question = self._question
        if intent == "event_when" and question.has("next"):
            return evenings.next()
        if intent == "event_when" and (question.has("what_time", "always", "start") or question.times()):
            return evenings.reading(intent, evenings.events, scope="start")
        coming = evenings.coming()
        if question.has("always") or self._all_of_them():
            return evenings.reading(intent, coming or evenings.events)
        return evenings.reading(intent, coming[:1]) if coming and intent == "event_where" else None
