"""The Telegram channel: how it hears what people do, and where it says what it has to say."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from bot.background import Background
from bot.channels.retrying import back_off
from bot.channels.telegram import updates
from bot.channels.telegram.api import BotApi, Migrated
from bot.channels.telegram.request import ANSWER_SECONDS, request_to
from bot.channels.telegram.sending import Sending
from bot.core.messages import MOVED, Address, Incoming, Memory, Menu, NotSent, Outgoing, Receive, Refused, SendError

if TYPE_CHECKING:
    from bot.channels.telegram.webhook import Webhook

log = structlog.get_logger(__name__)

LONG_POLL = 50
"""Seconds that Telegram holds a request open for news."""
AT_ONCE = 100
LEAST_BETWEEN = 0.2
"""Seconds between two polls of which the first brought nothing."""


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
        self._background = Background()
        self._sending = Sending(self._api, self._background)
        self._moved: dict[str, str] = {}
        self._unnoted: dict[str, str] = {}

    def serves(self, to: Address) -> bool:
        """Everybody on Telegram."""
        return to.channel == self.name

    async def open(self) -> None:
        """Ready the connections; nothing is said to Telegram yet."""
        await self._request.initialize()

    async def close(self) -> None:
        """End what runs beside, and the connections."""
        await self._background.close()
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
                    self._background.begin(self._introduce())
                fetched = await self._fetch(offset)
                self._polled()
                await self._note_moves(receive)
                if fetched:
                    offset = await self._hand_over(fetched, receive)
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
            await self._hand_over(brought, receive)
            self._polled()

        async with webhook.listening(handle):
            failures = 0
            while True:
                try:
                    if not self._bot_name:
                        self._bot_name = (await self._me()).username
                        self._background.begin(self._introduce())
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
                except (SendError, msgspec.DecodeError) as error:
                    failures += 1
                    log.warning("webhook_not_set", error=type(error).__name__, reason=str(error))
                    await asyncio.sleep(back_off(failures))

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        """Send or edit one message; Telegram's id of it. Raises a SendError."""
        room = self._moved.get(to.room, to.room) or to.user  # alone with the bot they are always in this one
        try:
            return await self._sending.send(int(room), message)
        except Migrated as error:
            self._move(to.room, str(error.chat))
            return await self._sending.send(error.chat, message)

    async def fetch(self, reference: str, most: int) -> bytes:
        """A picture that somebody sent. Raises a SendError."""
        file = msgspec.json.decode(await self._api.call("getFile", file_id=reference), type=FilePath)
        if file.file_size > most:
            raise Refused("too large")
        return await self._api.download(file.file_path, most)

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
                if not await self._api.quietly(method, **parameters, **language):
                    log.warning("set_up_failed", method=method, language=menu.language)

    async def _fetch(self, offset: int) -> list[msgspec.Raw]:
        raw = await self._api.call(
            "getUpdates",
            offset=offset or None,
            limit=AT_ONCE,
            timeout=LONG_POLL,
            allowed_updates=list(updates.ALLOWED),
        )
        return msgspec.json.decode(raw, type=list[msgspec.Raw])

    async def _hand_over(self, fetched: Sequence[msgspec.Raw], receive: Receive) -> int:
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
            if update is not None and (moved := updates.moved(update)):
                self._move(*moved)
            if (message := self._read(update, number)) is not None:
                batch.append(message)
            if update is not None and update.callback_query is not None:
                taps.append(update.callback_query.id)
        if not numbers:
            raise NotSent("no update has an id")
        await self._note_moves(receive)
        await self._rank(batch)
        following = max(numbers) + 1  # it may be lower than before: after a quiet week Telegram numbers anew
        await receive(batch, str(following), {})
        # It ends the clock on a button, no more: beside the reply, and not before the batch is safe.
        for tap in taps:
            self._background.begin(self._api.quietly("answerCallbackQuery", callback_query_id=tap))
        return following

    def _move(self, old: str, new: str) -> None:
        """A group has another id: it is written to there at once, and that is noted before anything said there."""
        self._moved[old] = new
        self._unnoted[MOVED + old] = new

    async def _note_moves(self, receive: Receive) -> None:
        """Have it noted which groups have moved. What is not noted is so before the next batch."""
        if noted := dict(self._unnoted):
            await receive([], None, noted)
            for name in noted:
                self._unnoted.pop(name, None)

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
            return msgspec.json.decode(raw, type=Member).status in {"creator", "administrator"}
        except (SendError, msgspec.DecodeError):
            return False

    def _read(self, update: updates.Update | None, number: int) -> Incoming | None:
        try:
            if update is not None:
                if (tap := update.callback_query) and (shown := tap.message) and shown.message_id:
                    self._sending.sees_keyboard(shown.chat.id, shown.message_id)
                return updates.incoming(update, self._bot_name)
            reason = "shape"
        except Exception as error:  # noqa: BLE001 - a day that no calendar has: it would keep everybody's from us
            reason = type(error).__name__
        log.error("update_unreadable", update=number, reason=reason)
        return updates.unreadable(number)
