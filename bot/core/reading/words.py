"""Cuts what somebody typed into words and numbers, folded so that spellings of the same word meet."""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 500
"""Characters that are read; no question about a date needs more."""

# In French only its accent tells "où" (where) from "ou" (or).
# One Arabic letter for those that keyboards and habits exchange; Latin letters that no decomposition simplifies.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "œ": "oe", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك"}
    | {
        "ة": "ه",
        "ۀ": "ه",
        "ە": "ه",
        "ٱ": "ا",
        "ـ": "",
        "ґ": "г",
        "ё": "е",
        "ù": "uu",
        "’": "'",
        "ʼ": "'",
        "´": "'",
        "`": "'",
    }
)
# "oe" is what people without umlauts type for "ö", and "o" what others do: all three become "o". In "neuen" is no "ü".
_UMLAUTS = re.compile(r"([ao]|(?<!e)u)e")
_REPEATED = re.compile(r"([^\W\d])\1{2,}")
_TOKEN = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})\b|\d{1,2}\s?\.\s?\d{1,2}\s?\.(?!\d)|\d{1,2}[./]\d{1,2}(?![\d:]))"
    r"|(?P<clock>\d{1,2}[:h]\d{2}\b)"
    r"|(?P<number>\d+)(?P<ordinal>\.(?!\d)|(?:st|nd|rd|th|t?er|t?e[ns]?|ste[nrs]?|ere|ème|eme|º|ª|-?(?:е|є|й|ий|ый|я|ша|тя|та|те|ше|тє))\b)?"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<stop>[?!.;,:…؟،؛\n]|\s[-–—]\s|[()]+(?=\s|$))"
)
_SENTENCE_ENDS = {"", ".", "?", "!", ":", "…", "؟", '"', "„", "»", "“"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word or number. `kind` is word, number, ordinal (a number with a full stop or "th"), date or clock.

    `text` is folded; `clause` counts the parts of the message between punctuation marks; `joined` is whether a
    hyphen ties it to the word before; `capital` whether it begins with a capital letter inside a sentence; `umlaut`
    whether an "ä" was typed, which folding hides: "wäre" is no "war".
    """

    text: str
    kind: str
    clause: int
    joined: bool = False
    capital: bool = False
    umlaut: bool = False


def fold(word: str) -> str:
    """A word without case, accents and umlauts: "Döhren", "Doehren" and "dohren" are the same afterwards."""
    if word.isascii():
        bare = word.casefold()
    else:
        bare = unicodedata.normalize("NFKC", word).casefold().translate(_LETTERS)
        bare = "".join(c for c in unicodedata.normalize("NFD", bare) if not unicodedata.combining(c))
    return _REPEATED.sub(r"\1", _UMLAUTS.sub(r"\1", bare))


def split(text: str) -> list[Word]:
    """The words and numbers of a text, in order. Figures of every script are read."""
    text = text[:LONGEST]
    if not text.isascii():
        text = "".join(_figure(c) if c.isdigit() else c for c in unicodedata.normalize("NFKC", text))
    found: list[Word] = []
    clause = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "stop":
            clause += 1
        elif kind == "word":
            inside = bool(found) and text[max(0, match.start() - 3) : match.start()].rstrip()[-1:] not in _SENTENCE_ENDS
            capital = inside and match[0][0].isupper() and not match[0].isupper()
            joined = text[match.start() - 1 : match.start()] == "-"
            found.append(Word(fold(match[0]), "word", clause, joined, capital, "ä" in match[0]))
        elif kind in {"date", "clock"}:
            found.append(Word(re.sub(r"\s", "", match[0]), kind, clause))
        elif kind == "ordinal":
            found.append(Word(match["number"], "ordinal", clause))
        else:
            found.append(Word(match["number"], "number", clause))
    return found


def _figure(character: str) -> str:
    value = unicodedata.digit(character, None)
    return character if value is None else str(value)
