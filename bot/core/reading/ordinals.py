"""Finds the events that a question names by their place in the row: the fourth, the last, the next two."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.events import Event, over
from bot.core.reading.question import Question
from bot.core.reading.reading import Scope
from bot.core.reading.vocabulary import Hit

OTHER_COUNTS = {"unit", "half", "month", "holiday", "calendar_week", "clock", "week", "weekday"}
"""What a number in front of it counts instead of events."""


@dataclass(frozen=True, slots=True)
class Ordinals:
    """The numbers in a question, as far as they count events."""

    question: Question
    events: tuple[Event, ...]
    now: datetime

    def numbered(self) -> bool:
        """Whether there is any number in the question, in figures or words."""
        question = self.question
        return question.has("ordinal", "number", "last", "first_event", "last_event") or any(
            word.kind in {"ordinal", "number"} for word in question.words
        )

    def named(self) -> Iterable[Event]:
        """ "der vierte Termin", "Termin nummer fünf", "der letzte Abend"."""
        question = self.question
        if not self.events:
            return
        events = self._numbered_before([*question.of("event", "evening")])
        for hit in question.of("first_event", "last_event"):
            yield self.events[0 if hit.concept == "first_event" else -1]
        if any(hit.concept in {"last", "ordinal.1"} and self._number_behind(hit.end) for hit in question.hits):
            return
        for hit in question.of("ordinal", "number", "last"):
            key = hit.concept.partition(".")[2]
            near = any(0 <= event.start - hit.end <= 1 for event in events) or self._of_all(hit.end)
            after = hit.concept != "last" and any(
                other.end == hit.start and other.concept == "nth" for other in question.hits
            )
            if hit.concept.startswith("number") and not after:
                continue
            if hit.concept == "last":
                yield from self._last(hit, near)
            elif key.startswith("-") and len(self.events) >= -int(key):
                yield self.events[int(key)]
            elif key.isdigit() and (near or after or self._alone(hit.start)) and 0 < int(key) <= len(self.events):
                yield self.events[int(key) - 1]
        for place, word in enumerate(question.words):
            if word.kind not in {"ordinal", "number"} or not 0 < int(word.text[:3]) <= len(self.events):
                continue
            if any(day.start <= place < day.end for day in question.days):
                continue
            near = any(0 <= event.start - place - 1 <= 1 for event in events) or self._of_all(place + 1)
            near = word.kind == "ordinal" and near
            if near or any(hit.end == place and hit.concept == "nth" for hit in question.hits):
                yield self.events[int(word.text) - 1]

    def _last(self, hit: Hit, near: bool) -> Iterable[Event]:
        """ "Der letzte Abend" of all, or of those that are over; not "die beiden letzten"."""
        question = self.question
        in_month = any(0 <= day.start - hit.end <= 1 and day.span.first.day == 1 for day in question.days)
        if not self._number_before(hit.start) and (near or in_month or self._alone(hit.start)):
            gone = [event for event in self.events if over(event, self.now)]
            yield (gone or self.events)[-1] if question.has("past_tense") else self.events[-1]

    def alone(self) -> tuple[Event, ...]:
        """The events whose number stands by itself, where it is sure that events are counted: "und das zweite?"."""
        question = self.question
        days = {place for day in question.days for place in range(day.start, day.end)}
        hits = [(hit.start, hit.end, hit.concept.partition(".")[2]) for hit in question.of("ordinal")]
        hits += [(n, n + 1, word.text) for n, word in enumerate(question.words) if word.kind == "ordinal"]
        named = set[int]()
        for start, end, figure in hits:
            counts = any(hit.start == end and hit.concept.partition(".")[0] in OTHER_COUNTS for hit in question.hits)
            if start not in days and not counts and figure.lstrip("-").isdigit():
                number = int(figure[:3])
                named |= {number - 1 if number > 0 else len(self.events) + number}
        last = [hit for hit in question.of("last") if hit.start not in days and not self._number_behind(hit.end)]
        if last and not question.has("past_tense"):
            named.add(len(self.events) - 1)
        return tuple(event for place, event in enumerate(self.events) if place in named)

    def _of_all(self, place: int) -> bool:
        """ "Der letzte von den fünf", "the third in the series": whether behind a number stands what it counts."""
        question = self.question
        steps = {hit.start: hit.end for hit in question.of("of", "article")}
        ends = {hit.start: hit.end for hit in question.of("in_order")}
        if place in ends:
            return True
        begin = place
        while place in steps and place - begin < 3:
            place = steps[place]
        counted = any(hit.start == place and hit.concept != "number.1" for hit in question.of("number", "events"))
        figures = place < len(question.words) and question.words[place].kind == "number"
        return place > begin and (counted or figures)

    def _numbered_before(self, events: Sequence[Hit]) -> list[Hit]:
        """The events, and the last number of a row before one: "der zweite und der dritte Termin"."""
        row = list(events)
        figures = [Hit("ordinal", n, n + 1) for n, word in enumerate(self.question.words) if word.kind == "ordinal"]
        joints = {place for hit in self.question.of("and", "or") for place in range(hit.start, hit.end)}
        for hit in sorted([*self.question.of("ordinal"), *figures], key=lambda hit: -hit.start):
            if any(0 <= event.start - hit.end <= 1 for event in row) and {hit.start - 1, hit.start - 2} & joints:
                row.append(replace(hit, start=hit.start - 1 if hit.start - 1 in joints else hit.start - 2))
        return row

    def counted(self) -> tuple[tuple[Event, ...], Scope] | None:
        """ "die nächsten zwei", "die letzten beiden", "die ersten drei"."""
        question = self.question
        numbers = [(hit.start, hit.concept.partition(".")[2]) for hit in question.of("number")]
        numbers += [(place, word.text) for place, word in enumerate(question.words) if word.kind == "number"]
        for place, figure in numbers:
            before = {hit.concept for hit in question.hits if hit.end == place}
            number = int(figure[:3])
            if not 1 < number <= len(self.events):
                continue
            if "next" in before:
                return self._coming()[:number], "coming"
            if "last" in before:
                return self.events[-number:], "span"
            if "ordinal.1" in before:
                return self.events[:number], "span"
            behind = {hit.concept for hit in question.hits if hit.start == place + 1}
            if "last" in behind and not question.has("past_tense"):  # "die zwei letzten"
                return self.events[-number:], "span"
        return None

    def beyond(self) -> bool:
        """Whether an event is named by a number that none has: "der sechste Termin"."""
        question = self.question
        starts = {hit.start for hit in question.of("event", "evening")}
        taken = {place for day in question.days for place in range(day.start, day.end)}
        numbered = [
            (hit.end, hit.concept.partition(".")[2]) for hit in question.of("ordinal") if hit.start not in taken
        ]
        numbered += [
            (place + 1, word.text)
            for place, word in enumerate(question.words)
            if word.kind == "ordinal" and place not in taken
        ]
        return any(end in starts and int(figure[:3]) > len(self.events) for end, figure in numbered)

    def _number_behind(self, place: int) -> bool:
        """ "die letzten beiden" are two, not the last one."""
        words = self.question.words
        return (place < len(words) and words[place].kind == "number") or any(
            hit.start == place and hit.concept.startswith("number.") and hit.concept != "number.1"
            for hit in self.question.hits
        )

    def _number_before(self, place: int) -> bool:
        """ "die beiden letzten" are two as well."""
        return any(hit.end == place and hit.concept.startswith("number.") for hit in self.question.hits) or (
            place > 0 and self.question.words[place - 1].kind == "number"
        )

    def _alone(self, place: int) -> bool:
        """Whether an ordinal stands for "the fourth one": with when or where, and no event or day behind it."""
        question = self.question
        ends = place + 1 == len(question.words) or question.words[place + 1].clause != question.words[place].clause
        joined = any(hit.start < place for hit in question.of("event", "evening"))
        if ends and joined and not any(day.start <= place < day.end for day in question.days):
            return True  # "Wann ist der dritte Abend und wann der letzte?"
        return (
            question.has("when", "where")
            and not question.days
            and question.strange() == 0
            and question.length() <= 8
            and not question.has("online", "survey")
        )

    def _coming(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if not over(event, self.now))
