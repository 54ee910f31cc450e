"""Decides what a question asks: what was learned from labelled questions weighs it, and the rules have a voice."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.core.process import Process
from bot.core.reading.answers import Answers
from bot.core.reading.beside import ASKED, LANGUAGE, Beside, said_beside
from bot.core.reading.evenings import Evenings, bounds
from bot.core.reading.intended import Intended
from bot.core.reading.languages import language_of
from bot.core.reading.learned import INTENTS, NOBODY
from bot.core.reading.places import Places
from bot.core.reading.question import Question, taken_apart
from bot.core.reading.reading import Intent, Reading
from bot.core.reading.rules import OFFICE, Rules, mentioned
from bot.core.reading.signs import signs
from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import split

VOICE, NAMED = 0.5, 1.0
"""How much the rules add to the intent that they find, as a logarithm of its chance (0.5: it becomes 1.6 times
likelier), and to "unknown" where they find by name what is asked and not known."""
DOUBT = -0.3
"""The same for "unknown": of what was learned, more is about other things than of what people ask."""
NOT_OURS = -1.0
"""The same for events where nothing of ours is named: "wann geht es weiter" could be about anything."""
ALONE = 0.5
"""How much the sentence that asks counts by itself, of 1, where something else is told before it."""
LEAST = 1e-4
"""A chance below this is not distinguished from none."""
EVENTS = tuple(intent for intent in INTENTS if intent.startswith("event_"))
BESIDE = ("unknown", "online_participation", "topic", "who_may_attend")
"""Intents that what is asked of the bot itself ("Ist das anonym?") is easily taken for."""
OURS = ("event", "events", "evening", "survey", "online")
"""Concepts that name something of ours."""

BRIEF = 3
"""Words up to which a message may be a greeting in any language: longer ones show by themselves what they are in."""


class Reader:
    """Reads questions about one process. `vocabularies` has every language that is understood, by its tag.

    A language whose tag has a hyphen ("de-simple") uses the words of the one before it.
    """

    def __init__(self, process: Process, vocabularies: Mapping[str, Vocabulary]) -> None:
        self.process = process
        self.vocabularies = vocabularies
        self._places = Places(process.events, process.elsewhere)
        self._bounds = bounds(process.events, process.opens, process.closes)
        self._answers = Answers(process.answers, vocabularies, self._example)
        self._rules = Rules(process.events, self._answers)

    def read(self, text: str, language: str, now: datetime) -> Reading:
        """What a text asks. `language` is the one expected, `now` the instant at which it is asked. Never raises."""
        now = now.astimezone(self.process.zone)
        question, spoken = self.taken_apart(text, language, now)
        if not any(word.kind != "clock" for word in question.words):
            return Reading(intent="unknown", language=spoken)
        reading = self._likeliest(question, self._rules.read(question, spoken, now), now)
        reading = self._answers.chosen(reading, question, now.date())
        reading = self._with_beside(reading, text, language)
        return replace(reading, asks=_asks(question, reading))

    def _with_beside(self, reading: Reading, text: str, expected: str) -> Reading:
        """The reading with what was said beside the dates, where none of them is asked for."""
        if reading.intent not in BESIDE or reading.nowhere or (reading.intent == "unknown" and reading.answer):
            return reading
        spoken = [one for one in dict.fromkeys((expected, reading.language)) if one in self.vocabularies]
        words = split(text)
        if len(words) <= BRIEF:
            spoken += [one for one in self.vocabularies if one not in spoken and "-" not in one]
        found = said_beside(words, (self.vocabularies[one] for one in spoken))
        if found is None or not self._told_better(reading, found):
            return reading
        if found.about == "length" and reading.intent != "unknown":
            return replace(reading, beside=found.about)
        return Reading(intent="unknown", language=found.language, beside=found.about)

    def _told_better(self, reading: Reading, found: Beside) -> bool:
        """Whether what was said beside the dates says more than the reading, which may name what is not known."""
        if found.about == LANGUAGE:  # /sprache is for those of the survey
            offered = {tag.partition("-")[0] for tag in self.process.languages}
            return found.language.partition("-")[0] not in offered
        if found.about == "human":
            return reading.intent == "unknown" and OFFICE.issuperset(reading.declined)
        if found.about == "length" and reading.intent != "unknown":
            return reading.intent == "online_participation"
        return not reading.declined and (found.about in ASKED or reading.intent == "unknown")

    def taken_apart(self, text: str, language: str, now: datetime) -> tuple[Question, str]:
        """What stands in a text, and the language that it is in; `language` is the one expected."""
        hint = language if language in self.vocabularies else self.process.languages[0]
        words = split(text)
        known = self.vocabularies[hint].knows
        own = [word for word in words if not self._places.has(word.text, guess=not known(word.text))]  # of no language
        spoken = language_of(text, own, hint, self.vocabularies)
        today = now.astimezone(self.process.zone).date()
        return taken_apart(words, self.vocabularies[spoken], self._places, today, *self._bounds, text), spoken

    def _example(self, language: str, text: str) -> Question:
        """An example of the organisers, taken apart in its own language."""
        places, vocabulary = self._places, self.vocabularies[language]
        return taken_apart(split(text), vocabulary, places, self.process.opens, *self._bounds, text)

    def _likeliest(self, question: Question, ruled: Reading, now: datetime) -> Reading:
        """The likeliest reading that the question has the days and places for; `ruled` is the one of the rules."""
        written = ruled.intent == "unknown" and ruled.answer  # organisers know that people ask what they do not know
        if question.has("injection") or written:
            return ruled
        asked = question.last_asked()
        part = question.part(asked) if asked else question
        weights = self._weights(question, part, ruled)
        for intent in sorted(weights, key=lambda one: -weights[one]):
            if intent == ruled.intent and intent not in EVENTS:
                return ruled
            if intent == "unknown":
                seen = mentioned(question, self.process.events)
                return Reading(intent="unknown", language=ruled.language, mentioned=seen)
            if other := self._intended(intent, part, ruled.language, now):
                declined = ruled.declined if intent == ruled.intent else [d for d in ruled.declined if d not in OFFICE]
                return replace(other, declined=tuple(declined))
            if intent == ruled.intent:
                return ruled
        return ruled

    def _weights(self, question: Question, part: Question, ruled: Reading) -> dict[Intent, float]:
        """How much speaks for each intent that can be meant; nothing where nobody has labelled any questions.

        `part` is the sentence that asks, where something else is told before it.
        """
        learned = self.vocabularies[ruled.language].learned
        chances = learned.chances(signs(question, ruled.language[:2]))
        if chances == NOBODY:
            return {}
        if part is not question:
            alone = learned.chances(signs(part, ruled.language[:2]))
            chances = {intent: (1 - ALONE) * chances[intent] + ALONE * alone[intent] for intent in INTENTS}
        weights = {intent: math.log(chances[intent] + LEAST) for intent in INTENTS}
        weights[ruled.intent] += NAMED if ruled.intent == "unknown" and ruled.declined else VOICE
        weights["unknown"] += DOUBT
        if not (question.places or question.days or question.has(*OURS)):
            weights |= {event: weights[event] + NOT_OURS for event in EVENTS}
        if question.has("document") and not question.has("event", "events", "evening", "survey"):
            # "kosten perso verlängern": of documents nothing is known, however near it sounds to what is.
            return {intent: weights[intent] for intent in INTENTS if intent in {"topic", "unknown", ruled.intent}}
        return weights

    def _intended(self, intent: Intent, question: Question, language: str, now: datetime) -> Reading | None:
        """The reading with this intent; None where the question names nothing that it could be about."""
        if intent == "topic":
            return self._answers.topic(language, now.date())
        if not intent.startswith("event_"):
            return self._answers.with_intent(intent, language, now.date())
        return Intended(Evenings(question, self.process.events, now, language)).reading(intent)


def _asks(question: Question, reading: Reading) -> bool:
    """Whether a text is plainly a question to the bot: for one that stands where an answer is expected."""
    if reading.beside and reading.intent == "unknown":
        asking = question.marked or question.has("what", "how", "can", "may", "who_else", "when", "where")
        return reading.beside in ASKED and (asking or reading.beside in {"bot", "human"})
    if (
        (reading.intent == "unknown" and not (reading.declined or reading.answer))
        or question.strange() > 1
        or question.length() > 20
    ):
        return False
    return question.marked or (question.has("when", "where", "next", "how", "who_else") and question.strange() == 0)
