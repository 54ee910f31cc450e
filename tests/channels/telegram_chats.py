"""What the fake Telegram remembers: chats, who is in them, and what their members see."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from tests.channels.bot_api import Refusal

Json = dict[str, Any]

CLOSED = {
    "blocked": "Forbidden: bot was blocked by the user",
    "deactivated": "Forbidden: user is deactivated",
    "kicked": "Forbidden: bot was kicked from the {} chat",
    "left": "Forbidden: bot is not a member of the {} chat",
}
"""Why a chat takes nothing, and how Telegram says so."""


class Chat:
    """A private chat or a group: `messages` as seen now, `sent` as the bot sent them, `edits` the ids it changed."""

    def __init__(self, chat: Json, message_ids: Iterator[int]) -> None:
        self.raw = chat
        self.message_ids = message_ids
        self.id: int = chat["id"]
        self.instance = str(secrets.randbits(62))
        self.state = "open"
        self.migrated_to: int | None = None
        self.members: dict[int, tuple[Json, str]] = {}
        self.messages: dict[int, Json] = {}
        self.sent: list[Json] = []
        self.edits: list[int] = []
        self.notices: list[str] = []
        self.log: list[str] = []
        self._changed = asyncio.Event()

    @property
    def private(self) -> bool:
        return self.id > 0

    def note(self, mark: str, text: str, buttons: Json | None = None) -> None:
        """Write into the log; mark is ">" for what people do and "<" for what the bot does."""
        first, *more = text.split("\n")
        self.log += [f"{mark} {first}".rstrip(), *(f"  {line}".rstrip() for line in more)]
        for row in rows(buttons):
            self.log.append("  " + " ".join(f"[{button['text']}]" for button in row))

    def notice(self, text: str) -> None:
        """Show what the bot answers to a tap; without a text the turning circle just ends."""
        if text:
            self.notices.append(text)
            self.note("<", f"(notice) {text}")
        self.changed()

    def changed(self) -> None:
        """Wake everybody who waits for the bot in this chat."""
        self._changed.set()

    async def until(self, reached: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; whether it became so in time."""
        try:
            async with asyncio.timeout(seconds):
                while not reached():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return reached()
        return True


class Chats:
    """Every chat of one bot, and the numbers they are known by."""

    def __init__(self, username: str) -> None:
        self.bot: Json = {"id": 5_000_000_001, "is_bot": True, "first_name": "Mitreden", "username": username}
        self.known: dict[int, Chat] = {}
        self.files: dict[str, Json] = {}
        # Users have more than 32 bits, as real ids do: a column that is too small shows at once.
        self._user_ids = count(7_000_000_001)
        self._group_ids = count(1_500_000_001)
        # Private chats and basic groups share one count of messages; a supergroup counts its own.
        self._message_ids: Iterator[int] = count(secrets.randbelow(1000) + 1)

    def add_person(self, first_name: str, **more: Any) -> Chat:
        """Somebody new, with a private chat; its only member is the user."""
        user = {"id": next(self._user_ids), "is_bot": False, "first_name": first_name, **more}
        names: Json = {name: user[name] for name in ("first_name", "last_name", "username") if name in user}
        chat = self._add({"id": user["id"], "type": "private", **names})
        chat.members[user["id"]] = (user, "member")
        return chat

    def add_group(self, title: str, *, supergroup: bool) -> Chat:
        """A group with the bot in it."""
        number = next(self._group_ids)
        if supergroup:
            chat = self._add({"id": -1_000_000_000_000 - number, "type": "supergroup", "title": title})
            chat.message_ids = count(1)
        else:
            chat = self._add({"id": -number, "type": "group", "title": title})
        chat.members[self.bot["id"]] = (self.bot, "member")
        return chat

    def _add(self, raw: Json) -> Chat:
        chat = self.known[raw["id"]] = Chat(raw, self._message_ids)
        return chat

    def open_chat(self, chat_id: int | str) -> Chat:
        """The chat if the bot can write to it; raises Refusal as Telegram does."""
        chat = self.find(chat_id)
        if chat.migrated_to is not None:
            upgraded = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, upgraded, migrate_to_chat_id=chat.migrated_to)
        if chat.state != "open":
            raise Refusal(403, CLOSED[chat.state].format(chat.raw["type"]))
        return chat

    def find(self, chat_id: int | str) -> Chat:
        """The chat, whether the bot can write to it or not."""
        chat = self.known.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise Refusal(400, "Bad Request: chat not found")
        return chat

    def add_message(self, chat: Chat, sender: Json, **more: Any) -> Json:
        """A new message in a chat, in the shape of the Bot API; an edit puts another in its place, none is changed."""
        number = next(chat.message_ids)
        message: Json = {"message_id": number, "from": sender, "chat": chat.raw, "date": int(time.time()), **more}
        chat.messages[number] = message
        if sender is self.bot:
            chat.sent.append(message)
            chat.note("<", shown(message), message.get("reply_markup"))
            chat.changed()
        return message


def rows(markup: Json | None) -> list[list[Json]]:
    """The rows of an inline keyboard; none where there is no keyboard."""
    keyboard: list[list[Json]] = (markup or {}).get("inline_keyboard", [])
    return keyboard


def shown(message: Json) -> str:
    """A message as its reader sees it: what kind of thing it is, unless it is text, and its words."""
    if "text" in message:
        return str(message["text"])
    thing = next((name for name in THINGS if name in message), "message")
    about = message[thing].get("file_name") or message[thing].get("title") if thing in ("document", "venue") else None
    return " ".join(filter(None, (f"({thing}{': ' + about if about else ''})", message.get("caption"))))


THINGS = (
    *("animation", "audio", "contact", "dice", "document", "photo", "poll", "sticker", "venue", "location", "video"),
    *("video_note", "voice"),
)
"""What a message can be instead of text; an animation is a document too, and a venue a location: the first counts."""
