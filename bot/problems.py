"""Reads a TOML file into structs and collects every problem on the way: file, place, remedy, never just the first."""

import difflib
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from bot.lines import Keys, Lines

T = TypeVar("T", bound=msgspec.Struct)
Table = dict[str, Any]


UNREADABLE: dict[str, Any] = {}
UNREADABLE_LIST: list[Any] = []
UNREADABLE_NAME = "unreadable_"
UNREADABLE_TIME = datetime(2100, 1, 1)  # noqa: DTZ001 - local time, as organisers write it
"""Stand for a table, a list, a text, a time that could not be read; rules pass them by."""


class UserError(Exception):
    """Something a person can mend: one sentence with what, where and what to do. It ends the command."""


class WrongUsage(UserError):
    """A command lacks something, or has what does not go together: exit code 2, like every mistake in its arguments."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding: where it is, what is wrong, what to do. `only_live` ones matter from the day citizens come."""

    file: str
    line: int
    place: str
    wrong: str
    remedy: str
    only_live: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.place}: {self.wrong}. {self.remedy}"


class Unreadable(UserError):
    """A file or folder with problems; `problems` has all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        more = f" ({len(self.problems) - 1} more: mitreden check)" if len(self.problems) > 1 else ""
        super().__init__(f"{self.problems[0]}{more}")


@dataclass
class Findings:
    """Collects the problems of one file; sub-findings report to the same list.

    `place` says in words what they are about, `keys` lead to it in the file: there is the line of a problem.
    """

    file: str
    problems: list[Problem] = field(default_factory=list)
    place: str = "top"
    keys: Keys = ()
    lines: Lines = field(default_factory=Lines)

    def at(self, place: str, *keys: str | int) -> "Findings":
        """The findings of another place of the file."""
        return Findings(self.file, self.problems, place, keys, self.lines)

    def within(self, *keys: str) -> "Findings":
        """The findings of what stands in this place under these keys, by their names."""
        return self.part(", ".join(keys), *keys)

    def part(self, name: str, *keys: str | int) -> "Findings":
        """The findings of a part of this place that has a name of its own: "option 2" is at ("options", 1)."""
        return self.at(name if self.place == "top" else f"{self.place}, {name}", *self.keys, *keys)

    def add(self, wrong: str, remedy: str, *keys: str, only_live: bool = False) -> None:
        """A problem of this place, or of what stands in it under these keys."""
        line = self.lines.of((*self.keys, *keys))
        self.problems.append(Problem(self.file, line, self.place, wrong, remedy, only_live))


def read_toml(path: Path, findings: Findings) -> Table | None:
    """The file as plain tables; None, with a finding, where it is missing or not TOML."""
    text = ""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        findings.lines = Lines(text)
        return tomllib.loads(text)
    except FileNotFoundError:
        findings.add("the file is missing", "Copy it from the shipped content: mitreden init FOLDER.")
    except UnicodeDecodeError as error:
        findings.add(f"byte {error.start} is not UTF-8", "Save the file as UTF-8 in your editor.")
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"(.*?) \(at line (\d+), column (\d+)\)", str(error))
        line = int(found[2]) if found else 0
        what = f"{found[1]}, column {found[3]}" if found else str(error)
        written = (text.split("\n")[line - 1 : line] or [""])[0]
        remedy = _toml_remedy(str(error), written)
        findings.problems.append(Problem(findings.file, line, "TOML", f"not valid TOML: {what}", remedy))
    except OSError as error:
        findings.add(f"cannot be read: {error.strerror}", "Check the path and its permissions.")
    return None


_WRITTEN_BY_HABIT = (
    (
        r"=\s*\d{4}-\d{1,2}-\d{1,2}",
        "There is no such day or time. Write one of the calendar, like 2025-12-03T18:00:00.",
    ),
    (r"=\s*\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}", "Write a date like 2025-12-14, with a time like 2025-12-03T18:00:00."),
    (r"=\s*-?\d+,\d", "Write a decimal point instead of the comma: 52.37."),
    ("=\\s*[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]", 'Use straight quotation marks: "…".'),
    (r"=\s*[^\W\d]", "Put texts in quotation marks; yes and no are written true and false."),
)
"""How people write values who do not know TOML: what comes behind the equals sign, and what to do about it."""


def _toml_remedy(error: str, line: str) -> str:
    if "overwrite" in error or "declare" in error:
        name = re.match(r"\s*\[+\s*([\w-]+)", line)
        table = name[1] if name else "question"
        return f"A key or table stands there twice. A list of tables has double brackets: [[{table}]]."
    if "Invalid date" in error:
        return "There is no such day or time. Write one of the calendar, like 2025-12-03T18:00:00."
    by_habit = (remedy for habit, remedy in _WRITTEN_BY_HABIT if re.search(habit, line))
    return next(by_habit, "Check quotation marks, brackets and commas there.")


def struct_of(table: object, kind: type[T], findings: Findings, *, rest: bool = False) -> T | None:
    """A table as a struct, None where it is no table. Unknown keys are findings, unless `rest`.

    Every field is converted by itself, and a missing or wrong one is filled with a value that breaks no rule, so that
    one mistake hides no other. Whatever has findings is not used in the end.
    """
    if not isinstance(table, dict):
        findings.add("a table is expected here", "Write it as key = value lines or { key = value }.")
        return None
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    if not rest:
        for key in unknown_keys(table, fields):
            findings.add(f'unknown key "{key}"', _did_you_mean(key, fields), key)
    values = {}
    for name, described in fields.items():
        if name not in table:
            if described.required:
                findings.add(f'"{name}" is missing', f"Add {name} = … here.")
                values[described.name] = _filling(name, described.type)
            continue
        try:
            values[described.name] = msgspec.convert(table[name], described.type)
        except msgspec.ValidationError as error:
            findings.add(f'"{name}" does not fit: {plainly(error)}', _example(described.type), name)
            values[described.name] = _filling(name, described.type)
    return kind(**values)


_numbers = itertools.count(1)


def _filling(name: str, kind: Any) -> Any:
    """A value of a kind that no rule finds fault with."""
    text = str(kind)
    if kind is str:
        return f"{UNREADABLE_NAME}{next(_numbers)}"
    if kind is bool or kind is int:
        return kind(1)
    if "datetime.datetime" in text:
        return UNREADABLE_TIME
    if "datetime.date" in text:
        return date(2100, 1, 1) if name in {"closes", "latest"} else date(1970, 1, 1)
    if text.startswith("list"):
        return UNREADABLE_LIST
    return UNREADABLE


def unknown_keys(table: Mapping[str, object], known: Mapping[str, object]) -> Iterator[str]:
    """The keys of a table that nothing reads."""
    return (key for key in table if key not in known)


def _did_you_mean(key: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f'Did you mean "{close[0]}"?' if close else f"Known here: {', '.join(sorted(known))}."


def _example(kind: Any) -> str:
    """What a value of a kind looks like."""
    if get_origin(kind) is Literal:
        return f"Write one of: {', '.join(str(word) for word in get_args(kind))}."
    kind = str(kind)
    if "datetime.datetime" in kind:
        return "Write it without quotation marks, such as 2025-12-03T18:00:00."
    if "datetime.date" in kind:
        return "Write it without quotation marks, such as 2025-12-14."
    return "Write a value of that kind."


def plainly(error: msgspec.ValidationError) -> str:
    """msgspec's "Expected `int`, got `str`" in an organiser's words."""
    words = {"str": "a text in quotation marks", "int": "a whole number", "float": "a number", "bool": "true or false"}
    words |= {"array": "a list in square brackets", "object": "a table", "date": "a date such as 2025-12-14"}
    words |= {"datetime": "a date with time such as 2025-12-03T18:00:00"}
    if unknown := re.match(r"Invalid enum value '(.*)'", str(error)):
        return f'"{unknown[1]}" is not known'
    found = re.match(r"Expected `([^`]+)`, got `([^`]+)`", str(error))
    if not found:
        return str(error).partition(" - at")[0]
    expected = " or ".join(words.get(kind, kind) for kind in found[1].split(" | ") if kind != "null")
    return f"{expected} is expected, not {words.get(found[2], found[2])}"
