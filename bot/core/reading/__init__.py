"""Understands a citizen's question about the process and its dates: pure and deterministic."""

from bot.core.reading.beside import COURTESIES, OF_DATA
from bot.core.reading.declined import OFFICE
from bot.core.reading.learned import Learned
from bot.core.reading.reader import Reader
from bot.core.reading.reading import Intent, Reading, Span
from bot.core.reading.vocabulary import Vocabulary

__all__ = ["COURTESIES", "OFFICE", "OF_DATA", "Intent", "Learned", "Reader", "Reading", "Span", "Vocabulary"]
