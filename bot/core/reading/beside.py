"""Finds what people say to the bot beside its dates: about their data, about the bot itself, and words of courtesy."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import Word

ASKED = ("erasing", "readers", "anonymous", "stored", "length", "bot", "human")
"""What is asked of the bot; where a message could ask several, the first one."""
LANGUAGE = "language"
"""A whole message that names a language."""
COURTESIES = (LANGUAGE, "thanks", "farewell", "greeting")
"""What is said for its own sake, in a message that says little else."""
LONGEST = 20
"""Words; a longer message tells something, and only happens to say one of these."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What was said, by the key of `[beside]` and of its sentence, and the language it was said in."""

    about: str
    language: str


def said_beside(words: Sequence[Word], vocabularies: Iterable[Vocabulary]) -> Beside | None:
    """What a message says beside the dates; None where in no language. The first language is the one expected."""
    if not 0 < len(words) <= LONGEST:
        return None
    known = tuple(vocabularies)
    # "auf Türkisch" is German, whatever is expected.
    small = {word.text for word in words if any(vocabulary.fills(word.text) for vocabulary in known)}
    found: list[tuple[int, Beside]] = []
    for number, vocabulary in enumerate(known):
        if vocabulary.beside and (about := _about(words, small, vocabulary.beside)):
            beside = Beside(about, vocabulary.language)
            if number == 0:
                return beside
            spoken = sum(vocabulary.knows(word.text) or vocabulary.beside.knows(word.text) for word in words)
            found.append((spoken, beside))
    return max(found, key=lambda one: one[0])[1] if found else None  # "anonim" is said in several languages


def _about(words: Sequence[Word], small: Container[str], vocabulary: Vocabulary) -> str:
    """What these words say in one language; empty where nothing. Small words say nothing by themselves."""
    words = vocabulary.spelled(words)
    hits = vocabulary.hits(words)
    named = {hit.concept for hit in hits}
    if asked := next((one for one in ASKED if one in named), ""):
        return asked
    covered = {place for hit in hits for place in range(hit.start, hit.end)}
    left = sum(place not in covered and word.text not in small for place, word in enumerate(words))
    courtesy = next((one for one in COURTESIES if one in named), "")
    # "Danke, Meike" is a courtesy; a language named beside something else is what is asked about.
    return courtesy if courtesy and left <= (courtesy != LANGUAGE) else ""
