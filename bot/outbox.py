"""Sends what is committed, and decides what becomes of each message: done, again later, or unclear."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.core.messages import Address, Blocked, Channel, NotSent, OutboxRow, Refused, Unknown
from bot.failpoints import Reach, pass_by
from storage.memory import Memory
from storage.outbox import Fate

log = structlog.get_logger(__name__)

AT_ONCE = 1000
"""Rows taken from the database in one go."""
RETRY_AFTER = 5.0
"""Seconds until a message that was certainly not sent is tried again, where the network names no time."""


class Outbox:
    """One lane per address: in order within a lane, side by side between them."""

    def __init__(
        self, memory: Memory, channels: Mapping[str, Channel], now: Callable[[], datetime], reach: Reach = pass_by
    ) -> None:
        self._memory = memory
        self._channels = channels
        self._now = now
        self._reach = reach

    async def send_due(self) -> None:
        """Send what an earlier process left, and what has become due."""
        while rows := await self._memory.due(self._now(), AT_ONCE):
            await self.send(rows)

    async def send(self, rows: Sequence[OutboxRow]) -> None:
        """Send these rows and note what became of them."""
        once = [row.id for row in rows if row.once]
        if once:
            await self._memory.mark_sending(once)
        lanes: dict[Address, list[OutboxRow]] = {}
        for row in rows:
            lanes.setdefault(row.to, []).append(row)
        fates: list[Fate] = []
        try:
            async with asyncio.TaskGroup() as lanes_at_work:
                for lane in lanes.values():
                    lanes_at_work.create_task(self._work(lane, fates))
        finally:
            self._reach("before_mark")
            if fates:
                await self._memory.settle(fates)

    async def _work(self, lane: Sequence[OutboxRow], fates: list[Fate]) -> None:
        for row in lane:
            self._reach("before_send")
            fates.append(await self._send_one(row))

    async def _send_one(self, row: OutboxRow) -> Fate:
        channel = self._channels.get(row.to.channel)
        if channel is None:
            return Fate(row=row, state="failed", error="no such channel")
        try:
            remote_id = await channel.send(row.to, row.message, row.key or f"row-{row.id}")
        except NotSent as error:
            wait = RETRY_AFTER if error.retry_after is None else error.retry_after
            return Fate(row=row, state="queued", error="not sent", until=self._now() + timedelta(seconds=wait))
        except Unknown:
            # A reply may arrive twice, better than never; what goes once stays open and is shown to staff.
            if row.once:
                return Fate(row=row, state="unknown", error="unclear")
            return Fate(row=row, state="queued", error="unclear", until=self._now() + timedelta(seconds=RETRY_AFTER))
        except (Blocked, Refused) as error:
            log.info("send_refused", row=row.id, error=type(error).__name__)
            return Fate(row=row, state="failed", error=type(error).__name__)
        self._reach("after_send")
        return Fate(row=row, state="sent", remote_id=remote_id)
