"""The Telegram channel: its loop over updates, and how a message is sent."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from bot.beside import Beside
from bot.channels.retrying import back_off
from bot.channels.telegram import rendering, updates
from bot.channels.telegram.api import BotApi, Migrated, Unchanged, Unparsable
from bot.channels.telegram.request import ANSWER_SECONDS, request_to
from bot.core.messages import Address, Incoming, Memory, Menu, NotSent, Outgoing, Receive, Refused, SendError, Venue

if TYPE_CHECKING:
    from bot.channels.telegram.webhook import Webhook

log = structlog.get_logger(__name__)

LONG_POLL = 50
"""Seconds that Telegram holds a request open for news."""
AT_ONCE = 100
LEAST_BETWEEN = 0.2
"""Seconds between two polls of which the first brought nothing."""
REMEMBERED_KEYBOARDS = 50_000


class Sent(msgspec.Struct):
    message_id: int


class Member(msgspec.Struct):
    status: str


class FilePath(msgspec.Struct):
    file_path: str
    file_size: int = 0


class Me(msgspec.Struct):
    username: str = ""


class Telegram:
    """One bot on Telegram. `patience` in seconds: how long it is waited for what became of a message."""

    name = updates.NAME
    repeatable = False

    def __init__(  # noqa: PLR0913 - the parts that the channel is put together from
        self,
        token: str,
        api_url: str,
        menus: Sequence[Menu],
        webhook: "Webhook | None" = None,
        polled: Callable[[], None] = lambda: None,
        *,
        patience: float = ANSWER_SECONDS,
    ) -> None:
        self._request = request_to(api_url)
        self._api = BotApi(token, api_url, self._request, patience)
        self._menus = menus
        self._webhook = webhook
        self._polled = polled
        self._bot_name = ""
        self._beside = Beside()
        self._keyboards: dict[int, int] = {}
        self._moved: dict[str, str] = {}

    def serves(self, to: Address) -> bool:
        """Everybody on Telegram."""
        return to.channel == self.name

    async def open(self) -> None:
        """Ready the connections; nothing is said to Telegram yet."""
        await self._request.initialize()

    async def close(self) -> None:
        """End what runs beside, and the connections."""
        await self._beside.close()
        await self._request.shutdown()

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Hand over updates until cancelled; what fails is tried again, never faster than once a second."""
        if self._webhook is not None:
            await self._serve(self._webhook, receive)
            return
        bookmark = await memory.bookmark(self.name)
        offset = int(bookmark) if bookmark else 0
        failures = 0
        introduced = False
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                if not introduced:
                    self._bot_name = (await self._me()).username
                    await self._api.call("deleteWebhook")  # fetching and being brought exclude each other
                    introduced = True
                    self._beside.begin(self._introduce())
                fetched = await self._fetch(offset)
                self._polled()
                if fetched:
                    offset = await self._hand_over(fetched, offset, receive)
                elif (rest := LEAST_BETWEEN - (loop.time() - began)) > 0:
                    await asyncio.sleep(rest)
                failures = 0
            except SendError as error:
                failures += 1
                wait = error.retry_after if isinstance(error, NotSent) and error.retry_after else back_off(failures)
                log.warning("poll_failed", error=type(error).__name__, reason=str(error), retry_in=round(wait, 1))
                await asyncio.sleep(wait)
            except Exception as error:  # noqa: BLE001 - a full disk or a lost database: the updates stay with Telegram
                failures += 1
                log.error("batch_not_written", error=type(error).__name__)
                await asyncio.sleep(back_off(failures))

    async def _serve(self, webhook: "Webhook", receive: Receive) -> None:
        """Be brought updates. Telegram is told where until it has understood."""

        async def handle(brought: Sequence[msgspec.Raw]) -> None:
            await self._hand_over(brought, 0, receive)
            self._polled()

        async with webhook.listening(handle):
            failures = 0
            while True:
                try:
                    if not self._bot_name:
                        self._bot_name = (await self._me()).username
                        self._beside.begin(self._introduce())
                    # Said again now and then: another program with this token may have taken it away.
                    await self._api.call(
                        "setWebhook",
                        url=webhook.url,
                        secret_token=webhook.secret,
                        allowed_updates=list(updates.ALLOWED),
                    )
                    self._polled()
                    failures = 0
                    await asyncio.sleep(LONG_POLL)
                except SendError as error:
                    failures += 1
                    log.warning("webhook_not_set", error=type(error).__name__, reason=str(error))
                    await asyncio.sleep(back_off(failures))

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        """Send or edit one message; Telegram's id of it. Raises a SendError."""
        room = self._moved.get(to.room, to.room)
        try:
            return await self._send(room, message)
        except Migrated as error:
            self._moved[to.room] = str(error.chat)
            return await self._send(str(error.chat), message)

    async def fetch(self, reference: str, most: int) -> bytes:
        """A picture that somebody sent. Raises a SendError."""
        file = msgspec.json.decode(await self._api.call("getFile", file_id=reference), type=FilePath)
        if file.file_size > most:
            raise Refused("too large")
        return await self._api.download(file.file_path, most)

    async def _send(self, room: str, message: Outgoing) -> str:
        try:
            return await self._said(room, message, rendering.formatted(message))
        except Unparsable:
            log.error("formatting_not_taken")
            return await self._said(room, message, None)

    async def _said(self, room: str, message: Outgoing, formatted: str | None) -> str:
        """Send a message, formatted where that is given: it is then short enough for one."""
        chat = int(room)
        if message.replaces is not None:
            return await self._edit(chat, message)
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
            self._beside.begin(self._list_commands(chat, message.commands))
        if message.attachment is not None and not captioned:
            await self._api.send_file(message.attachment, **common)
        if message.venue is not None:
            await self._show_on_map(message.venue, common)
        return str(sent)

    async def _show_on_map(self, venue: Venue, common: Mapping[str, Any]) -> None:
        """The place on a map, beside the message that says it in words."""
        place = {"latitude": venue.latitude, "longitude": venue.longitude}
        self._beside.begin(self._quietly("sendVenue", title=venue.name, address=venue.address, **place, **common))

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
            self._beside.begin(self._quietly("editMessageText", chat_id=chat, message_id=settled, text=text))
            old = None if old == settled else old
        if old is not None:
            self._beside.begin(self._quietly("editMessageReplyMarkup", chat_id=chat, message_id=old))

    async def _me(self) -> Me:
        return msgspec.json.decode(await self._api.call("getMe"), type=Me)

    async def _introduce(self) -> None:
        """Command menus and descriptions. One that fails is a warning: the bot answers without it."""
        for menu in self._menus:
            commands = [{"command": name, "description": text} for name, text in menu.commands]
            language = {"language_code": menu.language} if menu.language else {}
            calls: list[tuple[str, dict[str, Any]]] = [
                ("setMyCommands", {"commands": commands}),
                ("setMyDescription", {"description": menu.description}),
                ("setMyShortDescription", {"short_description": menu.short_description}),
            ]
            for method, parameters in calls:
                if not await self._quietly(method, **parameters, **language):
                    log.warning("set_up_failed", method=method, language=menu.language)

    async def _list_commands(self, chat: int, listed: Sequence[tuple[str, str]]) -> None:
        """Show other commands beside one chat than beside all others."""
        commands = [{"command": name, "description": text} for name, text in listed]
        await self._quietly("setMyCommands", commands=commands, scope={"type": "chat", "chat_id": chat})

    async def _fetch(self, offset: int) -> list[msgspec.Raw]:
        raw = await self._api.call(
            "getUpdates",
            offset=offset or None,
            limit=AT_ONCE,
            timeout=LONG_POLL,
            allowed_updates=list(updates.ALLOWED),
        )
        return msgspec.json.decode(raw, type=list[msgspec.Raw])

    async def _hand_over(self, fetched: Sequence[msgspec.Raw], offset: int, receive: Receive) -> int:
        """Hand over a batch; the new offset, once everything is committed."""
        batch: list[Incoming] = []
        numbers = []
        taps: list[str] = []
        for raw in fetched:
            update = updates.read(raw)
            number = updates.number(raw) if update is None else update.update_id
            if number is None:
                log.error("update_without_id")
                continue
            numbers.append(number)
            if (message := self._read(update, number)) is not None:
                batch.append(message)
            if update is not None and update.callback_query is not None:
                taps.append(update.callback_query.id)
        if not numbers:
            raise NotSent("no update has an id")
        await self._rank(batch)
        following = max(max(numbers) + 1, offset)
        await receive(batch, str(following), {})
        # It ends the clock on a button, no more: beside the reply, and not before the batch is safe.
        for tap in taps:
            self._beside.begin(self._quietly("answerCallbackQuery", callback_query_id=tap))
        return following

    async def _rank(self, batch: list[Incoming]) -> None:
        """Learn of the commands given in groups whether an admin of the group gave them; nothing else depends on it.

        Side by side, so that somebody who gives a hundred of them holds nobody up.
        """
        orders = [
            index
            for index, message in enumerate(batch)
            if not message.private and message.kind == "message" and message.text[:1] == "/"
        ]
        ranks = await asyncio.gather(*(self._is_admin(batch[index].sender) for index in orders))
        for index, by_admin in zip(orders, ranks, strict=True):
            batch[index] = replace(batch[index], by_admin=by_admin)

    async def _is_admin(self, member: Address) -> bool:
        try:
            raw = await self._api.call("getChatMember", chat_id=int(member.room), user_id=int(member.user))
        except SendError:
            return False
        return msgspec.json.decode(raw, type=Member).status in {"creator", "administrator"}

    def _read(self, update: updates.Update | None, number: int) -> Incoming | None:
        if update is None:
            log.error("update_unreadable", update=number)
            return updates.unreadable(number)
        if (tap := update.callback_query) and (shown := tap.message) and shown.message_id:
            self._keyboards.setdefault(shown.chat.id, shown.message_id)
        return updates.incoming(update, self._bot_name)

    async def _quietly(self, method: str, **parameters: Any) -> bool:
        """A call whose failure costs nobody anything; whether it worked."""
        try:
            await self._api.call(method, **parameters)
        except Unchanged:
            return True
        except SendError as error:
            log.info("call_failed", method=method, error=type(error).__name__, reason=str(error))
            return False
        return True


def _place(message: Outgoing) -> dict[str, Any]:
    """Where in a group a message stands: in a topic, below what it answers."""
    place: dict[str, Any] = {}
    if message.thread is not None:
        place["message_thread_id"] = int(message.thread)
    if message.reply_to is not None:
        place["reply_parameters"] = {"message_id": int(message.reply_to), "allow_sending_without_reply": True}
    return place
