"""People with phones: they type, tap and read as Telegram's app lets them, and never touch the bot itself."""

import secrets
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.channels.telegram_chats import Chat, Chats, rows, shown
from tests.channels.telegram_formatting import detected, units
from tests.channels.telegram_methods import member

Json = dict[str, Any]

LONGEST = 4096
"""UTF-16 units: the app splits what is longer, so no bot ever gets it."""
_FILE: Json = {"file_id": "AgACAgIAAxkBAAIB", "file_unique_id": "AQADAgAT", "file_size": 4321}
KINDS: dict[str, Json] = {
    "animation": {
        "animation": {**_FILE, "width": 320, "height": 240, "duration": 3},
        "document": {**_FILE, "file_name": "tanz.mp4", "mime_type": "video/mp4"},
    },
    "audio": {"audio": {**_FILE, "duration": 180, "title": "Lied", "mime_type": "audio/mpeg"}},
    "contact": {"contact": {"phone_number": "+4951112345", "first_name": "Erika", "user_id": 7_000_999_999}},
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
    "document": {"document": {**_FILE, "file_name": "brief.pdf", "mime_type": "application/pdf"}},
    "location": {"location": {"latitude": 52.37, "longitude": 9.73}},
    "photo": {"photo": [{**_FILE, "width": 90, "height": 67}, {**_FILE, "width": 1280, "height": 960}]},
    "sticker": {
        "sticker": {
            **_FILE,
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "👍",
        }
    },
    "venue": {
        "venue": {"location": {"latitude": 52.37, "longitude": 9.73}, "title": "Rathaus", "address": "Trammplatz 2"},
        "location": {"latitude": 52.37, "longitude": 9.73},
    },
    "video": {"video": {**_FILE, "width": 640, "height": 360, "duration": 9, "mime_type": "video/mp4"}},
    "video_note": {"video_note": {**_FILE, "length": 240, "duration": 5}},
    "voice": {"voice": {**_FILE, "duration": 4, "mime_type": "audio/ogg"}},
}
"""What people send instead of text, in the shape in which a bot gets it."""


@dataclass(frozen=True)
class Seen:
    """A message on the screen as it is now; keyboard: the labels of each row."""

    message_id: int
    mine: bool
    text: str
    keyboard: tuple[tuple[str, ...], ...]
    raw: Json


