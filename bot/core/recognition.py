"""Recognises a choice in what a person typed: by number, id or label, whatever its case, umlauts and small typos."""

import re
import unicodedata
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from bot.core.messages import Choice

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa"})
_NOT_WORDS = re.compile(r"[^\w]+|_+")
_INVISIBLE = {"Cc", "Cf", "Cs"}
_POSITION = re.compile(r"(?:nr|nummer|number|no|antwort|option)?[.\s#]*(\d{1,4})[.):\s]*", re.IGNORECASE)
_SIGNED = re.compile(r"\s*[-+\N{MINUS SIGN}\N{EN DASH}]\s*\d+\s*")
_SPAN = re.compile(r"\s*(\d{1,2})\s*(?:[-\N{EN DASH}\N{EM DASH}]|bis|to)\s*(\d{1,2})[\s.]*", re.IGNORECASE)
A_WORD = 4
"""Letters of a word that can stand for a whole label."""
POLITE = 4
"""Words of a polite phrase at the most."""
# Between the numbers or labels of a list: comma, semicolon, slash, ampersand, line end, or a word for "and".
_BETWEEN = re.compile(r"\s*(?:[,،、;؛/&\n]|\s(?:und|and|u\.|sowie)\s)\s*", re.IGNORECASE)


def clean(text: str) -> str:
    """Text without control characters, unpaired surrogates and direction overrides; lines and tabs stay.

    NUL cannot be stored in PostgreSQL, U+202E turns a line around for staff who read it later, and a surrogate cannot
    be written as UTF-8. Joiners inside emoji and of Persian or Hindi words (U+200C, U+200D) are kept.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        character
        for character in text
        if character in "\n\t\u200c\u200d" or unicodedata.category(character) not in _INVISIBLE
    )
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def fold(text: str) -> str:
    """Lower case, umlauts as two letters, no accents or punctuation, single spaces: "Zurück!" becomes "zurueck"."""
    if text.isascii():  # most of what is typed: nothing to normalise
        return _NOT_WORDS.sub(" ", text.casefold()).strip()
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text)).casefold().translate(_UMLAUTS)
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return _NOT_WORDS.sub(" ", text).strip()


def _spellings(text: str) -> frozenset[str]:
    """The folded text, and the one of somebody who types "burgeramt" for "Bürgeramt"."""
    if text.isascii():
        return frozenset({fold(text)}) - {""}
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return frozenset({fold(text), fold(bare)}) - {""}


@lru_cache(maxsize=4096)
def fold_label(label: str) -> str:
    """A label folded. Only labels are remembered: what people type is not kept, in memory neither."""
    return fold(label)


@lru_cache(maxsize=4096)
def _names(label: str) -> frozenset[str]:
    """Every way a label may be typed: whole, without brackets, or one of its parts around a slash or a comma."""
    parts = [label, re.sub(r"\s*\([^)]*\)", "", label), *label.split(" / "), *label.split(", ")]
    return frozenset().union(*(_spellings(part) for part in parts))


def position(typed: str) -> int | None:
    """The number in "3", "3.", "Nr. 3" or a keycap emoji; None where the message is not just a number."""
    found = _POSITION.fullmatch(_plain(typed).strip())
    return int(found[1]) if found else None


def signed(typed: str) -> bool:
    """Whether a signed number was typed ("-2"): a position has no sign, so it is asked again."""
    return _SIGNED.fullmatch(_plain(typed)) is not None


def _plain(typed: str) -> str:
    """Full-width figures as plain ones, a keycap emoji as its figure."""
    return unicodedata.normalize("NFKC", typed).replace("\ufe0f", "").replace("\u20e3", "")


def exact(typed: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice meant by its position from 1, its id (the last part of its key) or its label."""
    if not choices or signed(typed):
        return None
    number = position(typed)
    if number is not None and 1 <= number <= len(choices):
        return choices[number - 1]
    wanted = _spellings(typed)
    named = typed.strip().casefold()
    # Whoever types "satisfied" knows no ids: where labels say "fairly satisfied", it could be more than one.
    if any(named in fold_label(choice.label).split() for choice in choices):
        named = ""
    meant = [c for c in choices if wanted & _names(c.label) or (named and named == c.key.rpartition(":")[2])]
    return meant[0] if len(meant) == 1 else None


