"""Questions to the bot as it is shipped: what they are read as, and what they are answered with."""

from datetime import datetime

from bot import locales
from bot.content import load_process
from bot.core.reading import Reader, Reading
from bot.paths import CONTENT, LOCALES, VOCABULARIES
from bot.vocabularies import Vocabularies
from handlers import questions

HANNOVER = Reader(load_process(CONTENT, locales.available(LOCALES)), Vocabularies(VOCABULARIES))
THURSDAY = "2025-11-20T10:00:00+01:00"
"""Between the first and the second of five events."""


def read(question: str, now: str = THURSDAY, language: str = "de") -> Reading:
    """What a question means at that time."""
    return HANNOVER.read(question, language, datetime.fromisoformat(now))


def told(question: str, now: str = THURSDAY, language: str = "de") -> str:
    """What it is answered with."""
    return questions.answer(read(question, now, language), HANNOVER, datetime.fromisoformat(now))
