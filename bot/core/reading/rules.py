"""What the rules find in a question: what cannot be known first, then the known answers, then the events."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.events import Event
from bot.core.reading.answers import Answers, answered
from bot.core.reading.question import Question
from bot.core.reading.reading import Reading
from bot.core.reading.wanted import Wanted

REQUESTS = ("when", "where", "next", "start", "cost", "may", "who_may", "online", "event", "events")
OFFICE = {"appointment", "opening_hours", "fees"}
"""Subjects of which "when is the next one?" asks as well."""
HINTS = ("exist", "list")
"""Concepts of which a part of a message has to name one to be a question of its own; hints need a place or a day."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for questions about one process."""

    events: tuple[Event, ...]
    answers: Answers

    def read(self, question: Question, language: str, now: datetime) -> Reading:
        """What they find; "unknown" where they find nothing."""
        reading = self._asked_apart(question, language, now) or self._decided(question, language, now)
        if reading.intent == "unknown" and not question.has("injection", "other"):
            return self._asked_last(question, language, now, reading)
        return reading

    def _asked_apart(self, question: Question, language: str, now: datetime) -> Reading | None:
        """ "Heim aus Misburg. Welche fehlen noch?": what is told before does not say which ones are wanted."""
        asked = question.last_asked() or question.behind("past")
        if not asked or question.has("injection", "other", "subject", "missed"):
            return None
        part = question.part(asked, inherits=False)
        if question.has("document") and not part.has("event", "events", "evening", "online"):
            return None  # "Ich brauche einen neuen Ausweis. Wann ist der nächste frei?"
        further = part.has("comes") and part.has("when") and question.has("past", "missed")
        wants = further or part.has("next") or (part.has("remaining", "more", "ahead") and part.has("list"))
        day = part.days and part.has("exist", "list", "anything") and not part.places
        if part.has("online") and self._online(part) and not part.has("event", "events", "evening"):
            return self.answers.with_intent("online_participation", language, now.date())
        if not day and (not wants or part.days or part.places or part.has("after_day")):
            return None
        reading = self._decided(part, language, now)
        return reading if reading.intent in {"event_next", "event_list", "event_on_date"} else None

    def _asked_last(self, question: Question, language: str, now: datetime, whole: Reading) -> Reading:
        """The question that a longer message ends with; what is told before it often means nothing to the bot."""
        asked = question.last_asked()
        if not asked:
            return whole
        part = question.part(asked)
        if whole.declined and not part.has(*REQUESTS):
            return whole  # "Ich habe einen Rollstuhl. Kann ich ins Bürgerhaus?"
        reading = self._decided(part, language, now)
        office = question.has("document") and not part.has("event", "events", "evening", "online")
        known = reading.intent != "unknown" and not office and not OFFICE & {*whole.declined}
        return replace(reading, declined=tuple(dict.fromkeys((*reading.declined, *whole.declined)))) if known else whole

    def _decided(self, question: Question, language: str, now: datetime) -> Reading:
        unknown = Reading(intent="unknown", language=language)
        if question.has("injection"):
            return unknown
        declined = question.keys("subject")
        if set(declined) <= {"end_time", "opening_hours"} and self._duration(question):
            declined = []  # the end of taking part is known, that of an evening is not
        if (declined == ["interpreters"] and question.has("who_may")) or (
            declined == ["childcare"] and question.has("may")
        ):
            declined = []  # "ohne deutschen Pass" is not about the language, "darf mein Sohn mit" not about care
        if question.has("person") and (question.days or question.places or question.has("comes")):
            declined = list(dict.fromkeys((*declined, "speakers")))  # who comes is not known, whoever is asked for
        if declined:
            return self._partly(question, declined, language, now) or replace(
                unknown, declined=tuple(declined), mentioned=mentioned(question, self.events)
            )
        if question.has("other"):
            return self._beside(question, language, now) or unknown
        return self._known(question, language, now) or unknown

    def _beside(self, question: Question, language: str, now: datetime) -> Reading | None:
        """ "Mittwochs habe ich Chor. Wann seid ihr in Misburg?": what is told beside a question is not asked."""
        rest = question.part(question.kept - {question.clause(hit) for hit in question.of("other")}, inherits=False)
        subject = rest.has("event", "events", "evening", "cost", "about") or rest.places
        whether = rest.days and rest.has("exist", "anything", "where", "what_time")
        asks = rest.has("when", "where", "next", "list", "exist", "confirm", "cost", "about")
        return self._known(rest, language, now) if whether or (subject and asks) else None

    @staticmethod
    def _duration(question: Question) -> bool:
        """Whether "open" and "end" are said of taking part on the website."""
        asked = question.has("when", "until_when", "start", "late", "remaining", "exist", "subject.end_time")
        return question.has("survey", "online") and asked and not question.has("office", "event", "events", "evening")

    def _partly(self, question: Question, declined: list[str], language: str, now: datetime) -> Reading | None:
        """The part of a question that can be answered, where another part cannot."""
        about = {question.clause(hit) for hit in question.of("subject", "other")}
        rest = question.part(question.kept - about)
        if question.has("from_until"):
            rest = question  # "Von wann bis wann?": the beginning is known
        own = question.part(rest.kept, inherits=False)
        if rest.length() < 2 or not (own.has(*REQUESTS) or (own.has(*HINTS) and (own.places or own.days))):
            return None
        named = own.has("event", "events", "evening") and not question.has("document")
        if OFFICE & {*declined} and not (named or own.places or own.has("online", "cost")):
            return None  # "Ich brauche einen neuen Ausweis, wann ist der nächste Termin?"
        found = self._known(rest, language, now)
        return replace(found, declined=tuple(declined)) if found and found.intent != "unknown" else None

    def _known(self, question: Question, language: str, now: datetime) -> Reading | None:
        """What is asked, among all that can be known."""
        answer, likeness = self.answers.known(language).find(question, now.date())
        if answer and likeness > 0.85 and not question.days and not question.places:
            return answered(answer, language)
        if question.places and not question.has("office", "about"):
            answer = None  # "Gibt es was in Linden?" is not about the office there
        document = question.has("document")
        who_may = self._who_may(question) and not question.has("cost")
        if who_may and not question.told and question.strange() <= 3:
            return self.answers.with_intent("who_may_attend", language, now.date())
        if self._about(question):
            return self.answers.topic(language, now.date())
        meant = question.has("event", "events", "evening", "participate", "attend", "when", "where")
        nowhere = any(not place.events for place in question.places) and not question.has("event", "events", "evening")
        sound = not nowhere and question.strange() <= (2 if meant else 1) and (meant or not question.told)
        if question.has("cost") and not document and sound:
            return self.answers.with_intent("cost", language, now.date())
        if document:
            return answered(answer, language) if answer and answer.intent == "topic" else None
        if question.has("online", "until_when") and self._online(question):
            return self.answers.with_intent("online_participation", language, now.date())
        if self._may(question):
            return self.answers.with_intent("who_may_attend", language, now.date())
        if answer and answer.intent == "topic" and likeness > 0.75 and not question.days and not question.places:
            return answered(answer, language)
        if self._online(question):
            return self.answers.with_intent("online_participation", language, now.date())
        if answer and question.days and answer.intent == "topic":
            answer = None
        if answer and not question.has("when", "event", "events", "evening", "next"):
            return answered(answer, language)
        wanted = Wanted(question, self.events, now, language)
        reading = wanted.read() if self.events else None
        return reading or (answered(answer, language) if answer else None)

    @staticmethod
    def _about(question: Question) -> bool:
        """Whether somebody asks what this is about, or about the offices as such."""
        if question.told or question.strange() > 2 or question.has("cost", "what_time") or question.times():
            return False
        if question.days and (question.has("when", "where", "start", "exist", "list") or not question.has("about")):
            return False
        if question.places and not question.has("office"):
            return False
        if question.has("when") and (question.strange() or question.has("event", "events", "evening")):
            return False
        counted = question.has("how_many", "number") or any(word.kind == "number" for word in question.words)
        events = question.has("event", "events", "evening")
        return question.has("about") or (question.has("office") and not events and (counted or question.has("list")))

    @staticmethod
    def _who_may(question: Question) -> bool:
        """Whether "who may come" is what is asked, and not told before: "Bin nicht von hier, wann ist der nächste?"."""
        told = {question.clause(hit) for hit in question.of("who_may")}
        asked = {question.clause(hit) for hit in question.of("when", "where", "next")}
        if asked and (question.places or question.days) and not question.has("may"):
            return False  # "In welcher Schule muss ich heute sein?"
        return bool(told) and (not asked - told or question.has("may", "can", "attend"))

    @staticmethod
    def _may(question: Question) -> bool:
        """Whether somebody asks if they are welcome."""
        at_home = question.has("reside")
        if question.told or question.has("document"):
            return False
        if (
            question.has("may")
            and (question.has("attend", "go") or at_home or question.places)
            and question.strange() <= 4
        ):
            return True
        if question.has("can") and question.has("attend", "go") and any(not place.events for place in question.places):
            return not question.has("when", "where", "next", "list") and question.strange() <= 2
        return at_home and question.has("can", "attend") and not question.has("when", "where", "next", "list")

    @staticmethod
    def _online(question: Question) -> bool:
        """Whether somebody asks about taking part on the website."""
        if question.told and not question.has("survey", "participate", "opinion", "how"):
            return False
        if question.has("online"):
            return question.strange() <= 2
        wants = question.has("when", "where", "until_when", "how", "start", "late", "remaining", "exist", "can", "what")
        if question.has("survey") and (wants or question.strange() == 0):
            return question.strange() <= 2
        elsewhere = (question.days or question.places) and not question.has("missed")
        taking_part = question.has("participate", "opinion") and not elsewhere
        taking_part = taking_part and not (question.has("go") and question.has("when", "where"))
        return (
            taking_part
            and question.has("how", "until_when", "where", "late", "missed")
            and not question.has("event", "evening", "events")
        )


def mentioned(question: Question, events: Iterable[Event]) -> tuple[Event, ...]:
    """The events whose place is named."""
    ids = {name for place in question.places for name in place.events}
    return tuple(event for event in events if event.id in ids)
