"""That messages have been read is said after the reply, one room after the other, and of many messages of the last."""

import asyncio
import contextlib
from collections.abc import Mapping

from bot.channels.matrix.api import Api, path
from bot.core.messages import SendError

AFTER = 1.0
"""Seconds: a receipt costs the homeserver, and the reader's app, half as much as the reply that it would delay."""
PATIENCE = 10.0
"""Seconds for one receipt: without it nobody misses anything."""


class Receipts:
    """Confirms the newest event of each room. The busier the homeserver, the fewer it is asked for."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._newest: dict[str, str] = {}
        self._some = asyncio.Event()

    def note(self, read: Mapping[str, str]) -> None:
        """These are the events up to which rooms have been read."""
        self._newest |= read
        if self._newest:
            self._some.set()

    async def work(self) -> None:
        """Confirm, for ever."""
        while True:
            await self._some.wait()
            self._some.clear()
            await asyncio.sleep(AFTER)
            newest, self._newest = self._newest, {}
            for room, event in newest.items():
                with contextlib.suppress(SendError):
                    await self._api.post(path("rooms", room, "receipt", "m.read", event), {}, PATIENCE)
