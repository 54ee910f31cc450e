"""The configuration: environment over file over default, every mistake named with its remedy."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from bot.problems import Findings, UserError, struct_of


class ProcessSection(msgspec.Struct):
    folder: str = ""


class StorageSection(msgspec.Struct):
    url: str = "sqlite:///data/mitreden.db"
    key_file: str = "data/mitreden.key"
    key: str = ""


class Config(msgspec.Struct):
    """All settings. `base` is the folder that relative paths count from."""

    process: ProcessSection
    storage: StorageSection
    base: Path


SECTIONS: dict[str, type[msgspec.Struct]] = {"process": ProcessSection, "storage": StorageSection}


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """The settings of a file, or of `config.toml` in the current folder, or the defaults. Raises UserError."""
    file = path or Path("config.toml")
    if path is None and not file.exists():
        tables: dict[str, Any] = {}
        base = Path.cwd()
    else:
        tables, base = _read(file), file.resolve().parent
    findings = Findings(str(file))
    for name in tables:
        if name not in SECTIONS:
            findings.add(f"unknown section [{name}]", f"Known: {', '.join(f'[{known}]' for known in SECTIONS)}.")
    sections = {}
    for name, kind in SECTIONS.items():
        table = dict(tables.get(name) or {}) | _from_environment(name, kind, environment)
        sections[name] = struct_of(table, kind, findings.at(f"[{name}]"))
    if findings.problems:
        raise UserError(str(findings.problems[0]))
    return Config(**sections, base=base)  # type: ignore[arg-type]


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{file}: there is no such file. Name another with --config, or leave it out.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read. Check its permissions and that it is UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{file}: not valid TOML: {error}. Compare it with config.example.toml.") from error


def _from_environment(section: str, kind: type[msgspec.Struct], environment: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says about a section: MITREDEN_STORAGE_URL is [storage] url."""
    found: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        variable = f"MITREDEN_{section}_{name}".upper()
        if variable in environment:
            try:
                found[name] = msgspec.convert(environment[variable], hint, strict=False)
            except msgspec.ValidationError as error:
                expected = " or ".join(str(part) for part in get_args(hint)) or hint.__name__
                raise UserError(f"{variable}: {expected} is expected. Correct or unset it.") from error
    return found
