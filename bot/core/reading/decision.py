"""Decides what a question asks: what was learned from labelled questions weighs which kind of question it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.events import Event
from bot.core.reading.answers import Answers, answered
from bot.core.reading.declined import (
    asks_of_place,
    asks_where_an_office_is,
    asks_whether_an_office_is,
    declined,
    mentioned,
    of_an_office,
)
from bot.core.reading.evenings import Evenings
from bot.core.reading.intended import Intended
from bot.core.reading.learned import INTENTS
from bot.core.reading.question import Question
from bot.core.reading.reading import Intent, Reading
from bot.core.reading.signs import signs
from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import split

DOUBT = 0.1
"""What is added to "unknown", in the units of `Learned.weighed`: fewer right answers, and fewer wrong ones."""
NOT_OURS = -0.3
"""What is added to events where nothing of ours is named: "wann geht es weiter" could be about anything."""
AN_OFFICE = -0.5
"""The same where an office is named instead."""
UNSURE = -0.3
"""An intent that weighs less is none: below this, more answers were wrong than right, and to say that one does not know
does less harm than a wrong day."""
ALONE = 0.4
"""How much the sentence that asks counts by itself, of 1, where something else is told beside it."""
SURELY = 0.85
"""How like an example of the organisers a question is that nothing else has to be weighed for."""
EVENTS = tuple(intent for intent in INTENTS if intent.startswith("event_"))
OURS = ("event", "events", "evening", "survey", "online")
"""Concepts that name something of ours."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Decides on questions about one process."""

    events: tuple[Event, ...]
    answers: Answers
    vocabularies: Mapping[str, Vocabulary]

    def reading(self, question: Question, language: str, now: datetime) -> Reading:
        """What is asked: what organisers wrote an example of, else the likeliest that the question has all for."""
        if question.has("injection"):
            return Reading(intent="unknown", language=language)
        named = question.days or question.places
        if not named and question.has("personal"):  # "Welche Partei hat Onay?"
            return Reading(intent="unknown", language=language, declined=declined(question, "unknown"))
        answer, likeness = (None, 0.0) if named else self.answers.known(language).find(question, now.date())
        if answer and answer.intent == "cost" and _of_a_reward(question):
            answer = None
        if answer and likeness > SURELY:
            return answered(answer, language)
        reading = self._likeliest(question, language, now)
        if answer and reading.intent == "unknown":
            return answered(answer, language)
        return replace(reading, declined=declined(question, reading.intent))

    def _likeliest(self, question: Question, language: str, now: datetime) -> Reading:
        """The reading with the likeliest intent for which the question names what it needs."""
        part = question.part(question.asked) if question.asked else question
        evenings = Evenings(part, self.events, now, language)
        weights = self._weights(question, part, language)
        if not evenings.ordinals.beyond():
            for intent in sorted(weights, key=lambda one: -weights[one]):
                if intent == "unknown" or weights[intent] < UNSURE:
                    break
                if reading := self._intended(intent, evenings):
                    return reading
        nowhere = evenings.places()[1] if asks_of_place(question) else ""
        # Beside an office, an event's address would be taken for that of the office.
        seen = () if of_an_office(question) else mentioned(question, self.events)
        return Reading(intent="unknown", language=language, nowhere=nowhere, mentioned=seen)

    def _weights(self, question: Question, part: Question, language: str) -> dict[Intent, float]:
        """How much speaks for each intent that can be meant; `part` is the sentence that asks."""
        learned = self.vocabularies[language].learned
        weights = dict(learned.weighed(signs(question, language[:2])))
        if part is not question:
            alone = learned.weighed(signs(part, language[:2]))
            weights = {intent: (1 - ALONE) * weights[intent] + ALONE * alone[intent] for intent in INTENTS}
        weights["unknown"] += DOUBT
        if asks_where_an_office_is(part) and not self._in_an_office(part, language):
            return {"unknown": weights["unknown"]}  # the event of that quarter may be in a school
        if asks_whether_an_office_is(part) and all(weights[event] < 0 for event in EVENTS):
            return {"topic": max(weights["topic"], 0.0)}
        hour = question.has("start") and question.times()  # "Усі починаються о шостій?"
        if not (question.places or question.days or hour or question.has(*OURS)):
            strange = AN_OFFICE if question.has("office") else NOT_OURS  # "Wo ist das nächste Bürgeramt?"
            weights |= {event: weights[event] + strange for event in EVENTS}
        if _of_a_reward(question):
            del weights["cost"]
        if question.has("document") and not question.has("event", "events", "evening", "survey"):
            # "kosten perso verlängern": of documents nothing is known, however near it sounds to what is.
            return {intent: weights[intent] for intent in ("topic", "unknown")}
        return weights

    def _in_an_office(self, question: Question, language: str) -> bool:
        """Whether an event that is named is in an office itself, whose address is then known."""
        vocabulary = self.vocabularies[language]
        places = (split(event.place) for event in mentioned(question, self.events))
        return any(hit.concept == "office" for place in places for hit in vocabulary.hits(place))

    def _intended(self, intent: Intent, evenings: Evenings) -> Reading | None:
        """The reading with this intent; None where the question names nothing that it could be about."""
        if intent in EVENTS:
            return Intended(evenings).reading(intent) if self.events else None
        if intent == "topic":
            return self.answers.topic(evenings.language, evenings.now.date())
        return self.answers.with_intent(intent, evenings.language, evenings.now.date())


def _of_a_reward(question: Question) -> bool:
    """ "Gibt es dafür Geld?" asks for what one gets, not for what one pays."""
    return question.has("subject.reward") and not question.has("cost")
