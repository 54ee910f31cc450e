"""Decides what a question wants to know about the events: which of them, and when, where or whether."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.events import Event, over
from bot.core.reading.about import About
from bot.core.reading.ordinals import Ordinals
from bot.core.reading.places import Place
from bot.core.reading.premises import Premises
from bot.core.reading.question import Question
from bot.core.reading.reading import Intent, Premise, Reading, Scope, Span
from bot.core.reading.spans import Found
from bot.core.reading.vocabulary import Hit
from bot.core.reading.words import fold


@dataclass(frozen=True, slots=True)
class Evenings:
    """The events of a process seen at one moment, and a question about them."""

    question: Question
    events: tuple[Event, ...]
    now: datetime
    language: str

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

    @property
    def ordinals(self) -> Ordinals:
        """ "Der zweite Termin im Dezember" counts only those in December, "der zweite Mittwochstermin" those on one."""
        numbers = [*self.question.of("ordinal", "last")]
        months = [day for day in self.question.days if day.every is None and _is_month(day.span)]
        beside = any(_between(hit, day) <= 2 for hit in numbers for day in months)
        counted = {hit.end for hit in numbers}
        weekdays = {day.every for day in self.question.days if day.every is not None and day.start in counted}
        inside = tuple(event for event in self.events if not months or event.starts_at.date() in months[0].span)
        everywhere = Ordinals(self.question, self.events, self.now)
        if months and not beside and set(everywhere.named()) & set(inside):
            inside = self.events  # "Der dritte Termin ist im Dezember"
        inside = tuple(event for event in inside if not weekdays or event.starts_at.weekday() in weekdays)
        among = Ordinals(self.question, inside, self.now)
        return among if beside or any(among.named()) else everywhere

    # -- what is named

    def places(self) -> tuple[tuple[Event, ...], str]:
        """The events that are named by place or by number, and a place without an event."""
        question = self.question
        homes = [hit.end for hit in question.of("reside")]
        places = [place for place in question.places if not any(0 <= place.start - end <= 2 for end in homes)]
        ids = {name for place in places for name in place.events}
        ids |= {event.id for event in self.ordinals.named()}
        if not ids and len(question.kept) < len(question.clauses):
            whole = replace(self, question=replace(question, kept=frozenset(question.clauses)))
            ids = {event.id for event in whole.ordinals.named()}  # "Es geht um den fünften Termin. Wo ist der?"
        nowhere = next((place.name for place in places if not place.events), "")
        known = " ".join(fold(event.place) for event in self.events)
        strange = any(question.words[hit.start].text not in known for hit in question.of("building"))
        strange = strange and question.has("in") and question.has("confirm", "exist", "anything", "start", "event")
        if not ids and not nowhere and (strange or question.has("place_unknown") or question.strange_behind("town")):
            nowhere = "?"
        return tuple(event for event in self.events if event.id in ids), nowhere

    def of_kind(self) -> tuple[Event, ...]:
        """The events in a kind of building that is named: "die beiden Schulen"."""
        question = self.question
        hits = [hit for hit in question.of("venue") if not any(self._beside(hit, place) for place in question.places)]
        kinds = {hit.concept.partition(".")[2] for hit in hits}
        return tuple(event for event in self.events if any(kind in fold(event.place) for kind in kinds))

    def _beside(self, hit: Hit, place: Place) -> bool:
        """Whether a kind of building is part of a name: "in der Schule Bonhoeffer"."""
        near = 0 <= place.start - hit.end <= 1 or place.end == hit.start
        return near and self.question.clause(hit) == self.question.clause(place)

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

    def elsewhere(self, named: tuple[Event, ...]) -> bool:
        """ "Ist das in Döhren im Freizeitheim?": whether another building is named beside where the event is."""
        question = self.question
        known = {part for event in named for part in event.place.casefold().split()}
        kinds = {question.words[hit.start].text for hit in question.of("building")}
        other = any(not any(kind in word for word in known) for kind in kinds)
        strangers = any(not place.events for place in question.places)
        return (other or (strangers and question.has("in"))) and question.marked and not question.has("reside")

    # -- what is wanted

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

    def held(self, spans: Sequence[Span]) -> tuple[Span, list[Event]]:
        """The span that is meant, and the events in it that still matter to somebody who asks now."""
        today = self.now.astimezone(self.events[0].starts_at.tzinfo).date()
        main = spans[0]
        found = []
        for event in self.events:
            day = event.starts_at.date()
            inside = [span for span in spans if day in span]
            if not inside:
                continue
            short = (inside[0].last - inside[0].first).days <= 7
            gone = over(event, self.now) and (short or self.question.has("remaining", "exist", "more", "ahead"))
            if gone and inside[0].last >= today and not self.question.has("past"):
                continue
            if inside[0] is main.other and not self._open(main):
                # The other day that the words could mean counts only where the first has nothing.
                if not any(one.starts_at.date() in main for one in self.events):
                    found.append(event)
                continue
            found.append(event)
        return main, found

    @staticmethod
    def _open(span: Span) -> bool:
        """Whether speakers truly differ: "nächsten Mittwoch", said in the same week."""
        return span.said == "weekday" and span.other is not None

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

    def next(self) -> Reading:
        """The next event, or the one after it: "der übernächste Termin", "welcher kommt nach dem nächsten"."""
        question = self.question
        behind = {hit.end for hit in question.of("after_day")}
        second = question.has("after_next") or any(hit.start in behind for hit in question.of("next"))
        return self.reading("event_next", self.coming()[1:2] if second else self.coming()[:1])

    def coming(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if not over(event, self.now))

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

    # -- the reading

    def reading(  # noqa: PLR0913 - the fields of a reading
        self,
        intent: Intent,
        events: Iterable[Event],
        *,
        span: Span | None = None,
        scope: Scope = "",
        wrong_premise: Premise = "",
        confirmed: bool = False,
        nowhere: str = "",
    ) -> Reading:
        return Reading(
            intent=intent,
            language=self.language,
            events=tuple(events),
            span=span,
            scope=scope,
            wrong_premise=wrong_premise,
            confirmed=confirmed,
            nowhere=nowhere,
        )


def _is_month(span: Span) -> bool:
    return span.first.day == 1 and (span.last - span.first).days > 27


def _between(hit: Hit, day: Found) -> int:
    """How many words stand between a number and a day."""
    return max(day.start - hit.end, hit.start - day.end)


def bounds(events: Sequence[Event], opens: date, closes: date) -> tuple[date, date]:
    """The first and the last day on which something of the process happens."""
    days = [event.starts_at.date() for event in events]
    return min([opens, *days]), max([closes, *days])