class Citizen:
    """One person; where no chat is named, they are in their private chat with the bot."""

    def __init__(self, chats: Chats, private: Chat, push: Callable[[Json], int | None]) -> None:
        self.private = private
        self.user, _ = private.members[private.id]
        self.id = private.id
        self.notices: list[str] = private.notices
        self._chats = chats
        self._push = push
        self._before: dict[int, tuple[int, int]] = {}

    @property
    def screen(self) -> list[Seen]:
        """What stands in the private chat now, oldest first."""
        return self.screen_of(self.private)

    @property
    def transcript(self) -> list[str]:
        """The private chat as it went: "> " is the citizen, "< " the bot, [..] a button."""
        return list(self.private.log)

    def screen_of(self, chat: Chat) -> list[Seen]:
        """What stands in a chat now, oldest first."""
        return [self._seen(message) for message in chat.messages.values()]

    async def say(self, text: str, chat: Chat | None = None, **fields: Any) -> int:
        """Type a message; further fields of Message as given, such as forward_origin. Its message id."""
        if not 1 <= units(text) <= LONGEST:
            raise ValueError(f"the app sends 1 to {LONGEST} UTF-16 units at once")
        entities = detected(text)
        return self._send(chat, {"text": text, **({"entities": entities} if entities else {}), **fields})

    async def send(self, kind: str, chat: Chat | None = None, **fields: Any) -> int:
        """Send something that is no text: one of KINDS; its message id."""
        return self._send(chat, {**deepcopy(KINDS[kind]), **fields})

    async def edit(self, message_id: int, text: str, chat: Chat | None = None) -> None:
        """Correct a message of one's own."""
        place = self._act(chat)
        message = place.messages[message_id]
        if message["from"] != self.user:
            raise ValueError("people edit only what they said themselves")
        entities = detected(text)
        edited = {name: value for name, value in message.items() if name != "entities"}
        edited |= {"text": text, "edit_date": int(time.time()), **({"entities": entities} if entities else {})}
        place.messages[message_id] = edited
        place.note(self._mark(place), f"(edited) {text}")
        self._push({"edited_message": edited})

    async def tap(self, label_or_data: str, chat: Chat | None = None) -> str:
        """Tap the newest button with this label or data; the id of the callback query."""
        place = chat or self.private
        for message in reversed(place.messages.values()):
            for button in (button for row in rows(message.get("reply_markup")) for button in row):
                if label_or_data in {button["text"], button.get("callback_data")}:
                    if "callback_data" not in button:
                        raise LookupError(f"[{button['text']}] is a link, the bot learns nothing of it")
                    return self._tap(place, button["callback_data"], message, f"[{button['text']}]")
        seen = [label for one in self.screen_of(place) for row in one.keyboard for label in row]
        raise LookupError(f"no button {label_or_data!r} to be seen, only {seen}; the chat:\n" + "\n".join(place.log))

    async def tap_data(self, data: str, message_id: int | None = None, chat: Chat | None = None) -> str:
        """Send data as a changed app could, below any message, by default the bot's newest; the query's id."""
        place = chat or self.private
        number = message_id or next((one.message_id for one in reversed(self.screen_of(place)) if not one.mine), 1)
        gone: Json = {"message_id": number, "chat": place.raw, "date": 0}
        return self._tap(place, data, place.messages.get(number, gone), f"(data) {data}")

    async def block(self) -> None:
        """Stop the bot: it is told, and can write no more."""
        self._block("blocked", "member", "kicked")

    async def unblock(self) -> None:
        """Let the bot write again: it is told."""
        self._block("open", "kicked", "member")

    def deactivate(self) -> None:
        """Delete the account; nobody is told."""
        self.private.state = "deactivated"

    async def answers(self, count: int = 1, timeout: float = 5, chat: Chat | None = None) -> list[Seen]:
        """Wait for new messages of the bot; all since the citizen's last action, as they are now.

        Raises AssertionError with the chat where fewer come in time. Seconds.
        """
        place = chat or self.private
        before, _ = self._since(place)
        if not await place.until(lambda: len(place.sent) - before >= count, timeout):
            raise AssertionError(self._missing(f"{len(place.sent) - before} of {count} answers", timeout, place))
        new = place.sent[before:]
        return [self._seen(place.messages.get(message["message_id"], message)) for message in new]

    async def changes(
        self, count: int = 1, timeout: float = 5, chat: Chat | None = None, message_id: int | None = None
    ) -> list[Seen]:
        """Wait until the bot has edited or deleted something, or just that message, since the citizen's last action.

        The screen as it then is. Raises AssertionError with the chat where fewer changes come in time. Seconds.
        """
        place = chat or self.private
        _, before = self._since(place)

        def changed() -> int:
            return sum(message_id in {None, edited} for edited in place.edits[before:])

        if not await place.until(lambda: changed() >= count, timeout):
            raise AssertionError(self._missing(f"{changed()} of {count} changes", timeout, place))
        return self.screen_of(place)

    async def quiet(self, seconds: float, chat: Chat | None = None) -> None:
        """Make sure that the bot sends and changes nothing from now on, for so long."""
        place = chat or self.private
        before = (len(place.sent), len(place.edits))
        if await place.until(lambda: (len(place.sent), len(place.edits)) != before, seconds):
            raise AssertionError("the bot should have kept quiet; the chat:\n" + "\n".join(place.log))

    def _send(self, chat: Chat | None, fields: Json) -> int:
        place = self._act(chat)
        message = self._chats.add_message(place, self.user, **fields)
        place.note(self._mark(place), shown(message))
        self._push({"message": message})
        number: int = message["message_id"]
        return number

    def _tap(self, place: Chat, data: str, message: Json, noted: str) -> str:
        self._act(place)
        place.note(self._mark(place), noted)
        query: Json = {"id": str(secrets.randbits(63)), "from": self.user, "message": message, "data": data}
        self._push({"callback_query": query | {"chat_instance": place.instance}})
        return str(query["id"])

    def _act(self, chat: Chat | None) -> Chat:
        """The chat in which something is done; what the bot did there before is no answer to it."""
        place = chat or self.private
        if place.state != "open" or place.migrated_to is not None:
            raise RuntimeError(f"this chat is {place.state if place.state != 'open' else 'a supergroup now'}")
        place.members.setdefault(self.id, (self.user, "member"))
        self._before[place.id] = (len(place.sent), len(place.edits))
        return place

    def _since(self, place: Chat) -> tuple[int, int]:
        return self._before.get(place.id, (0, 0))

    def _block(self, state: str, old: str, new: str) -> None:
        self.private.state = state
        statuses = {"old_chat_member": member(self._chats.bot, old), "new_chat_member": member(self._chats.bot, new)}
        self.private.note(">", "(blocked the bot)" if state == "blocked" else "(unblocked the bot)")
        update = {"chat": self.private.raw, "from": self.user, "date": int(time.time()), **statuses}
        self._push({"my_chat_member": update})

    def _mark(self, place: Chat) -> str:
        return ">" if place.private else f"> {self.user['first_name']}:"

    def _seen(self, message: Json) -> Seen:
        keyboard = tuple(tuple(button["text"] for button in row) for row in rows(message.get("reply_markup")))
        mine = message["from"] == self.user
        return Seen(message["message_id"], mine, shown(message), keyboard, message)

    def _missing(self, what: str, seconds: float, place: Chat) -> str:
        return f"{what} came within {seconds:g} s; the chat:\n" + "\n".join(place.log)
