"""Understands a citizen's question about the process and its dates: pure, deterministic, from vocabularies and content."""

from bot.core.reading.decision import Reader
from bot.core.reading.reading import Intent, Reading, Span
from bot.core.reading.vocabulary import Vocabulary

__all__ = ["Intent", "Reader", "Reading", "Span", "Vocabulary"]
