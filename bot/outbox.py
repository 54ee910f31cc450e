"""Sends what is committed, and decides what becomes of each message: done, again later, or unclear."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from bot.core.messages import Address, Channel, NotSent, OutboxRow, SendError, Unknown
from bot.failpoints import Reach, pass_by
from bot.metrics import Metrics
from bot.pace import Pace
from storage.memory import Memory
from storage.outbox import Fate

log = structlog.get_logger(__name__)

AT_ONCE = 100_000
"""Rows taken from the database at the start."""
SLOWEST_RETRY = 30.0
"""Seconds between two tries at the most, so that an answer comes within a minute of a network's return."""


class Outbox:
    """One lane per address: in order within a lane, side by side between them.

    On a channel with a pace a message is tried again until it is out; without one (the terminal) by the next start.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that an outbox is put together from
        self,
        memory: Memory,
        channels: Mapping[str, Channel],
        paces: Mapping[str, Pace],
        now: Callable[[], datetime],
        reach: Reach = pass_by,
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._memory = memory
        self._channels = channels
        self._paces = paces
        self._now = now
        self._reach = reach
        self._lanes: dict[Address, deque[OutboxRow]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._fates: list[Fate] = []
        self._settling: asyncio.Task[None] | None = None

    async def send_due(self) -> None:
        """Send what an earlier process left, and what has become due."""
        for row in await self._memory.due(self._now(), AT_ONCE):
            channel = self._channels.get(row.to.channel)
            if channel is not None and channel.serves(row.to):
                await self.take([row])

    async def take(self, rows: Sequence[OutboxRow]) -> None:
        """Take committed rows over; returns before they are sent."""
        once = [row.id for row in rows if row.once]
        if once:
            await self._memory.mark_sending(once)
        for row in rows:
            if row.to in self._lanes:
                self._lanes[row.to].append(row)
            else:
                self._lanes[row.to] = deque([row])
                worker = asyncio.create_task(self._work(row.to))
                self._workers.add(worker)
                worker.add_done_callback(self._workers.discard)

    async def send(self, rows: Sequence[OutboxRow]) -> None:
        """Take rows over and wait until everything is out and noted."""
        await self.take(rows)
        await self.idle()

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._workers or self._settling:
            waiting = [*self._workers, *([self._settling] if self._settling else [])]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                if task.done() and not task.cancelled():
                    task.result()

    async def close(self, patience: float = 5.0) -> None:
        """Let what is on its way arrive, for some seconds; what is left stays queued for the next start."""
        try:
            async with asyncio.timeout(patience):
                await self.idle()
        except TimeoutError:
            for worker in list(self._workers):
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
            if self._settling:
                await self._settling

    async def _work(self, to: Address) -> None:
        """Send the rows of one lane until it is empty."""
        lane = self._lanes[to]
        try:
            while lane:
                self._reach("before_send")
                self._note(await self._deliver(lane[0]))
                lane.popleft()
        finally:
            del self._lanes[to]

    def _note(self, fate: Fate) -> None:
        """What became of a row is written soon, together with what became of others meanwhile."""
        self._metrics.settled(sent=fate.state == "sent")
        self._fates.append(fate)
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        try:
            while self._fates:
                self._reach("before_mark")
                fates, self._fates = self._fates, []
                await self._memory.settle(fates)
        finally:
            self._settling = None

    async def _deliver(self, row: OutboxRow) -> Fate:
        channel, pace = self._channels.get(row.to.channel), self._paces.get(row.to.channel)
        if channel is None:
            return Fate(row=row, state="failed", error="no such channel")
        tries = 0
        while True:
            tries += 1
            try:
                remote_id = await self._sent(channel, pace, row)
            except Exception as raised:  # noqa: BLE001 - one message must not cost the others on their way
                error = raised if isinstance(raised, SendError) else Unknown(type(raised).__name__)
                if not isinstance(raised, SendError):
                    log.error("send_failed", row=row.id, error=type(raised).__name__)
                if fate := _fate_of(row, error, pace, tries, repeatable=channel.repeatable):
                    return fate
            else:
                self._reach("after_send")
                return Fate(row=row, state="sent", remote_id=remote_id)

    async def _sent(self, channel: Channel, pace: Pace | None, row: OutboxRow) -> str:
        key = row.key or f"row-{row.id}"
        if pace is None:
            return await channel.send(row.to, row.message, key)
        await pace.ready(row)
        async with pace.under_way:
            return await channel.send(row.to, row.message, key)


def _fate_of(row: OutboxRow, error: SendError, pace: Pace | None, tries: int, *, repeatable: bool) -> Fate | None:
    """What a failed send means for its row; None where it is tried again once the pace allows."""
    match error:
        case NotSent() if pace is None:
            return Fate(row=row, state="queued", error="not sent")
        case NotSent(retry_after=None) if pace:
            pace.pause_all(_back_off(tries))
        case NotSent(retry_after=seconds) if pace and seconds is not None:
            pace.pause(row.to, seconds)
        case Unknown() if row.once and not repeatable:
            return Fate(row=row, state="unknown", error="unclear")
        case Unknown() if pace:
            # A reply may arrive twice, better than never.
            pace.pause(row.to, _back_off(tries))
        case Unknown():
            return Fate(row=row, state="queued", error="unclear")
        case _:
            log.info("send_refused", row=row.id, error=type(error).__name__)
            return Fate(row=row, state="failed", error=type(error).__name__)
    return None


def _back_off(tries: int) -> float:
    """Seconds until the next try: doubling from one, with jitter."""
    return float(min(2.0 ** (tries - 1), SLOWEST_RETRY) * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, no secret
