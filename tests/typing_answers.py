"""Messages that answer a question of a survey, and what they are taken for."""

import pytest

from bot import locales
from bot.content import load_process
from bot.core.questions.question import Option, Question
from bot.core.questions.several import SeveralQuestion
from bot.core.recognition import clean
from bot.core.values import Value
from bot.paths import CONTENT, LOCALES
from tests.talk import BEISPIELSTADT

SPOKEN = {language: locales.load(LOCALES, language) for language in locales.available(LOCALES)}
GERMAN = SPOKEN["de"]
PROCESSES = [load_process(folder, list(SPOKEN)) for folder in (CONTENT, BEISPIELSTADT)]


def messages(*typed: str) -> pytest.MarkDecorator:
    """The test runs once for each of these messages."""
    return pytest.mark.parametrize("typed", typed)


def answer(question: Question, typed: str, language: str = "de") -> Value | None:
    """What a cleaned message answers, small typos overlooked."""
    t = SPOKEN[language]
    value = question.read(clean(typed), t)
    return question.guess(clean(typed), t) if value is None else value


def several(*labels: str, at_most: int | None = None) -> SeveralQuestion:
    """A question whose options have the ids a, b, c."""
    options = tuple(Option(name, dict.fromkeys(SPOKEN, label)) for name, label in zip("abcde", labels, strict=False))
    return SeveralQuestion(id="x", text={}, short={}, options=options, at_most=at_most)
