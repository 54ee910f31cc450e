"""Sends what is committed, and decides what becomes of each message: done, again later, or unclear."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.core.messages import Address, Blocked, Channel, NotSent, OutboxRow, Refused, Unknown
from bot.failpoints import Reach, pass_by
from storage.memory import Memory

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
        """Send these rows and note what became of them. Raises what a channel raises that is no SendError."""
        once = [row.id for row in rows if row.once]
        if once:
            await self._memory.settle(sending=once)
        lanes: dict[Address, list[OutboxRow]] = {}
        for row in rows:
            lanes.setdefault(row.to, []).append(row)
        done: list[Mapping[str, object]] = []
        again: list[Mapping[str, object]] = []
        try:
            async with asyncio.TaskGroup() as lanes_at_work:
                for lane in lanes.values():
                    lanes_at_work.create_task(self._work(lane, done, again))
        finally:
            self._reach("before_mark")
            if done or again:
                await self._memory.settle(done=done, again=again)

    async def _work(
        self, lane: Sequence[OutboxRow], done: list[Mapping[str, object]], again: list[Mapping[str, object]]
    ) -> None:
        for row in lane:
            channel = self._channels.get(row.to.channel)
            if channel is None:
                done.append(_settled(row, "failed", "no such channel"))
                continue
            self._reach("before_send")
            try:
                remote_id = await channel.send(row.to, row.message, row.key or f"row-{row.id}")
            except NotSent as error:
                wait = timedelta(seconds=RETRY_AFTER if error.retry_after is None else error.retry_after)
                again.append({"row": row.id, "error": "not sent", "until": self._now() + wait})
            except Unknown:
                # A reply may arrive twice, better than never; what goes once stays open and is shown to staff.
                if row.once:
                    done.append(_settled(row, "unknown", "unclear"))
                else:
                    until = self._now() + timedelta(seconds=RETRY_AFTER)
                    again.append({"row": row.id, "error": "unclear", "until": until})
            except (Blocked, Refused) as error:
                log.info("send_refused", row=row.id, error=type(error).__name__)
                done.append(_settled(row, "failed", type(error).__name__))
            else:
                self._reach("after_send")
                done.append(_settled(row, "sent", None, remote_id))


def _settled(row: OutboxRow, state: str, error: str | None, remote_id: str | None = None) -> Mapping[str, object]:
    return {"row": row.id, "state": state, "error": error, "remote_id": remote_id}
