"""Decides what a question asks: what cannot be known first, then the known answers, then the events."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.core.events import Event
from bot.core.process import KnownAnswer, Process
from bot.core.reading.answers import KnownAnswers
from bot.core.reading.evenings import Evenings, bounds
from bot.core.reading.intended import Intended
from bot.core.reading.languages import language_of
from bot.core.reading.learned import INTENTS
from bot.core.reading.places import Places
from bot.core.reading.question import Question, taken_apart
from bot.core.reading.reading import Intent, Reading
from bot.core.reading.signs import signs
from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import split

REQUESTS = ("when", "where", "next", "start", "cost", "may", "who_may", "online", "event", "events")
OFFICE = {"appointment", "opening_hours", "fees"}
"""Subjects of which "when is the next one?" asks as well."""
MARGINS = {"other": 0.4, "ours": 0.2, "subject": 0.4, "event": 0.8, "nothing": 0.8}
"""How much likelier an intent has to be, of 1, than another that the rules found, and than none: where the question
names something of ours; where it could be about anything, for a subject and for an event, which it does not name. The
last is how much likelier it has to be that something is none of ours, though the rules found an intent."""
OURS = ("event", "events", "evening", "survey", "online")
"""Concepts that name something of ours."""
KNOWN = tuple(intent for intent in INTENTS if intent != "unknown")
HINTS = ("exist", "list")
"""Concepts of which a part of a message has to name one to be a question of its own; hints need a place or a day."""


class Reader:
    """Reads questions about one process. `vocabularies` has every language that is understood, by its tag.

    A language whose tag has a hyphen ("de-simple") uses the words of the one before it.
    """

    def __init__(self, process: Process, vocabularies: Mapping[str, Vocabulary]) -> None:
        self.process = process
        self.vocabularies = vocabularies
        self._places = Places(process.events, process.elsewhere)
        self._bounds = bounds(process.events, process.opens, process.closes)
        self._answers: dict[str, KnownAnswers] = {}

    def read(self, text: str, language: str, now: datetime) -> Reading:
        """What a text asks. `language` is the one expected, `now` the instant at which it is asked. Never raises."""
        now = now.astimezone(self.process.zone)
        question, spoken = self.taken_apart(text, language, now)
        if not any(word.kind != "clock" for word in question.words):
            return Reading(intent="unknown", language=spoken)
        reading = self._asked_apart(question, spoken, now) or self._decided(question, spoken, now)
        if reading.intent == "unknown" and not question.has("injection", "other"):
            reading = self._asked_last(question, spoken, now, reading)
        reading = self._reconsidered(question, reading, now)
        return replace(reading, asks=_asks(question, reading))

    def taken_apart(self, text: str, language: str, now: datetime) -> tuple[Question, str]:
        """What stands in a text, and the language that it is in; `language` is the one expected."""
        hint = language if language in self.vocabularies else self.process.languages[0]
        words = split(text)
        own = [word for word in words if not self._places.has(word.text)]  # a name is of no language
        spoken = language_of(text, own, hint, self.vocabularies)
        today = now.astimezone(self.process.zone).date()
        return taken_apart(words, self.vocabularies[spoken], self._places, today, *self._bounds, text), spoken

    def _reconsidered(self, question: Question, reading: Reading, now: datetime) -> Reading:
        """Another reading, where what was learned from labelled questions speaks clearly for another intent."""
        if question.has("injection"):
            return reading
        chances = self.vocabularies[reading.language].learned.chances(signs(question, reading.language[:2]))
        found = chances[reading.intent]
        if chances["unknown"] - found > MARGINS["nothing"]:
            return Reading(intent="unknown", language=reading.language, mentioned=self._mentioned(question))
        intent = max(KNOWN, key=lambda one: chances[one])
        against = self._against(question, reading, intent)
        if not against or chances[intent] - found <= MARGINS[against]:
            return reading
        asked = question.last_asked()
        other = self._intended(intent, question.part(asked) if asked else question, reading.language, now)
        declined = tuple(subject for subject in reading.declined if subject not in OFFICE)
        return replace(other, declined=declined) if other else reading

    @staticmethod
    def _against(question: Question, reading: Reading, intent: Intent) -> str:
        """What has to be overcome for another reading than the one that the rules found; nothing where none can be."""
        ours = question.places or question.days or question.has(*OURS)
        if question.told and not ours and reading.intent == "unknown":
            return ""  # a statement that names nothing of ours asks nothing
        if reading.intent != "unknown" or reading.declined or question.told:
            return "other"
        return "ours" if ours else "event" if intent.startswith("event") else "subject"

    def _intended(self, intent: Intent, question: Question, language: str, now: datetime) -> Reading | None:
        """The reading with this intent; None where the question names nothing that it could be about."""
        match intent:
            case "topic":
                words = [word.text for word in question.words]
                answer = self._answers_in(language).closest(words, now.date())
                return _answered(answer, language) if answer else None
            case "online_participation" | "cost" | "who_may_attend":
                return self._with_intent(intent, language)
        return Intended(Evenings(question, self.process.events, now, language)).reading(intent)

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
            return self._with_intent("online_participation", language)
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
                unknown, declined=tuple(declined), mentioned=self._mentioned(question)
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

    def _mentioned(self, question: Question) -> tuple[Event, ...]:
        ids = {name for place in question.places for name in place.events}
        return tuple(event for event in self.process.events if event.id in ids)

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
        answer, likeness = self._answers_in(language).find([word.text for word in question.words], now.date())
        if answer and likeness > 0.85 and not question.days and not question.places:
            return _answered(answer, language)
        if question.places and not question.has("office", "about"):
            answer = None  # "Gibt es was in Linden?" is not about the office there
        document = question.has("document")
        who_may = self._who_may(question) and not question.has("cost")
        if who_may and not question.told and question.strange() <= 3:
            return self._with_intent("who_may_attend", language)
        if self._about(question):
            topic = self._answers_in(language).closest([word.text for word in question.words], now.date())
            return _answered(topic, language) if topic else None
        meant = question.has("event", "events", "evening", "participate", "attend", "when", "where")
        nowhere = any(not place.events for place in question.places) and not question.has("event", "events", "evening")
        sound = not nowhere and question.strange() <= (2 if meant else 1) and (meant or not question.told)
        if question.has("cost") and not document and sound:
            return self._with_intent("cost", language)
        if document:
            return _answered(answer, language) if answer and answer.intent == "topic" else None
        if question.has("online", "until_when") and self._online(question):
            return self._with_intent("online_participation", language)
        if self._may(question):
            return self._with_intent("who_may_attend", language)
        if answer and answer.intent == "topic" and likeness > 0.75 and not question.days and not question.places:
            return _answered(answer, language)
        if self._online(question):
            return self._with_intent("online_participation", language)
        if answer and question.days and answer.intent == "topic":
            answer = None
        if answer and not question.has("when", "event", "events", "evening", "next"):
            return _answered(answer, language)
        evenings = Evenings(question, self.process.events, now, language)
        reading = evenings.read() if self.process.events else None
        return reading or (_answered(answer, language) if answer else None)

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

    def _with_intent(self, intent: Intent, language: str) -> Reading:
        """The known answer that organisers wrote for an intent, if they did."""
        answer = next((one for one in self.process.answers if one.intent == intent), None)
        return Reading(intent=intent, language=language, answer=answer.id if answer else "")

    def _answers_in(self, language: str) -> KnownAnswers:
        if language not in self._answers:
            vocabulary = self.vocabularies[language]
            self._answers[language] = KnownAnswers(self.process.answers, language, vocabulary.fills)
        return self._answers[language]


def _answered(answer: KnownAnswer, language: str) -> Reading:
    return Reading(intent=answer.intent, language=language, answer=answer.id)


def _asks(question: Question, reading: Reading) -> bool:
    """Whether a text is plainly a question to the bot: for one that stands where an answer is expected."""
    if (reading.intent == "unknown" and not reading.declined) or question.strange() > 1 or question.length() > 20:
        return False
    return question.marked or (question.has("when", "where", "next", "how", "who_else") and question.strange() == 0)
