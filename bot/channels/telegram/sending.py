"""How a message becomes calls of the Bot API: formatted, in parts, edited; buttons go once they are answered."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog

from bot.background import Background
from bot.channels.telegram import rendering
from bot.channels.telegram.api import BotApi, Unchanged, Unparsable
from bot.core.messages import Outgoing, Refused, Venue

log = structlog.get_logger(__name__)

REMEMBERED_KEYBOARDS = 50_000


class Sent(msgspec.Struct):
    message_id: int


class Sending:
    """What one bot sends. `background`: calls that no message waits for, such as taking off old buttons."""

    def __init__(self, api: BotApi, background: Background) -> None:
        self._api = api
        self._background = background
        self._keyboards: dict[int, int] = {}

    def sees_keyboard(self, chat: int, message: int) -> None:
        """Somebody has tapped a button under this message: its buttons are there, if no later ones are known."""
        self._keyboards.setdefault(chat, message)

    async def send(self, chat: int, message: Outgoing) -> str:
        """Send or edit one message; Telegram's id of it. Raises a SendError."""
        if message.replaces is not None:
            return await self._edit(chat, message)
        try:
            return await self._said(chat, message, rendering.formatted(message))
        except Unparsable:
            log.error("formatting_not_taken")
            return await self._said(chat, message, None)

    async def _said(self, chat: int, message: Outgoing, formatted: str | None) -> str:
        """Send a message, formatted where that is given: it is then short enough for one."""
        *before, last = rendering.parts(message.text)
        common = {"chat_id": chat, "disable_notification": message.silent or None, **_place(message)}
        preview = {"link_preview_options": {"is_disabled": True}}
        for part in before:
            await self._api.call("sendMessage", text=part, **common, **preview)
        keyboard = rendering.keyboard(message)
        mode = "HTML" if formatted else None
        # One request where one is enough: a message that goes once must not stay half sent.
        captioned = message.attachment is not None and rendering.fits_under_a_file(last)
        if message.attachment is not None and captioned:
            caption = {"caption": formatted or last, "parse_mode": mode, "reply_markup": keyboard}
            raw = await self._api.send_file(message.attachment, **caption, **common)
        else:
            said = {"text": formatted or last or "…", "parse_mode": mode, "reply_markup": keyboard}
            raw = await self._api.call("sendMessage", **said, **common, **preview)
        sent = msgspec.json.decode(raw, type=Sent).message_id
        if not message.aside:
            self._settle_old_keyboard(chat, message, sent if keyboard else None)
        if message.commands:
            self._background.begin(self._list_commands(chat, message.commands))
        if message.attachment is not None and not captioned:
            await self._api.send_file(message.attachment, **common)
        if message.venue is not None:
            self._show_on_map(message.venue, common)
        return str(sent)

    async def _edit(self, chat: int, message: Outgoing) -> str:
        keyboard = rendering.keyboard(message)
        # Unchanged: it already reads so. Refused: too old to change. Nothing is lost with either.
        with contextlib.suppress(Unchanged, Refused):
            await self._api.call(
                "editMessageText",
                chat_id=chat,
                message_id=int(message.replaces or 0),
                text=rendering.parts(message.text)[0],
                reply_markup=keyboard,
                link_preview_options={"is_disabled": True},
            )
        if keyboard is None and self._keyboards.get(chat) == int(message.replaces or 0):
            del self._keyboards[chat]
        return message.replaces or ""

    def _settle_old_keyboard(self, chat: int, message: Outgoing, new: int | None) -> None:
        """An answered question loses its buttons, also where the answer was typed, and shows what was tapped."""
        old = self._keyboards.pop(chat, None)
        if new is not None:
            self._keyboards[chat] = new
            if len(self._keyboards) > REMEMBERED_KEYBOARDS:
                del self._keyboards[next(iter(self._keyboards))]
        if message.settles is not None:
            text = rendering.parts(message.settles.text)[0]
            settled = int(message.settles.message)
            self._background.begin(self._api.quietly("editMessageText", chat_id=chat, message_id=settled, text=text))
            old = None if old == settled else old
        if old is not None:
            self._background.begin(self._api.quietly("editMessageReplyMarkup", chat_id=chat, message_id=old))

    def _show_on_map(self, venue: Venue, common: Mapping[str, Any]) -> None:
        """The place on a map, beside the message that says it in words."""
        place = {"latitude": venue.latitude, "longitude": venue.longitude}
        self._background.begin(
            self._api.quietly("sendVenue", title=venue.name, address=venue.address, **place, **common)
        )

    async def _list_commands(self, chat: int, listed: Sequence[tuple[str, str]]) -> None:
        """Show other commands beside one chat than beside all others."""
        commands = [{"command": name, "description": text} for name, text in listed]
        await self._api.quietly("setMyCommands", commands=commands, scope={"type": "chat", "chat_id": chat})


def _place(message: Outgoing) -> dict[str, Any]:
    """Where in a group a message stands: in a topic, below what it answers."""
    place: dict[str, Any] = {}
    if message.thread is not None:
        place["message_thread_id"] = int(message.thread)
    if message.reply_to is not None:
        place["reply_parameters"] = {"message_id": int(message.reply_to), "allow_sending_without_reply": True}
    return place
