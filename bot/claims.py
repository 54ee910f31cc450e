"""Messages that go once are marked before they are sent; those that go at the same time, in one write."""

import asyncio
from collections.abc import Sequence

import structlog

from bot.failpoints import Reach
from storage.database import Unavailable
from storage.memory import Memory

log = structlog.get_logger(__name__)

A_MOMENT = 0.003
"""Seconds in which those that were let go together have all asked to be marked."""
AGAIN_AFTER = 0.5
"""Seconds until a database that did not answer is asked again."""


class Claims:
    """Grants a row once: a process killed afterwards leaves it open whether the message went, and never repeats it."""

    def __init__(self, memory: Memory, reach: Reach) -> None:
        self._memory = memory
        self._reach = reach
        self._asked: dict[int, asyncio.Future[bool]] = {}
        self.under_way: asyncio.Task[None] | None = None

    async def granted(self, row: int) -> bool:
        """Whether a row may be sent, which is then noted: together with others that ask at the same time."""
        allowed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked[row] = allowed
        if self.under_way is None:
            self.under_way = asyncio.create_task(self._mark())
        return await allowed

    async def _mark(self) -> None:
        try:
            while self._asked:
                await asyncio.sleep(A_MOMENT)
                asked, self._asked = self._asked, {}
                self._reach("before_claim")
                try:
                    marked = await self._surely_marked(list(asked))
                except Exception as error:  # noqa: BLE001 - nothing is sent, the next round tries again
                    log.error("not_marked", error=type(error).__name__)
                    marked = set()
                    await asyncio.sleep(AGAIN_AFTER)
                self._reach("after_claim")
                for row, allowed in asked.items():
                    if not allowed.done():
                        allowed.set_result(row in marked)
        finally:
            self.under_way = None

    async def _surely_marked(self, rows: Sequence[int]) -> set[int]:
        """Which of these are marked. Asked until that is clear: one that is marked and not sent would stay so."""
        tries = 0
        while True:
            try:
                return await self._memory.sending.mark_sending(rows, again=tries > 0)
            except Unavailable as error:
                tries += 1
                log.error("not_marked", error=str(error))
                await asyncio.sleep(AGAIN_AFTER)
