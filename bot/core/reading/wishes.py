"""Decides which of the days and places in a question are wanted, and which are only told of or left behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.core.reading.places import Place
from bot.core.reading.question import Question
from bot.core.reading.spans import Found
from bot.core.reading.vocabulary import Hit

LEAVING = ("missed", "left")
"""Concepts by which what stands beside them is left behind: "Schützenplatz verpasst, und jetzt?"."""
ASKING = ("list", "next", "when", "where", "remaining", "more", "ahead", "comes", "others", "afterwards", "anything")
WANTING = (
    "list",
    "next",
    "when",
    "where",
    "remaining",
    "more",
    "ahead",
    "comes",
    "others",
    "anything",
    "exist",
    "event",
    "events",
)
BREAKS = ("when", "where", "list", "ahead")
"""Concepts with which another thought begins, a comma or not: "Mühlenberg verpasst wann ist Misburg"."""
SHORT = 3
"""Words of a thought that is no story: "Linden, wann?"."""
REACH = 4
"""Words that "außer" and "neben" reach over: "neben dem Termin im ServiceCenter"."""


@dataclass(frozen=True)
class Wishes:
    """The thoughts of a whole message, the part that asks and what is told before it."""

    question: Question

    def unwanted(self, one: Place | Found | Hit) -> bool:
        """Whether this is excepted, impossible, over or known already."""
        thought = self._thoughts[one.start]
        named = self._named[thought]
        if self._excepted(one):
            return True
        if "only" in named:
            return False
        if (
            isinstance(one, Found)
            and one.bound
            and not (one.bound == "until" and self._asked_behind(thought, "after_that"))
        ):
            return False  # "nach dem 5.12." are the days after it
        if any(concept in named for concept in LEAVING):
            return True
        asked = any(number != thought and names & {*ASKING} for number, names in self._named.items())
        own = bool(named & {"list", "when", "where", "next", "start", "exist"})
        return asked and not own and ("told" in named or self._asked_behind(thought, "others", "after_that"))

    def told(self, day: Found) -> bool:
        """Whether a day belongs to what is told, and not to what is asked."""
        thought = self._thoughts[day.start]
        asked = any(number != thought and names & {*ASKING, "exist"} for number, names in self._named.items())
        inherited = self.question.clauses[day.start] not in self.question.kept
        own = not self._named[thought].isdisjoint({*ASKING, "exist"})
        return asked and (inherited or not own or "told" in self._named[thought])

    def asked(self, day: Found) -> bool:
        """Whether a day stands in a thought that asks: "Ab Dezember bin ich weg, was gibt es im November?"."""
        return not self._named[self._thoughts[day.start]].isdisjoint(("list", "next", "when", "where", "events"))

    def stated(self, place: Place) -> bool:
        """ "Schützenplatz ist am 3. und Misburg wann?": whether a place stands with its own day in what is told."""
        thought = self._thoughts[place.start]
        dated = {self._thoughts[day.start] for day in self.question.days}
        others = any(self._thoughts[one.start] not in dated for one in self.question.places)
        asks = self.has("when", "where") and others
        return asks and thought in dated and self._named[thought].isdisjoint({*ASKING, "exist", "confirm"})

    def aside(self, place: Place) -> bool:
        """Whether a place stands in a thought that asks nothing: "Ich habe einen Laden in der Nordstadt"."""
        thought = self._thoughts[place.start]
        asks = not self._named[thought].isdisjoint({*ASKING, "exist", "event", "events", "all"})
        long = sum(number == thought for number in self._thoughts) > SHORT
        farewell = any(hit.end <= place.start for hit in self.question.of("farewell"))
        return farewell or (long and not asks)

    def only(self, day: Found) -> bool:
        """ "Es käme nur der Dezember in Betracht": whether nothing else is wanted."""
        either = {hit.end for hit in self.question.of("or")}  # "am Freitag auch was oder nur heute"
        return any(
            hit.concept == "only" and 0 <= day.start - hit.end <= 2 and hit.start not in either
            for hit in self.question.hits
        )

    def has(self, *concepts: str) -> bool:
        """Whether one of these stands anywhere in the message; "told" is something past."""
        return any(not names.isdisjoint(concepts) for names in self._named.values())

    def _asked_behind(self, thought: int, *concepts: str) -> bool:
        """Whether a later thought asks with one of these: "am Achten bin ich verreist, andere Tage?"."""
        behind = (names for number, names in self._named.items() if number > thought)
        return any(not names.isdisjoint(concepts) and names & {*WANTING} for names in behind)

    def _excepted(self, one: Place | Found | Hit) -> bool:
        """ "Alle außer Misburg", "nicht mittwochs", "neben dem Termin im ServiceCenter"."""
        between = {place.start for place in self.question.places} | {day.start for day in self.question.days}
        for hit in self.question.hits:
            reach = {"except": REACH, "not": 1 if self.has("list") else -1}.get(hit.concept, -1)
            if 0 <= one.start - hit.end <= reach:
                near = self.question.words[hit.start].clause == self.question.words[one.start].clause
                if near and between.isdisjoint(range(hit.end, one.start)):
                    return True
            if hit.concept == "and" and hit.end == one.start and hit.start in self._excepted_until:
                return True
            if hit.concept == "except_behind" and 0 <= hit.start - one.end <= 1:
                return True
            if hit.concept == "not" and 1 <= hit.start - one.end <= REACH and self._denied(one, hit):
                return True
        return False

    @cached_property
    def _excepted_until(self) -> frozenset[int]:
        """Where places end that are excepted: "ohne Misburg und Döhren"."""
        ends = {hit.end for hit in self.question.of("except")}
        return frozenset(place.end for place in self.question.places if place.start in ends)

    def _denied(self, one: Place | Found | Hit, denial: Hit) -> bool:
        """ "Wann sind Döhren und Sahlkamp, am Schützenplatz kann ich nämlich nicht": whether only this is denied."""
        words = self.question.words
        named = [other.start for other in (self.question.days if isinstance(one, Found) else self.question.places)]
        asking = {hit.start for hit in self.question.of(*ASKING, "exist", "confirm")}
        near = words[denial.start].clause == words[one.start].clause
        return (
            near
            and any(start != one.start for start in named)
            and asking.union(named).isdisjoint(range(one.end, denial.start))
        )

    @cached_property
    def _thoughts(self) -> Sequence[int]:
        """The number of the thought that each word belongs to."""
        question = self.question
        begins = {hit.start for hit in question.hits if hit.concept in BREAKS}
        thoughts, current = [], 0
        for place, clause in enumerate(question.clauses):
            other = place > 0 and clause != question.clauses[place - 1]
            current += other or (place in begins and place > 0 and place - 1 not in begins)
            thoughts.append(current)
        return thoughts

    @cached_property
    def _named(self) -> dict[int, frozenset[str]]:
        """The concepts that each thought names; "told" is what is past, and "the last one" is not."""
        names: dict[int, set[str]] = {number: set() for number in self._thoughts}
        last = {hit.start for hit in self.question.hits if hit.concept in {"last", "day", "last_event"}}
        for hit in self.question.hits:
            section = hit.concept.partition(".")[0]
            names[self._thoughts[hit.start]].add(section)
            if section in {"past", "past_tense"} and hit.start not in last:
                names[self._thoughts[hit.start]].add("told")
        return {number: frozenset(concepts) for number, concepts in names.items()}
