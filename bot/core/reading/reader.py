"""Reads questions about a process: takes them apart, has decided what they ask, and says what was said beside that."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.core.process import Process
from bot.core.reading.answers import Answers
from bot.core.reading.beside import ASKED, Asides
from bot.core.reading.decision import Decision
from bot.core.reading.evenings import bounds
from bot.core.reading.languages import language_of
from bot.core.reading.places import Places
from bot.core.reading.question import Question, taken_apart
from bot.core.reading.reading import Reading
from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import split

WISH = 10
"""Words in which somebody wants something of the bot; who writes more tells something."""


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
        self._decision = Decision(process.events, self._answers, vocabularies)
        self._asides = Asides(vocabularies, process.languages)

    def read(self, text: str, language: str, now: datetime) -> Reading:
        """What a text asks. `language` is the one expected, `now` the instant at which it is asked. Never raises."""
        now = now.astimezone(self.process.zone)
        question, spoken = self.taken_apart(text, language, now)
        if not any(word.kind != "clock" for word in question.words):
            return Reading(intent="unknown", language=spoken)
        reading = self._decision.reading(question, spoken, now)
        reading = self._answers.chosen(reading, question, now.date())
        reading = self._asides.added(reading, question, text, language)
        openly = self.vocabularies[spoken].asks_openly(question.words)
        return replace(reading, openly=openly, asks=_asks(question, reading))

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


def _asks(question: Question, reading: Reading) -> bool:
    """Whether a text is plainly a question to the bot: for one that stands where an answer is expected."""
    if reading.beside and reading.intent == "unknown":
        asking = question.marked or question.has("what", "how", "can", "may", "who_else", "when", "where")
        wished = reading.beside == "erasing" and question.length() <= WISH
        return reading.beside in ASKED and (asking or wished or reading.beside in {"bot", "human"})
    if (
        (reading.intent == "unknown" and not (reading.declined or reading.answer))
        or question.strange() > 1
        or question.length() > 20
    ):
        return False
    return question.marked or (question.has("when", "where", "next", "how", "who_else") and question.strange() == 0)
