"""In which line of a TOML file something stands: a table, a key, the third of the [[question]] tables."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any

Keys = tuple[str | int, ...]
"""The way to a value through tables and lists: ("question", 2, "text", "en")."""


class Lines:
    """The lines of one file's text, found when the first of them is wanted."""

    def __init__(self, text: str = "") -> None:
        self._text = text

    def of(self, keys: Keys) -> int:
        """The line, from 1, of what these lead to, or of the nearest that holds it; 0 where nothing of it is there."""
        while keys and keys not in self._found:
            keys = keys[:-1]
        return self._found.get(keys, 0)

    @cached_property
    def _found(self) -> dict[Keys, int]:
        found: dict[Keys, int] = {}
        entries: Counter[Keys] = Counter()
        table: Keys = ()
        for line, brackets, names in _statements(self._text):
            keys: Keys = () if brackets else table
            for number, name in enumerate(names, 1):
                keys = (*keys, name)
                found.setdefault(keys, line)
                if brackets == 2 and number == len(names):
                    entries[keys] += 1
                if brackets and keys in entries:
                    keys = (*keys, entries[keys] - 1)
                    found.setdefault(keys, line)
            table = keys if brackets else table
        return found


def _statements(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """The line of every header and key, how many brackets it begins with, and its dotted name in parts."""
    begun, written = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        begun = begun if written else number
        written = f"{written}{line}\n".lstrip(" \t")
        try:
            value: Any = tomllib.loads(written)
        except tomllib.TOMLDecodeError:
            continue  # a text or list that goes on in the next line
        brackets = len(written) - len(written.lstrip("["))
        names = []
        while isinstance(value, dict) and len(value) == 1:
            ((name, value),) = value.items()
            names.append(name)
            value = value[0] if brackets == 2 and isinstance(value, list) else value
        if names:
            yield begun, brackets, names
        written = ""
