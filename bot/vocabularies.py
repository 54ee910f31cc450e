"""Reads the vocabularies of `locales/reading` and what was learned: each when it is first needed, or all at once."""

import tomllib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from babel import Locale, UnknownLocaleError

from bot.core.reading import Learned, Vocabulary
from bot.core.reading.learned import INTENTS, Weights
from bot.core.texts import Texts
from bot.problems import UserError

APART = ("beside", "form")
"""Sections whose words change nothing in how questions about the dates are read."""
ROW = msgspec.json.Decoder(tuple[str, list[int]])
SHARED = "shared"
"""The name of the file of what all languages have in common."""


class Vocabularies(Mapping[str, Vocabulary]):
    """Every language that questions are understood in, by its tag. One that is wanted for the first time is read."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob("*.toml"))}

    def __getitem__(self, language: str) -> Vocabulary:
        return load(self._paths[language])

    def read_all(self) -> None:
        """Read all of them now, and what was learned of them: half a second. Raises UserError where that cannot be."""
        for vocabulary in self.values():
            _ = vocabulary.learned

    def __contains__(self, language: object) -> bool:
        return language in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class Rows:
    """Rows of small whole numbers by their names, in a tenth of the memory of lists in a dictionary.

    Of a name only its hash is kept, which has 64 bits: two of 30,000 share one in one of ten billion starts.
    Raises ValueError where a row has another length, OverflowError where a number has more than 16 bits.
    """

    def __init__(self, length: int, rows: Iterable[tuple[str, Sequence[int]]]) -> None:
        self._length = length
        self._numbers = array("h")
        hashes = array("q")
        for name, row in rows:
            if len(row) != length:
                raise ValueError(f'"{name}" has {len(row)} numbers, not {length}')
            hashes.append(hash(name))
            self._numbers.extend(row)
        self._order = array("i", sorted(range(len(hashes)), key=hashes.__getitem__))
        self._hashes = array("q", map(hashes.__getitem__, self._order))

    def get(self, name: str) -> Sequence[int] | None:
        """The row of that name."""
        wanted = hash(name)
        at = bisect_left(self._hashes, wanted)
        if at == len(self._hashes) or self._hashes[at] != wanted:
            return None
        place = self._order[at] * self._length
        return self._numbers[place : place + self._length]


@cache
def load(path: Path) -> Vocabulary:
    """The vocabulary of one file, read once in a process. Raises UserError where it cannot be or has another form."""
    table = _table(path)
    shared = load(path.with_name(f"{table['words_of']}.toml")) if "words_of" in table else None
    sentences = _subjects(shared.sentences) if shared else {}
    sentences |= {name: (text,) for name, text in _flat(table.get("sentences", {}), path)}
    sentences |= {f"subject.{name}": (text,) for name, text in _flat(table.get("subject_name", {}), path)}
    language = path.stem
    of_words = language.partition("-")[0]
    try:
        locale = str(Locale.parse(of_words))
    except (UnknownLocaleError, ValueError) as error:
        raise UserError(
            f'{path}: the calendar knows no language "{language}". Name the file by a language tag.'
        ) from error
    texts = Texts(language, locale, sentences, lambda count: 0)
    if shared:
        return shared.saying(language, texts)
    entries = {
        (key if section == "concepts" else f"{section}.{key}" if section != "calendar_week" else section): _listed(text)
        for section, content in table.items()
        if isinstance(content, dict) and section not in {"sentences", "subject_name", "spellings", *APART}
        for key, text in _flat(content, path)
    }
    spellings = {word: _listed(others) for word, others in _flat(table.get("spellings", {}), path)}
    apart = {
        section: Vocabulary(
            language,
            {key: _listed(text) for key, text in _flat(table[section], path)},
            texts,
            spellings=spellings,
        )
        for section in APART
        if section in table
    }
    return Vocabulary(
        language,
        entries,
        texts,
        sounds=table.get("sounds", ()),
        endings=_listed(table.get("endings", "")),
        prefixes=_listed(table.get("prefixes", "")),
        right_words=_listed(table.get("right_words", "")),
        spellings=spellings,
        capital_nouns=table.get("capital_nouns") == "yes",
        learn=lambda: Learned(*(weights(path.parent / "learned" / f"{name}.jsonl") for name in (of_words, SHARED))),
        beside=apart.get("beside"),
        form=apart.get("form"),
    )


def _subjects(sentences: Texts) -> dict[str, tuple[str, ...]]:
    """What is not known and declined by name, as a language calls it."""
    return {name: (sentences(name),) for name in sentences.names() if name.startswith("subject.")}


@cache
def weights(file: Path) -> Weights:
    """What was learned of one language, or of all, read once in a process; nothing where nobody has learned it yet."""
    if not file.exists():
        return {}
    try:
        with file.open("rb") as lines:
            return Rows(1 + len(INTENTS), map(ROW.decode, lines))
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(f"{file}: no weights can be read from it ({error}). Restore the shipped ones.") from error


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path}: no vocabulary can be read from it ({error}). Restore the shipped one.") from error


def _flat(section: Any, path: Path, above: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a section by their names; `format.date` is nested in TOML."""
    if not isinstance(section, dict):
        raise UserError(f"{path}: a section is expected, not {section!r}. Write [name] above its keys.")
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _flat(value, path, f"{above}{key}.")
        elif isinstance(value, str):
            yield f"{above}{key}", value
        else:
            raise UserError(
                f'{path}: "{above}{key}" is not a text. Write its words in quotation marks, divided by commas.'
            )


def _listed(text: str) -> list[str]:
    return [piece for part in text.replace("،", ",").split(",") if (piece := " ".join(part.split()))]
