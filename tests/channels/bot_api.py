"""Requests held against the Bot API's description, so that a bot that passes here sends nothing Telegram refuses."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

DESCRIPTION = Path(__file__).parents[3] / "shared" / "bot-api" / "api.json"
"""Lies beside the repository: https://github.com/PaulSonOfLars/telegram-bot-api-spec"""
_ARRAY = "Array of "
_CONSTANT = re.compile(r"(?:always|must be) [\"“]?(\w+)[\"”]?$")
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_TEXTS = re.compile(
    r"\w*text|caption|parse_mode|\w+_query_id|\w*url|secret_token|title|address|action|\w*description|language_code"
    r"|document|photo|inline_message_id"
)
"""Fields that are text, for reading forms where the description is missing."""


@dataclass(frozen=True)
class File:
    """A file that came as a part of a multipart request."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


class Refusal(Exception):
    """An answer that is not ok: code and description as Telegram gives them; `violation` where the bot is to blame."""

    def __init__(self, code: int, description: str, *, violation: bool = False, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.violation = violation
        self.parameters = parameters


def available() -> bool:
    """Say whether requests are held against the description, or against the built-in rules only."""
    return DESCRIPTION.is_file()


class BotApi:
    """The described methods and types; without the file nothing is described, and every request matches."""

    def __init__(self, path: Path = DESCRIPTION) -> None:
        described = _load(path) if path.is_file() else {"methods": {}, "types": {}}
        self._methods: dict[str, Json] = described["methods"]
        self._types: dict[str, Json] = described["types"]

    def has(self, method: str) -> bool:
        """Whether the Bot API has such a method."""
        return method in self._methods

    def read(self, method: str, raw: Mapping[str, Any]) -> Json:
        """Give every value the type of its field: forms carry text only, and Telegram reads text in JSON the same."""
        kinds = {one["name"]: one["types"] for one in self._fields(method)}
        unknown = "String" if self.has(method) else "JSON"
        params = {}
        for name, value in raw.items():
            guess = "String" if _TEXTS.fullmatch(name) else unknown
            params[name] = _read(value, kinds.get(name, [guess])) if isinstance(value, str) else value
        return params

    def mismatches(self, method: str, params: Json) -> list[str]:
        """What the description does not allow: missing, unknown and wrongly typed fields, at any depth."""
        if not self.has(method):
            return []
        files = {name for name, value in params.items() if isinstance(value, File)}
        wanted = set(re.findall(r'"attach://([^"\\]+)"', json.dumps(params, default=repr)))
        given = {name: value for name, value in params.items() if name not in files & wanted}
        found = self._check_fields(self._fields(method), given, method)
        return found + [f"{method}: attach://{name} has no file" for name in sorted(wanted - files)]

    def check(self, kind: str, value: Any) -> list[str]:
        """What is wrong with a value of a described type, such as Update."""
        return self._check(kind, value, kind) if self._types else []

    def _fields(self, method: str) -> Sequence[Json]:
        fields: Sequence[Json] = self._methods.get(method, {}).get("fields", ())
        return fields

    def _check_fields(self, fields: Sequence[Json], value: Mapping[str, Any], at: str) -> list[str]:
        known = {one["name"]: one for one in fields}
        found = [f"{at}: unknown field {name}" for name in value if name not in known]
        for name, one in known.items():
            if name in value:
                found += self._check_any(one["types"], value[name], f"{at}.{name}")
            elif one["required"]:
                found.append(f"{at}: {name} is missing")
        return found

    def _check_any(self, kinds: Sequence[str], value: Any, at: str) -> list[str]:
        """Of several types it is the one with the fewest objections that was meant."""
        if isinstance(value, list) and len(kinds) > 1 and all(kind.startswith(_ARRAY) for kind in kinds):
            items = [kind.removeprefix(_ARRAY) for kind in kinds]
            return [problem for n, one in enumerate(value) for problem in self._check_any(items, one, f"{at}[{n}]")]
        possible = [kind for kind in kinds if not self._contradicts(kind, value)]
        if not possible:
            return [f"{at}: {_shown(value)} is none of {', '.join(kinds)}"]
        fewest: list[str] | None = None
        for kind in possible:
            found = self._check(kind, value, at)
            if fewest is None or len(found) < len(fewest):
                fewest = found
        return fewest or []

    def _check(self, kind: str, value: Any, at: str) -> list[str]:
        if kind.startswith(_ARRAY):
            if not isinstance(value, list):
                return [f"{at}: {_shown(value)} is not {kind}"]
            item = kind.removeprefix(_ARRAY)
            return [problem for n, one in enumerate(value) for problem in self._check(item, one, f"{at}[{n}]")]
        if kind in _PRIMITIVES:
            return [] if _PRIMITIVES[kind](value) else [f"{at}: {_shown(value)} is not {kind}"]
        definition = self._types[kind]
        if "subtypes" in definition:
            return self._check_any(definition["subtypes"], value, at)
        if not isinstance(value, dict):
            return [f"{at}: {_shown(value)} is not {kind}"]
        return self._check_fields(definition.get("fields", ()), value, at)

    def _contradicts(self, kind: str, value: Any) -> bool:
        """Whether the value says of itself that it is another type of the family, as in `"type": "photo"`."""
        definition = self._types.get(kind, {})
        if not isinstance(value, dict) or "subtype_of" not in definition:
            return False
        constants = {one["name"]: _CONSTANT.search(one["description"]) for one in definition.get("fields", ())}
        return any(found and value.get(name, found[1]) != found[1] for name, found in constants.items())


@cache
def _load(path: Path) -> Json:
    described: Json = json.loads(path.read_text(encoding="utf-8"))
    return described


def _read(value: str, kinds: Sequence[str]) -> Any:
    if "String" in kinds:
        return int(value) if "Integer" in kinds and re.fullmatch(r"-?[0-9]{1,18}", value) else value
    if "Boolean" in kinds:
        return _BOOLEANS.get(value.lower(), value)
    try:
        return json.loads(value)
    except ValueError:
        return value


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_PRIMITIVES: dict[str, Callable[[Any], bool]] = {
    "Integer": _is_whole,
    "Float": lambda value: _is_whole(value) or isinstance(value, float),
    "Boolean": lambda value: isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "InputFile": lambda value: isinstance(value, File) or (isinstance(value, str) and value.startswith("attach://")),
}
