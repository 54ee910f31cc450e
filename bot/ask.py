"""`mitreden ask`: answers without a conversation, one by one or line by line, with nothing stored."""

import json
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.clock import Clock, parse_instant
from bot.core.reading import Reader
from bot.core.recognition import clean
from bot.problems import UserError
from handlers import questions

OTHER_NAMES = {"de-ls": "de-simple"}
"""Language tags that other programs write."""


class Line(msgspec.Struct):
    """One question of `--jsonl`; other keys may stand beside these."""

    q: str
    now: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: what was understood, the ids of the events in date order, the words, the language they are in."""

    intent: str
    events: tuple[str, ...]
    answer: str
    lang: str

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {"intent": self.intent, "events": self.events, "answer": self.answer, "lang": self.lang},
            ensure_ascii=False,
        )


class Answering:
    """Answers questions about one process. Raises UserError where `now` or the language is no good."""

    def __init__(self, reader: Reader, now: str | None, language: str | None) -> None:
        self._reader = reader
        process = reader.process
        self._now = parse_instant(now, process.zone) if now else None
        self._language = self._known(language) if language else process.languages[0]
        self._clock = Clock()

    def reply(self, question: str, now: datetime | None = None, language: str | None = None) -> Reply:
        """The answer to one question."""
        now = now or self._now or self._clock.now()
        reading = self._reader.read(clean(question), language or self._language, now)
        answer = questions.answer(reading, self._reader, now)
        return Reply(reading.intent, tuple(event.id for event in reading.events), answer, reading.language)

    def line(self, line: bytes) -> Reply:
        """The answer to one line of JSON. Raises UserError where it is none; an unknown language is only a hint."""
        try:
            asked = msgspec.json.decode(line, type=Line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UserError(f'no question ({error}). Write {{"q": "…"}}, with "now" and "lang" if you like.') from error
        now = parse_instant(asked.now, self._reader.process.zone) if asked.now else None
        language = OTHER_NAMES.get(asked.lang or "", asked.lang)
        return self.reply(asked.q, now, language if language in self._reader.vocabularies else None)

    def _known(self, language: str) -> str:
        language = OTHER_NAMES.get(language, language)
        if language not in self._reader.vocabularies:
            known = ", ".join(self._reader.vocabularies)
            raise UserError(f"--language {language}: no such language is understood. Use one of: {known}.")
        return language


def failed(sentence: str) -> str:
    """What stands in the place of an answer that could not be given."""
    return json.dumps({"error": sentence}, ensure_ascii=False)
