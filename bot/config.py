"""The configuration: environment over file over default, every mistake named with its remedy."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec

from bot.core.messages import Address
from bot.lines import Lines
from bot.problems import Findings, Problem, Unreadable, UserError, struct_of


class ProcessSection(msgspec.Struct):
    folder: str = ""


class StorageSection(msgspec.Struct):
    url: str = "sqlite:///data/mitreden.db"
    key_file: str = "data/mitreden.key"
    key: str = ""


class TelegramSection(msgspec.Struct):
    token: str = ""
    token_file: str = ""
    api_url: str = "https://api.telegram.org"
    per_second: float = 30.0
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_port: int = 8080


class MatrixSection(msgspec.Struct):
    homeserver: str = ""
    user: str = ""
    password: str = ""
    password_file: str = ""
    token: str = ""
    store: str = "data/matrix"
    encryption: Literal["required", "allowed", "off"] = "allowed"
    staff_servers: list[str] = []
    per_second: float = 10.0


class RemindersSection(msgspec.Struct):
    quiet_hours: str = "21:00-08:00"
    silent_on_sundays: bool = True
    silent_on_holidays_of: str = "DE-NI"
    unfinished_survey: bool = True


class StaffSection(msgspec.Struct):
    four_eyes: bool = True
    room: str = ""


class MetricsSection(msgspec.Struct):
    port: int = 0


class Config(msgspec.Struct, kw_only=True):
    """All settings. `base` is the folder that relative paths count from."""

    base: Path
    process: ProcessSection = msgspec.field(default_factory=ProcessSection)
    storage: StorageSection = msgspec.field(default_factory=StorageSection)
    telegram: TelegramSection = msgspec.field(default_factory=TelegramSection)
    matrix: MatrixSection = msgspec.field(default_factory=MatrixSection)
    reminders: RemindersSection = msgspec.field(default_factory=RemindersSection)
    staff: StaffSection = msgspec.field(default_factory=StaffSection)
    metrics: MetricsSection = msgspec.field(default_factory=MetricsSection)


SECTIONS: dict[str, type[msgspec.Struct]] = {
    "process": ProcessSection,
    "storage": StorageSection,
    "telegram": TelegramSection,
    "matrix": MatrixSection,
    "reminders": RemindersSection,
    "staff": StaffSection,
    "metrics": MetricsSection,
}


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """The settings of a file, or of `config.toml` in the current folder, or the defaults. Raises Unreadable."""
    config, problems = examine(path, environment)
    if problems:
        raise Unreadable(problems)
    return config


def examine(path: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[Config, list[Problem]]:
    """The settings as far as they can be read, and everything that is wrong with them. Raises UserError."""
    file = path or Path("config.toml")
    if path is None and not file.exists():
        text, base = "", Path.cwd()
    else:
        text, base = _read(file), file.resolve().parent
    tables = _parsed(text, file)
    findings = Findings(str(file), lines=Lines(text))
    for name in tables:
        if name not in SECTIONS:
            known = ", ".join(f"[{section}]" for section in SECTIONS)
            findings.add(f"unknown section [{name}]", f"Known: {known}.", name)
    sections = {}
    for name, kind in SECTIONS.items():
        place = findings.at(f"[{name}]", name)
        table = tables.get(name, {})
        if not isinstance(table, dict):
            place.add("this is not a section", f"Write [{name}] on a line of its own.")
            table = {}
        sections[name] = struct_of(table | _from_environment(name, kind, environment), kind, place)
    return Config(**sections, base=base), findings.problems  # type: ignore[arg-type]


def telegram_token(config: Config) -> str:
    """The token from the settings or its file; empty where Telegram is not used. Raises UserError."""
    section = config.telegram
    token = section.token
    if not token and section.token_file:
        path = config.base / section.token_file
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: the token file cannot be read. Check [telegram] token_file.") from error
    number, _, secret = token.partition(":")
    if token and not (number.isdigit() and secret and token.isascii() and token.isprintable() and " " not in token):
        raise UserError("[telegram] token: this is not a token. Copy it whole from @BotFather: 123456789:ABC…")
    return token


def matrix_password(config: Config) -> str:
    """The password from the settings or its file; empty where there is none. Raises UserError."""
    section = config.matrix
    if section.password or not section.password_file:
        return section.password
    path = config.base / section.password_file
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: the password file cannot be read. Check [matrix] password_file.") from error


def staff_room(section: StaffSection) -> Address | None:
    """The room in which staff are told of announcements; None where there is none. Raises UserError."""
    if not section.room:
        return None
    if re.fullmatch(r"-?\d{5,20}", section.room):
        return Address("telegram", "", section.room)
    if re.fullmatch(r"![^\s:]+(?::\S+)?", section.room):
        return Address("matrix", "", section.room)
    raise UserError('[staff] room has to be the id of a room: "!abc:example.org" or "-1001234567890". Correct it.')


def check_matrix(section: MatrixSection) -> None:
    """A homeserver's address and a user of it. Raises UserError."""
    address = urlsplit(section.homeserver)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise UserError("[matrix] homeserver has to be an address such as https://matrix.example.org. Correct it.")
    if address.scheme == "http" and not _loopback(address.hostname):
        raise UserError("[matrix] homeserver has to begin with https://, or passwords and tokens could be read.")
    if not re.fullmatch(r"@[a-z0-9._=/+-]+:[A-Za-z0-9.:\[\]-]+", section.user):
        raise UserError("[matrix] user has to be a whole Matrix ID such as @mitreden:example.org. Correct it.")


def check_webhook(section: TelegramSection) -> None:
    """A webhook needs an https address and a secret that nobody guesses. Raises UserError."""
    address = urlsplit(section.webhook_url)
    if address.scheme != "https" and address.hostname not in {"127.0.0.1", "localhost"}:
        raise UserError("[telegram] webhook_url has to begin with https://. Correct it, or empty it to fetch updates.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", section.webhook_secret):
        raise UserError("[telegram] webhook_secret needs 16 to 256 of A-Z, a-z, 0-9, _ and -. Write a random one.")


def quiet_hours(section: RemindersSection) -> tuple[time, time]:
    """From when to when nobody is disturbed, in wall time; the same twice where there are no such hours.

    Raises UserError.
    """
    if not section.quiet_hours:
        return time(), time()
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in section.quiet_hours.split("-"))
    except ValueError as error:
        raise UserError(
            '[reminders] quiet_hours cannot be read. Write it like "21:00-08:00", or "" for none.'
        ) from error
    return begin, end


def only_on_this_machine(config: Config) -> bool:
    """Whether every configured server is on loopback, so that no citizen can be met by a rehearsal."""
    servers = [config.telegram.api_url] if telegram_token(config) else []
    servers += [config.matrix.homeserver] if config.matrix.homeserver else []
    return all(_loopback(urlsplit(server).hostname or "") for server in servers)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UserError(f"{file}: there is no such file. Name another with --config, or leave it out.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read. Check its permissions and that it is UTF-8.") from error


def _parsed(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
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
