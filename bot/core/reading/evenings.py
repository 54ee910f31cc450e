"""The events as somebody sees them who asks now: which are named, on which days they are, which are still to come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from bot.core.events import Event, over
from bot.core.reading.ordinals import Ordinals
from bot.core.reading.places import Place
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

    @property
    def ordinals(self) -> Ordinals:
        """ "Der zweite Termin im Dezember" counts only those in December, "der zweite Mittwochstermin" those on one."""
        everywhere = Ordinals(self.question, self.events, self.now)
        if not everywhere.numbered():
            return everywhere
        numbers = [*self.question.of("ordinal", "last")]
        months = [day for day in self.question.days if day.every is None and _is_month(day.span)]
        beside = any(_between(hit, day) <= 2 for hit in numbers for day in months)
        counted = {hit.end for hit in numbers}
        weekdays = {day.every for day in self.question.days if day.every is not None and day.start in counted}
        inside = tuple(event for event in self.events if not months or event.starts_at.date() in months[0].span)
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
        known = _folded(tuple(event.place for event in self.events))
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
        return tuple(event for event in self.events if any(kind in _folded((event.place,)) for kind in kinds))

    def _beside(self, hit: Hit, place: Place) -> bool:
        """Whether a kind of building is part of a name: "in der Schule Bonhoeffer"."""
        near = 0 <= place.start - hit.end <= 1 or place.end == hit.start
        return near and self.question.clause(hit) == self.question.clause(place)

    def elsewhere(self, named: tuple[Event, ...]) -> bool:
        """ "Ist das in Döhren im Freizeitheim?": whether another building is named beside where the event is."""
        question = self.question
        known = {part for event in named for part in event.place.casefold().split()}
        kinds = {question.words[hit.start].text for hit in question.of("building")}
        other = any(not any(kind in word for word in known) for kind in kinds)
        strangers = any(not place.events for place in question.places)
        return (other or (strangers and question.has("in"))) and question.marked and not question.has("reside")

    # -- which are meant

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
            short = (inside[0].last - inside[0].first).days <= 7 or inside[0].first >= today
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

    def next(self) -> Reading:
        """The next event, or the one after it: "der übernächste Termin", "welcher kommt nach dem nächsten"."""
        question = self.question
        behind = {hit.end for hit in question.of("after_day")}
        second = question.has("after_next") or any(hit.start in behind for hit in question.of("next"))
        return self.reading("event_next", self.coming()[1:2] if second else self.coming()[:1])

    def coming(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if not over(event, self.now))

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


@lru_cache
def _folded(places: tuple[str, ...]) -> str:
    """The names of places as questions are compared with them."""
    return " ".join(map(fold, places))


def _is_month(span: Span) -> bool:
    return span.first.day == 1 and (span.last - span.first).days > 27


def _between(hit: Hit, day: Found) -> int:
    """How many words stand between a number and a day."""
    return max(day.start - hit.end, hit.start - day.end)


def bounds(events: Sequence[Event], opens: date, closes: date) -> tuple[date, date]:
    """The first and the last day on which something of the process happens."""
    days = [event.starts_at.date() for event in events]
    return min([opens, *days]), max([closes, *days])
