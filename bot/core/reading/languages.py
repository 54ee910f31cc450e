"""Decides in which language a question was asked: by its script, then by whose words it uses."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from babel.core import get_global

from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import Word

ENOUGH = 0.7
"""The share of its words that the expected language has to know, so that no other is asked."""
FEW = 3
"""Letters of another script than the Latin one that are enough to decide for it."""
# How Unicode names the letters of the scripts that CLDR abbreviates; any other is compared by its own name.
_SCRIPTS = {"Latn": "LATIN", "Cyrl": "CYRILLIC", "Arab": "ARABIC", "Grek": "GREEK", "Hebr": "HEBREW"}


def language_of(text: str, words: Sequence[Word], hint: str, vocabularies: Mapping[str, Vocabulary]) -> str:
    """The language of a question; `hint` where its words leave that open."""
    spoken = [word.text for word in words if word.kind == "word"]
    if not spoken:
        return hint
    script = _script_of(text)
    candidates = [language for language in vocabularies if _script_name(language) == script]
    if not candidates:
        return hint
    shares: dict[str, float] = {}
    if hint in candidates:
        shares[hint] = _share(spoken, vocabularies[hint])
        if shares[hint] >= ENOUGH:
            return hint
    for language in candidates:
        if language != hint and "-" not in language:
            shares[language] = _share(spoken, vocabularies[language])
    # A person's own language wins where another knows only a little more.
    best = max(shares, key=lambda language: shares[language] + (0.2 if language == hint else 0.0))
    if hint in candidates and shares[best] < 0.3:
        return hint
    return best


def _share(words: Iterable[str], vocabulary: Vocabulary) -> float:
    weights = [(min(len(word), 5), vocabulary.knows(word)) for word in words]
    return sum(weight for weight, known in weights if known) / sum(weight for weight, _ in weights)


def _script_of(text: str) -> str:
    if text.isascii():
        return "LATIN"
    names = Counter(unicodedata.name(c, "").partition(" ")[0] for c in text[:200] if c.isalpha())
    # Venues are cited in Latin letters in every script: "Am Schützenplatz 1 це якого числа?"
    own = [(count, name) for name, count in names.items() if name != "LATIN" and count >= FEW]
    return max(own)[1] if own else "LATIN"


@lru_cache(maxsize=64)
def _script_name(language: str) -> str:
    likely = str(get_global("likely_subtags").get(language.partition("-")[0], "_Latn_"))
    abbreviated = next((part for part in likely.split("_") if len(part) == 4), "Latn")
    return _SCRIPTS.get(abbreviated, abbreviated.upper())
