"""The reading of a question about the events once it is known what kind it is: which of them are meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.events import Event
from bot.core.reading.evenings import Evenings
from bot.core.reading.ordinals import Ordinals
from bot.core.reading.premises import Premises
from bot.core.reading.reading import Intent, Reading, Span

MOVING_ON = ("missed", "after_day", "after_day_behind", "except")
"""Concepts by which what is named is left behind: "Schützenplatz verpasst, und jetzt?"."""


A_WEEK = timedelta(days=6)
"""Shorter spans without an event are no wish for a list of it: "die Termine bitte bis Freitag"."""


@dataclass(frozen=True, slots=True)
class Intended:
    """A question about the events at one moment."""

    evenings: Evenings

    def reading(self, intent: Intent) -> Reading | None:
        """The reading with this intent; None where the question does not name what that would need."""
        evenings = self.evenings
        question = evenings.question
        named, nowhere = evenings.places()
        if nowhere or Ordinals(question, evenings.events, evenings.now).beyond():
            return None
        if intent == "event_next":
            return self._next(named)
        if intent == "event_list":
            return self._list(named)
        spans = [one for day in question.days if day.every is None for one in (day.span, day.span.other) if one]
        if intent == "event_on_date":
            if not spans:
                return None
            span, found = evenings.held(spans)
            return evenings.reading(intent, found, span=span)
        if intent in {"event_when", "event_where"}:
            return self._named(intent, named, spans)
        return None

    def _moves_on(self, named: Sequence[Event]) -> bool:
        """Whether what is named is left behind: "Misburg war schön, und jetzt?"."""
        question = self.evenings.question
        return question.has(*MOVING_ON) or (bool(named) and question.has("past", "afterwards"))

    def _next(self, named: Sequence[Event]) -> Reading:
        evenings = self.evenings
        question = evenings.question
        if not self._moves_on(named):
            return evenings.next()
        days = [event.starts_at.date() for event in named]
        days += [day.span.last for day in question.days if day.every is None]
        coming = [event for event in evenings.coming() if not days or event.starts_at.date() > max(days)]
        return evenings.reading("event_next", coming[:1])

    def _list(self, named: Sequence[Event]) -> Reading | None:
        evenings = self.evenings
        question = evenings.question
        if question.days:
            weekdays = {day.every for day in question.days if day.every is not None}
            if weekdays:
                found = [event for event in evenings.coming() if event.starts_at.weekday() in weekdays]
                return evenings.reading("event_list", found, span=question.days[0].span, scope="span")
            span, found = evenings.held([day.span for day in question.days])
            if not self._moves_on(named):
                if span.said == "weekday" and not question.has("next"):
                    found = [one for one in evenings.coming() if one.starts_at.weekday() == span.first.weekday()]
                if found or span.last - span.first > A_WEEK:
                    return evenings.reading("event_list", found, span=span, scope="span")
        if self._moves_on(named) and (named or question.days):
            rest = [event for event in evenings.coming() if event not in named and not evenings.on(event)]
            return evenings.reading("event_list", rest, scope="coming")
        if len(named) > 1:
            return evenings.reading("event_list", named, scope="span")
        coming = evenings.coming()
        if counted := Ordinals(question, evenings.events, evenings.now).counted():
            return evenings.reading("event_list", counted[0], scope=counted[1])
        if question.has("gone") and not question.has("all", "remaining", "more", "ahead"):
            past = [event for event in evenings.events if event not in coming]
            return evenings.reading("event_list", past, scope="past")
        if question.has("remaining", "ahead", "more"):
            return evenings.reading("event_list", coming, scope="coming")
        every = question.has("all") or not coming
        return evenings.reading("event_list", evenings.events if every else coming, scope="all" if every else "coming")

    def _named(self, intent: Intent, named: Sequence[Event], spans: Sequence[Span]) -> Reading | None:
        evenings = self.evenings
        if named:
            premise = Premises(evenings.question).wrong(named)
            confirmed = Premises(evenings.question).confirmed(named, premise)
            return evenings.reading(intent, named, wrong_premise=premise, confirmed=confirmed)
        if spans:
            span, found = evenings.held(spans)
            missing = not found and intent == "event_where" and span.said == "date"
            return evenings.reading(intent, found, span=span, wrong_premise="date" if missing else "")
        if intent == "event_when" and evenings.question.has("what_time", "always", "start"):
            return evenings.reading(intent, evenings.events, scope="start")
        coming = evenings.coming()
        return evenings.reading(intent, coming[:1]) if coming and intent == "event_where" else None
