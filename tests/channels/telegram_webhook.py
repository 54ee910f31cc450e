"""Updates brought to the bot's own address, again and again until it takes them."""

import asyncio
import contextlib
import time
from typing import Any

import aiohttp

from tests.channels.telegram_updates import Updates

Json = dict[str, Any]

HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Webhook:
    """One address at most; updates of one chat arrive in order, of several chats at the same time."""

    def __init__(self, updates: Updates, retry_after: float) -> None:
        self.url = ""
        self.secret = ""
        self.retry_after = retry_after
        self._updates = updates
        self._connections = 40
        self._error: tuple[int, str] | None = None
        self._sender: asyncio.Task[None] | None = None

    async def send_to(self, url: str, secret: str, connections: int) -> None:
        """Bring updates to this address from now on; an empty address ends it."""
        await self.close()
        self.url, self.secret, self._connections, self._error = url, secret, connections, None
        if url:
            self._sender = asyncio.create_task(self._bring(), name="fake Telegram's webhook")

    async def close(self) -> None:
        """Bring nothing more."""
        if self._sender is not None:
            self._sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sender
        self._sender = None

    def info(self) -> Json:
        """The answer to getWebhookInfo."""
        info: Json = {"url": self.url, "has_custom_certificate": False, "pending_update_count": len(self._updates)}
        if self.url:
            info |= {"max_connections": self._connections, "ip_address": "127.0.0.1"}
        if self._error:
            info |= {"last_error_date": self._error[0], "last_error_message": self._error[1]}
        if self._updates.allowed:
            info["allowed_updates"] = self._updates.allowed
        return info

    async def _bring(self) -> None:
        under_way: set[object] = set()
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                self._updates.arrived.clear()
                waiting = set(under_way)
                for update in self._updates.pending():
                    if len(under_way) >= self._connections:
                        break
                    chat = _chat(update)
                    if chat not in waiting:
                        under_way.add(chat)
                        tasks.create_task(self._deliver(session, update, under_way))
                    waiting.add(chat)
                await self._updates.arrived.wait()

    async def _deliver(self, session: aiohttp.ClientSession, update: Json, under_way: set[object]) -> None:
        self._updates.hand_over([update])
        headers = {HEADER: self.secret} if self.secret else {}
        try:
            async with session.post(self.url, json=update, headers=headers) as response:
                failed = "" if response.ok else f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            failed = f"Connection failed: {type(error).__name__}"
        if failed:
            self._error = (int(time.time()), failed)
            await asyncio.sleep(self.retry_after)
        else:
            self._updates.confirm(update["update_id"])
        under_way.discard(_chat(update))
        self._updates.arrived.set()


def _chat(update: Json) -> object:
    """What decides the order: the chat, else the update itself."""
    for kind in update.values():
        if isinstance(kind, dict):
            inside = kind.get("message", kind)
            if isinstance(inside, dict) and isinstance(inside.get("chat"), dict):
                return inside["chat"].get("id")
    return ("update", update["update_id"])
