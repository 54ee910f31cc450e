"""Decides by rules what a question wants to know about the events: which of them, and when, where or whether."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.events import Event
from bot.core.reading.about import About
from bot.core.reading.evenings import Evenings
from bot.core.reading.ordinals import Ordinals
from bot.core.reading.premises import Premises
from bot.core.reading.reading import Intent, Premise, Reading


@dataclass(frozen=True, slots=True)
class Wanted(Evenings):
    """The rules for questions about the events of a process."""

    def read(self) -> Reading | None:
        """What is asked about the events; None where it is not about them."""
        question = self.question
        named, nowhere = self.places()
        asked = question.has("when", "where", "event", "events", "exist", "start", "confirm", "next", "list", "late")
        if Ordinals(question, self.events, self.now).beyond():
            return Reading(intent="unknown", language=self.language)
        if moved := self._moved_on(named):
            return moved
        if (named or question.days) and question.has("except") and self._excepted():
            rest = [event for event in self.coming() if event not in named and not self.on(event)]
            return self.reading("event_list", rest, scope="coming")
        if nowhere and not named:
            return self._at_nowhere(nowhere)
        event = question.has("event", "events", "evening")
        if question.has("who_else") and not event and not question.has("when", "where"):
            return None
        allowed = 3 if event else 0 if question.told else 1
        meant = (asked or question.strange() == 0) and (event or not question.told)
        if named and meant and question.strange() <= allowed:
            return self._of_named(named)
        if named:
            return None
        about = About(question)
        if question.days and about.events(strong=4):
            return self._on_days()
        if not question.days and about.events(strong=3):
            return self._of_all()
        return None

    def _excepted(self) -> bool:
        """ "Alle außer Misburg": whether the place or the day that is named is the one that is not wanted."""
        question = self.question
        ends = {hit.end for hit in question.of("except")}
        starts = [*(one.start for one in question.places), *(one.start for one in question.days)]
        return question.has("list", "all", "events", "remaining") and any(
            0 <= start - end <= 2 for start in starts for end in ends
        )

    def on(self, event: Event) -> bool:
        """Whether an event is on a day that is named."""
        day = event.starts_at.date()
        return any(day in one.span if one.every is None else day.weekday() == one.every for one in self.question.days)

    def _of_named(self, named: tuple[Event, ...]) -> Reading | None:
        question = self.question
        if question.has("office") and not question.has("event", "evening", "events", "start") and not question.days:
            return None
        premise = Premises(question).wrong(named)
        if not premise and len(named) == 1 and not question.has("when", "start") and self.elsewhere(named):
            return self.reading("event_where", named, wrong_premise="place")
        days = [day for day in question.days if day.every is None]
        asked = question.has("when", "start", "what_time", "exist", "anything")
        # "Ist das heute wirklich im Bürgerhaus?" doubts the place: it comes last.
        doubted = not asked and not question.times() and question.has("confirm") and not premise
        doubted = doubted and bool(days and question.places) and question.places[-1].start >= days[-1].end
        doubted = doubted and any(hit.end == question.places[-1].start for hit in question.of("in"))
        where = (question.has("where") and not question.has("when")) or doubted
        certain = question.has("exist") or (question.has("anything") and not question.strange())
        whether = certain and days and question.places and not premise and not question.has("when", "start")
        intent: Intent = "event_where" if where else "event_on_date" if whether else "event_when"
        return self.reading(
            intent, named, wrong_premise=premise, confirmed=Premises(self.question).confirmed(named, premise)
        )

    def _moved_on(self, named: Sequence[Event]) -> Reading | None:
        """ "Schützenplatz verpasst. Nächster?": what is named is over or missed, and what comes after it is wanted."""
        question = self.question
        told = {question.clause(hit) for hit in question.of("missed", "past")}
        told |= {question.clause(place) for place in question.places} | {question.clause(day) for day in question.days}
        asking = {question.clause(hit) for hit in question.of("next", "more", "remaining", "afterwards")} - told
        starts = [place.start for place in question.places if place.events]
        starts += [hit.start for hit in question.of("first_event", "ordinal", "last_event")]
        begins = any(hit.start == 0 for hit in question.of("and", "after_day"))
        brief = begins and question.marked and question.length() <= 6  # "Und nach Misburg?"
        follows = any(
            0 <= start - hit.end <= 1 and (question.has("comes", "next", "more", "remaining", "ahead") or brief)
            for hit in question.of("after_day")
            for start in starts
        ) and not question.has("person")
        follows = follows or any(
            0 <= hit.start - place.end <= 1 for hit in question.of("after_day_behind") for place in question.places
        )
        about = named or question.has("event", "events", "evening") or (question.length() <= 12 and not question.told)
        if not follows and not (
            asking
            and about
            and question.strange() <= 1
            and (question.has("missed", "past") or (question.has("afterwards") and question.has("comes")))
        ):
            return None
        if not follows and any(question.clause(hit) not in asking for hit in question.of("when", "where")):
            return None
        missed = [day.span.last for day in question.days if day.span.first == day.span.last]
        missed += [event.starts_at.date() for event in named]
        coming = [event for event in self.coming() if not missed or event.starts_at.date() > max(missed)]
        whole = question.has("all") and question.has("list", "ahead")
        several = question.has("remaining", "events", "all") and not question.has("next", "more")
        if whole or (several and not (follows and brief)):
            rest = [event for event in self.coming() if event not in named and not self.on(event)]
            return self.reading("event_list", rest, scope="coming")
        if (
            question.has("list")
            and question.has("remaining", "ahead")
            and not question.has("next", "more", "afterwards")
        ):
            return self.reading("event_list", coming, scope="coming")
        return self.reading("event_next", coming[:1])

    def _on_days(self) -> Reading | None:
        question = self.question
        if self._told_before():
            return self.next()
        span = question.days[0].span
        if any(day.every is not None for day in question.days) or self._every():
            single = {day.span.first.weekday() for day in question.days if day.span.said == "weekday"}
            days = {day.every for day in question.days if day.every is not None} | single
            bounds = [day.span for day in question.days if day.every is None and day.span.said == "span"]
            found = [
                event
                for event in self.coming()
                if event.starts_at.weekday() in days and all(event.starts_at.date() in one for one in bounds)
            ]
            if self._next_asked() and not question.has("events", "list", "all"):
                return self.reading("event_next", found[:1], span=span)
            return self.reading("event_list", found, span=span, scope="span")
        spans = [one for day in question.days for one in (day.span, day.span.other) if one is not None]
        span, found = self.held(spans)
        if len(found) == 1 and not question.has("when", "start") and self.elsewhere(tuple(found)):
            return self.reading("event_where", found, span=span, wrong_premise="place")
        one_day = span.first == span.last
        if question.has("where") and not question.has("when") and (one_day or not question.has("events", "list")):
            premise: Premise = "" if found or span.said != "date" else "date"
            return self.reading("event_where", found, span=span, wrong_premise=premise)
        several = (span.last - span.first).days > 10
        if found and several and question.has("start") and question.times():
            return self.reading("event_when", found, span=span, wrong_premise=Premises(self.question).wrong_time(found))
        if self._next_asked() and several and not question.has("events", "list", "all"):
            return self.reading("event_next", found[:1], span=span)
        if several or (question.has("list", "events", "all") and span.last != span.first):
            return self.reading("event_list", found, span=span, scope="span")
        if question.has("start", "when") and not question.has("exist", "anything") and found:
            premise = Premises(self.question).wrong(tuple(found))
            confirmed = Premises(self.question).confirmed(found, premise)
            return self.reading("event_when", found, span=span, wrong_premise=premise, confirmed=confirmed)
        return self.reading("event_on_date", found, span=span)

    def _next_asked(self) -> bool:
        """Whether "next" means an event, and not "next Wednesday"."""
        days = self.question.days
        return any(not any(day.start <= hit.start < day.end for day in days) for hit in self.question.of("next"))

    def _told_before(self) -> bool:
        """ "Ich habe erst heute davon gehört. Wann ist der nächste Termin?": the day belongs to what is told."""
        question = self.question
        days = {question.clause(day) for day in question.days}
        asking = {question.clause(hit) for hit in question.of("next", "when", "where", "exist", "anything")}
        following = {question.clause(hit) for hit in question.of("next")} if self._next_asked() else set()
        return bool(following - days) and not days & (asking - following)

    def _every(self) -> bool:
        """Whether a weekday is meant as one that returns: "welche Termine sind an einem Mittwoch"."""
        question = self.question
        return (
            all(day.span.said == "weekday" for day in question.days) and question.has("events") and question.has("list")
        )

    def _of_all(self) -> Reading | None:
        question = self.question
        if counted := self.ordinals.counted():
            return self.reading("event_list", counted[0], scope=counted[1])
        coming = self.coming()
        plural = question.has("events", "list", "all")
        if question.has("next", "after_next") and not question.has("events"):
            return self.next()
        if question.has("more") and not plural:
            return self.next()
        hour = question.has("what_time") or sum(map(bool, About(question).hourly())) > 1
        asked_where = question.has("where") and not question.has("always")
        if hour and not question.has("next", "remaining") and not asked_where:
            return self.reading("event_when", self.events, scope="start")
        if question.has("gone") and plural and not question.has("all", "remaining", "more", "ahead"):
            past = [event for event in self.events if event not in coming]
            return self.reading("event_list", past, scope="past")
        if question.has("remaining", "ahead", "more"):
            return self.reading("event_list", coming, scope="coming")
        brief = question.length() <= (3 if question.told else 6)
        if plural:
            every = question.has("all") or len(coming) == len(self.events) or not coming
            return self.reading("event_list", self.events if every else coming, scope="all" if every else "coming")
        wanted = ("event", "evening", "start", "go", "afterwards", "exist", "more", "comes", "you")
        if question.has(*wanted) and question.has("when", "where", "start"):
            return self.next()
        if question.has("late") or (question.has("start") and brief):
            return self.next()
        if question.has("event", "ahead") and question.strange() == 0 and brief:
            every = not coming
            return self.reading("event_list", self.events if every else coming, scope="all" if every else "coming")
        return None

    def _at_nowhere(self, nowhere: str) -> Reading | None:
        """A place where no event is: the day may still name one, in another building."""
        question = self.question
        spans = [day.span for day in question.days if day.every is None and day.span.first == day.span.last]
        found = self.held(spans)[1] if spans else []
        if found and (question.marked or question.has("where", "confirm", "event", "evening")):
            return self.reading("event_where", found, span=spans[0], wrong_premise="place", nowhere=nowhere)
        about = question.has(
            "event", "events", "evening", "exist", "anything", "when", "where", "start", "confirm", "list", "go"
        )
        if about and question.strange() <= 4 and not question.has("office"):
            span = spans[0] if spans else None
            return Reading(intent="unknown", language=self.language, nowhere=nowhere, span=span)
        return None
