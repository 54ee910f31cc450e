"""What a sync holds, read one event at a time: whatever a server or a member writes, only that event is lost."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from bot.core.messages import Address, Incoming

NAME = "matrix"
T = TypeVar("T")
LONGEST = 20_000
"""Characters of a message that are looked at."""
MEDIA = {"m.image", "m.file", "m.audio", "m.video", "m.location", "m.sticker"}
SAID = {"m.text", "m.emote", *MEDIA}
TYPES = [
    *("m.room.message", "m.room.encrypted", "m.room.redaction", "m.sticker", "m.reaction"),
    *("m.room.member", "m.room.encryption", "m.room.tombstone", "m.room.join_rules", "m.room.power_levels"),
]
"""The events that mean something to the bot."""


class Events(msgspec.Struct):
    events: list[msgspec.Raw] = []


class Timeline(msgspec.Struct):
    events: list[msgspec.Raw] = []
    limited: bool = False
    prev_batch: str | None = None


class Joined(msgspec.Struct):
    timeline: Timeline = msgspec.field(default_factory=Timeline)
    state: Events = msgspec.field(default_factory=Events)


class Invited(msgspec.Struct):
    invite_state: Events = msgspec.field(default_factory=Events)


class Rooms(msgspec.Struct):
    join: dict[str, Joined] = {}
    invite: dict[str, Invited] = {}
    leave: dict[str, msgspec.Raw] = {}


class DeviceLists(msgspec.Struct):
    changed: list[str] = []
    left: list[str] = []


class Sync(msgspec.Struct):
    """One answer to `/sync`."""

    next_batch: str
    rooms: Rooms = msgspec.field(default_factory=Rooms)
    to_device: Events = msgspec.field(default_factory=Events)
    device_lists: DeviceLists = msgspec.field(default_factory=DeviceLists)
    device_one_time_keys_count: dict[str, int] = {}
    device_unused_fallback_key_types: list[str] | None = None


class Event(msgspec.Struct):
    """One event of a room; `content` is read once the type is known."""

    type: str
    sender: str
    content: msgspec.Raw
    event_id: str = ""
    origin_server_ts: int = 0
    state_key: str | None = None
    redacts: str | None = None
    unsigned: dict[str, Any] = {}


class _InReplyTo(msgspec.Struct):
    event_id: str = ""


class Relation(msgspec.Struct, rename={"in_reply_to": "m.in_reply_to"}):
    """How an event belongs to another one: an edit, a thread, a reply."""

    rel_type: str = ""
    event_id: str = ""
    in_reply_to: _InReplyTo | None = None


class _NewContent(msgspec.Struct):
    body: str = ""


class _Mentions(msgspec.Struct):
    user_ids: list[str] = []


class Message(
    msgspec.Struct, rename={"relates_to": "m.relates_to", "new_content": "m.new_content", "mentions": "m.mentions"}
):
    """The content of `m.room.message`."""

    msgtype: str = ""
    body: str = ""
    relates_to: Relation | None = None
    new_content: _NewContent | None = None
    mentions: _Mentions | None = None
    url: str = ""
    file: "EncryptedFile | None" = None


class _Key(msgspec.Struct):
    k: str


class EncryptedFile(msgspec.Struct):
    """A file in an encrypted room, and how it is deciphered."""

    url: str
    key: _Key
    iv: str
    hashes: dict[str, str] = {}


class Ciphertext(msgspec.Struct, rename={"relates_to": "m.relates_to"}):
    """The content of `m.room.encrypted` in a room. `sender_key` and `device_id` may be left out."""

    algorithm: str
    ciphertext: str
    session_id: str
    sender_key: str = ""
    device_id: str = ""
    relates_to: Relation | None = None


class Membership(msgspec.Struct):
    membership: str = ""


class PowerLevels(msgspec.Struct):
    """Who may do what in a room; 50 is a moderator."""

    users: dict[str, float] = {}
    users_default: float = 0


class Creation(msgspec.Struct):
    """How a room began."""

    room_version: str = "1"
    additional_creators: list[str] = []


class JoinRules(msgspec.Struct):
    join_rule: str = ""


class Tombstone(msgspec.Struct):
    replacement_room: str = ""


class _Annotation(msgspec.Struct):
    rel_type: str = ""
    event_id: str = ""
    key: str = ""


class Reaction(msgspec.Struct, rename={"relates_to": "m.relates_to"}):
    """The content of `m.reaction`: a sign beside a message. It is never enciphered, so it is no answer."""

    relates_to: _Annotation = msgspec.field(default_factory=_Annotation)


class About(msgspec.Struct, rename={"event": "org.mitreden.about"}):
    """Which event of the process a message of ours is about."""

    event: str = ""


class Redaction(msgspec.Struct):
    redacts: str = ""


def read(raw: msgspec.Raw | bytes, kind: type[T]) -> T | None:
    """What some JSON says, or None where it does not say it properly."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError):
        return None


def sync_in(answer: bytes) -> Sync:
    """One answer to `/sync`. Raises msgspec.DecodeError or msgspec.ValidationError where it is none."""
    try:
        return msgspec.json.decode(answer, type=Sync)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Half a character in one event, which some homeservers hand on, must not keep all the others from us.
        mended = json.dumps(json.loads(answer), ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.json.decode(mended, type=Sync)


def instant(event: Event) -> datetime:
    """When an event was sent, as its server says; servers may say anything."""
    try:
        return datetime.fromtimestamp(event.origin_server_ts / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0, UTC)


def incoming(event: Event, message: Message, address: Address, *, private: bool, vouched: bool) -> Incoming | None:
    """What a person said in a room; None for what is not meant for a bot, such as another bot's notice."""
    if message.msgtype not in SAID:  # as a request to compare keys, which is a message too
        return None
    relation = message.relates_to or Relation()
    edit = relation.rel_type == "m.replace"
    if edit and (message.new_content is None or not relation.event_id):
        return None
    body = message.new_content.body if edit and message.new_content else message.body
    if relation.in_reply_to is not None:
        body = without_quotation(body)
    return Incoming(
        id=event.event_id,
        sender=address,
        sent_at=instant(event),
        kind="edit" if edit else "message",
        target=relation.event_id if edit else event.event_id,
        text=body[:LONGEST],
        private=private,
        vouched=vouched,
        media=message.msgtype in MEDIA,
        picture=_picture(message) if private else "",
        thread=relation.event_id if relation.rel_type == "m.thread" else None,
    )


def _picture(message: Message) -> str:
    """By what a picture is fetched: its address, and what deciphers it."""
    if message.msgtype not in {"m.image", "m.file"}:
        return ""
    file = message.file
    return msgspec.json.encode(file).decode() if file else message.url


def addressed(said: Incoming, message: Message, user: str) -> Incoming | None:
    """What is said to the bot, whose Matrix ID is `user`, among others: a command, or a message that mentions it."""
    if said.kind != "message" or said.media:
        return None
    if said.text[:1] == "!":
        return said
    localpart = user[1:].partition(":")[0]
    named = user in (message.mentions.user_ids if message.mentions else [])
    text = said.text
    for name in (user, f"@{localpart}", localpart):
        if text.casefold().startswith(name.casefold()) and not text[len(name) : len(name) + 1].isalnum():
            text, named = text[len(name) :].lstrip(" :,"), True
            break
    return replace(said, text=text) if named else None


def without_quotation(body: str) -> str:
    """A reply's text without the lines that older programs quote before it."""
    lines = body.split("\n")
    quoted = next((index for index, line in enumerate(lines) if not line.startswith("> ")), len(lines))
    return "\n".join(lines[quoted:]).strip()
