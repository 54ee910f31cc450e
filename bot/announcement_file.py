"""Reads an announcement from a TOML file: its texts, whom it is for, its picture; every mistake with its remedy."""

import re
import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import msgspec

from bot.core import markup
from bot.core.announcement import LONGEST, LONGEST_WITH_PICTURE, Announcement
from bot.core.audience import Audience, Rooms, Stage
from bot.core.messages import Attachment
from bot.core.picture import examined
from bot.core.process import Process
from bot.core.recognition import clean
from bot.problems import UserError, plainly

FIELDS = ("channel", "language", "stage", "event", "rooms")


class _Chosen(msgspec.Struct, forbid_unknown_fields=True):
    channel: str = ""
    language: str = ""
    stage: str = ""
    event: str = ""
    rooms: str = "none"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    text: dict[str, str]
    audience: _Chosen = msgspec.field(default_factory=_Chosen)
    picture: str = ""
    expires_hours: float = 24.0


def read(path: Path, chosen: str, at: datetime | None, process: Process) -> tuple[Announcement, Attachment | None]:
    """An announcement and its picture; `chosen` is what the command line says of the audience. Raises UserError."""
    try:
        tables = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        file = msgspec.convert(tables, _File)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read. Name a TOML file in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not valid TOML: {error}. Correct that line.") from error
    except msgspec.ValidationError as error:
        place = str(error).partition(" - at `$.")[2].rstrip("`")
        wrong = plainly(error).replace("Object contains unknown field", "nothing reads").replace("`", '"')
        raise UserError(
            f"{path}{f': {place}' if place else ''}: {wrong}. It needs [text] with a text per language; [audience], "
            "picture and expires_hours may follow."
        ) from error
    picture = _picture(path, file.picture) if file.picture else None
    texts = {tag: _text(path, tag, text, process, picture is not None) for tag, text in file.text.items()}
    if not texts:
        raise UserError(f'{path}: [text] is empty. Write at least: {process.languages[0]} = "…"')
    if not 0 < file.expires_hours <= 24 * 14:
        raise UserError(f"{path}: expires_hours has to be between 0 and {24 * 14}. Correct it, or leave it out for 24.")
    audience = _audience(f"{path}: [audience]", msgspec.structs.asdict(file.audience), process)
    if chosen:
        given = dict(part.partition("=")[::2] for part in re.split(r"[,\s]+", chosen.strip()))
        audience = _audience("--audience", {**_fields(audience), **given}, process)
    expires = timedelta(hours=file.expires_hours)
    announcement = Announcement(
        texts=texts, audience=audience, at=at, expires=expires, picture=picture.name if picture else ""
    )
    return announcement, picture


def _fields(audience: Audience) -> dict[str, Any]:
    return {name: getattr(audience, name) for name in FIELDS}


def _text(path: Path, tag: str, text: str, process: Process, with_picture: bool) -> str:
    place = f"{path}: [text] {tag}"
    if tag not in process.languages:
        raise UserError(f"{place}: the process has no such language. Use: {', '.join(process.languages)}.")
    text = clean(text)
    long, most = len(markup.plain(markup.read(text))), LONGEST_WITH_PICTURE if with_picture else LONGEST
    if not text or long > most:
        raise UserError(f"{place}: {long} characters; 1 to {most} are possible. Shorten it or write one.")
    wrong = markup.misfit(text)
    if wrong == "bold":
        raise UserError(f"{place}: ** without its other half. Write **words**, on one line and without inner blanks.")
    if wrong == "link":
        raise UserError(f"{place}: a link that is none. Write [words](https://…); http and mailto are possible, too.")
    return text


def _audience(place: str, given: dict[str, Any], process: Process) -> Audience:
    known: dict[str, tuple[str, ...]] = {
        "language": ("", *process.languages),
        "stage": ("", *get_args(Stage)),
        "event": ("", *(event.id for event in process.events)),
        "rooms": get_args(Rooms),
        "channel": ("", "telegram", "matrix", "terminal"),
    }
    for name, value in given.items():
        if name not in known:
            raise UserError(f"{place}: {name} is unknown. Use: {', '.join(FIELDS)}, as in stage=finished.")
        if value not in known[name]:
            possible = ", ".join(one for one in known[name] if one)
            raise UserError(f"{place} {name}: {value} is unknown. Use one of: {possible}.")
    return replace(Audience(), **given)


def _picture(path: Path, name: str) -> Attachment:
    where = path.parent / name
    try:
        content = where.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: picture {name} cannot be read. The path counts from the file's folder.") from error
    picture = examined(content)
    if picture is None:
        raise UserError(f"{path}: {name} is no picture to be sent. It has to be PNG or JPEG, at most 1 MB.")
    return Attachment(f"picture.{picture.ending}", picture.media_type, picture.content)
