"""Reads an update: who said or tapped what. Whatever else Telegram may hand over is passed by."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import msgspec

from bot.core import markup
from bot.core.messages import Address, Incoming, Span

NAME = "telegram"
SERVICE_ACCOUNTS = {777000, 1087968824, 136817688}
"""Telegram's own messages, anonymous group administrators, channels that speak in a group."""
ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")


class User(msgspec.Struct):
    id: int
    is_bot: bool = False
    language_code: str | None = None


class Chat(msgspec.Struct):
    id: int
    type: str


class Entity(msgspec.Struct):
    type: str
    offset: int
    length: int
    url: str = ""


class File(msgspec.Struct):
    file_id: str = ""
    file_size: int = 0


class Message(msgspec.Struct):
    chat: Chat
    # Self-hosted servers and emulators leave these out now and then; we can do without.
    message_id: int = 0
    date: int = 0
    from_: User | None = msgspec.field(name="from", default=None)
    sender_chat: Chat | None = None
    via_bot: User | None = None
    forward_origin: Any = None
    text: str | None = None
    entities: list[Entity] = []
    photo: list[File] = []
    document: File | None = None
    new_chat_members: list[User] | None = None
    left_chat_member: User | None = None
    is_topic_message: bool = False
    message_thread_id: int | None = None
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None


class Shown(msgspec.Struct):
    """The message under a tapped button; an old one has no more than its id."""

    chat: Chat
    message_id: int = 0


class CallbackQuery(msgspec.Struct):
    id: str
    from_: User = msgspec.field(name="from")
    message: Shown | None = None
    data: str | None = None


class Member(msgspec.Struct):
    status: str


class ChatMemberUpdated(msgspec.Struct):
    chat: Chat
    from_: User = msgspec.field(name="from")
    date: int
    new_chat_member: Member


class Update(msgspec.Struct):
    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: ChatMemberUpdated | None = None


class _Numbered(msgspec.Struct):
    update_id: int


_UPDATE = msgspec.json.Decoder(Update)


def number(raw: msgspec.Raw) -> int | None:
    """The id of an update that may be unreadable otherwise."""
    try:
        return msgspec.json.decode(raw, type=_Numbered).update_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read(raw: msgspec.Raw) -> Update | None:
    """An update; None where it is not one."""
    try:
        return _UPDATE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def incoming(update: Update, bot_name: str) -> Incoming | None:
    """What a person did, or None where nobody is to be answered."""
    if update.callback_query is not None:
        return _tapped(update.update_id, update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member)
    message = update.message or update.edited_message
    if message is None or not _from_a_person(message) or message.new_chat_members or message.left_chat_member:
        return None
    if message.from_ is None:
        return None
    private = message.chat.type == "private"
    text = message.text or ""
    if not private:
        addressed = _addressed(message, bot_name)
        if addressed is None or update.edited_message is not None:
            return None
        text = addressed
    return Incoming(
        id=str(update.update_id),
        sender=Address(NAME, str(message.from_.id), str(message.chat.id)),
        sent_at=datetime.fromtimestamp(message.date, UTC),
        kind="edit" if update.edited_message is not None else "message",
        target=str(message.message_id) if message.message_id else None,
        text=text,
        language=message.from_.language_code,
        private=private,
        media=message.text is None,
        picture=_picture(message) if private else "",
        link="" if private else f"https://t.me/{bot_name}?start=survey",
        vouched=message.forward_origin is None,
        thread=str(message.message_thread_id) if message.is_topic_message and message.message_thread_id else None,
        formatted=_formatted(message) if private else "",
    )


def moved(update: Update) -> tuple[str, str] | None:
    """That a group has another id from now on: the old one and the new one. Telegram says so in both."""
    message = update.message
    if message is None:
        return None
    if message.migrate_to_chat_id is not None:
        return str(message.chat.id), str(message.migrate_to_chat_id)
    if message.migrate_from_chat_id is not None:
        return str(message.migrate_from_chat_id), str(message.chat.id)
    return None


def _formatted(message: Message) -> str:
    """The text as our staff would write it: Telegram's apps turn **stars** into bold letters before anybody sees it."""
    marks = [entity for entity in message.entities if entity.type in {"bold", "text_link"}]
    if not message.text or not marks:
        return ""
    units = message.text.encode("utf-16-le", "surrogatepass")
    ends = {0, len(units) // 2}
    for mark in marks:
        ends |= {mark.offset, mark.offset + mark.length}
    cuts = sorted(end for end in ends if 0 <= end <= len(units) // 2)
    spans = []
    for begin, end in pairwise(cuts):
        here = [mark for mark in marks if mark.offset <= begin and end <= mark.offset + mark.length]
        spans.append(
            Span(
                units[2 * begin : 2 * end].decode("utf-16-le", "replace"),
                bold=any(mark.type == "bold" for mark in here),
                link=next((mark.url for mark in here if mark.type == "text_link"), ""),
            )
        )
    return markup.written(tuple(spans))


def _picture(message: Message) -> str:
    """By what a picture is fetched: a photo comes in several sizes, the last of which is the largest."""
    file = message.photo[-1] if message.photo else message.document
    return file.file_id if file else ""


def unreadable(update_id: int) -> Incoming:
    """An update that cannot be read: noted, so that it is passed by and staff learn of it."""
    nobody = Address(NAME, "", "")
    return Incoming(id=str(update_id), sender=nobody, sent_at=datetime.now(UTC), kind="unreadable")


def _from_a_person(message: Message) -> bool:
    sender = message.from_
    if sender is None or sender.is_bot or sender.id in SERVICE_ACCOUNTS:
        return False
    return message.sender_chat is None and message.via_bot is None and message.chat.type != "channel"


def _tapped(update_id: int, query: CallbackQuery) -> Incoming | None:
    if query.from_.is_bot or query.message is None or query.data is None:
        return None
    private = query.message.chat.type == "private"
    return Incoming(
        id=str(update_id),
        sender=Address(NAME, str(query.from_.id), str(query.message.chat.id)),
        sent_at=datetime.now(UTC),
        target=str(query.message.message_id) if query.message.message_id else None,
        choice=query.data,
        language=query.from_.language_code,
        private=private,
    )


def _membership(update_id: int, change: ChatMemberUpdated) -> Incoming | None:
    """That somebody blocked the bot: no further sends."""
    if change.chat.type != "private" or change.new_chat_member.status not in {"kicked", "left"}:
        return None
    return Incoming(
        id=str(update_id),
        sender=Address(NAME, str(change.from_.id), str(change.chat.id)),
        sent_at=datetime.fromtimestamp(change.date, UTC),
        kind="membership",
        text="left",
    )


def _addressed(message: Message, bot_name: str) -> str | None:
    """What is said to the bot in a group: a command that is not another bot's, or a text that mentions it."""
    text = message.text or ""
    units = text.encode("utf-16-le")
    for entity in message.entities:
        part = units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le", "replace")
        if entity.type == "bot_command" and entity.offset == 0:
            command, _, named = part.partition("@")
            if named.casefold() in {"", bot_name.casefold()}:
                return command + text[len(part) :]
        if entity.type == "mention" and part.casefold() == f"@{bot_name}".casefold():
            around = units[: 2 * entity.offset], units[2 * (entity.offset + entity.length) :]
            return " ".join(side.decode("utf-16-le", "replace").strip() for side in around).strip()
    return None