def near(typed: str, choices: Sequence[Choice]) -> Choice | None:
    """The one choice meant by a label with small typos, or by the label's first words; None where two are possible."""
    wanted = fold(typed)
    if not wanted or position(typed) is not None or signed(typed):
        return None
    begun = [choice for choice in choices if f"{fold_label(choice.label)} ".startswith(f"{wanted} ")]
    if len(begun) == 1:
        return begun[0]
    if begun:
        return None
    ranked = sorted(((_distance(wanted, choice.label), index) for index, choice in enumerate(choices)))
    if not ranked or ranked[0][0] > _allowed(wanted):
        return None
    # A second label nearly as close means that we would be guessing.
    if len(ranked) > 1 and ranked[1][0] < ranked[0][0] + 2:
        return None
    return choices[ranked[0][1]]


def within(typed: str, choices: Sequence[Choice], telling: Container[str], idle: Container[str]) -> Choice | None:
    """The one choice whose label has these words in a row: "Reisepass", "mit Termin".

    Without a word that is `telling`, such as "eher", a label means something else; `idle` ones mean nothing alone.
    """
    wanted = fold(typed).split()
    if not any(len(word) >= A_WORD and word not in idle and not word.isdigit() for word in wanted):
        return None
    found = [(choice, left) for choice in choices if (left := _around(wanted, fold_label(choice.label).split()))]
    if len(found) != 1 or any(word in telling for word in found[0][1]):
        return None
    return found[0][0]


def _around(wanted: list[str], label: list[str]) -> list[str]:
    """The words of a label around those that were typed; none where they do not stand there in a row."""
    size = len(wanted)
    places = (place for place in range(len(label) - size + 1) if label[place : place + size] == wanted)
    return next(([*label[:place], *label[place + size :]] for place in places), [])


def span(typed: str) -> range | None:
    """The positions of "1-3" or "1 bis 3"."""
    found = _SPAN.fullmatch(_plain(typed))
    return range(int(found[1]), int(found[2]) + 1) if found and int(found[1]) < int(found[2]) else None


def _distance(wanted: str, label: str) -> int:
    digits = re.findall(r"\d+", wanted)
    same_digits = (name for name in _names(label) if re.findall(r"\d+", name) == digits)
    return min((OSA.distance(wanted, name) for name in same_digits), default=99)


def _allowed(wanted: str) -> int:
    """How many slips a text of this length may have: none below five letters ("jein"), one below eight, else two."""
    letters = len(wanted)
    return 0 if letters < 5 else 1 if letters < 8 else 2


def has(folded: str, phrases: Iterable[str]) -> bool:
    """Whether one of these phrases stands, as whole words, in a folded text."""
    return any(f" {phrase} " in f" {folded} " for phrase in phrases)


def behind(typed: str, beginnings: Sequence[str]) -> str:
    """What stands behind one of these beginnings, as it was typed: its commas divide; empty where there is none."""
    words = typed.split()
    longest = max(len(beginning.split()) for beginning in beginnings) + 1  # a dash may stand between
    for count in range(1, min(len(words), longest + 1)):
        if fold(" ".join(words[:count])) in beginnings:
            return " ".join(words[count:])
    return ""


def bare(folded: str, polite: Container[str]) -> str:
    """A folded text without the polite words it begins or ends with ("pause bitte"); one word is always left."""
    words = folded.split()
    begin, end = 0, len(words)
    while end - begin > 1:
        counts = range(min(end - begin - 1, POLITE), 0, -1)
        if first := next((count for count in counts if " ".join(words[begin : begin + count]) in polite), 0):
            begin += first
        elif last := next((count for count in counts if " ".join(words[end - count : end]) in polite), 0):
            end -= last
        else:
            break
    return " ".join(words[begin:end])


def parts(typed: str) -> list[str]:
    """What stands between commas, "und" and line ends; numbers may also be divided by spaces or full stops."""
    found = [part for part in _BETWEEN.split(_plain(typed)) if part.strip()]
    if len(found) == 1 and re.fullmatch(r"\s*\d+(?:[\s.+]+\d+)*[\s.]*", found[0]):
        return re.findall(r"\d+", found[0])
    return [piece for part in found for piece in (part.split() if re.fullmatch(r"[\d\s]+", part) else [part])]
