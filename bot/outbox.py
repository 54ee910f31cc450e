"""Sends what is committed, and sees to it that it is noted what became of each message."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from bot.claims import Claims
from bot.core.messages import REPLY, Address, Channel, NotYet, OutboxRow
from bot.core.reminders import QuietHours
from bot.failpoints import Reach, pass_by
from bot.fate import fate_of
from bot.left_open import LeftOpen
from bot.metrics import Metrics
from bot.pace import Pace
from storage.database import Unavailable
from storage.memory import Memory
from storage.outbox import Fate

log = structlog.get_logger(__name__)

AT_ONCE = 100_000
"""Rows taken from the database at the start."""
UNASKED_AT_ONCE = 96
"""Messages of the bot's own accord that wait for their turn in memory, on each network; all others wait in the
database."""
WITH_A_BATCH = 0.01
"""Seconds in which it is expected that a batch is written, and with it what became of messages."""
A_MOMENT = 0.002
"""Seconds between two looks at whether a batch is written that somebody waits for."""
DATABASE_AGAIN = 0.5
"""Seconds until a database that did not answer is asked again."""
LAST_WORD = 1.0
"""Seconds that a closing outbox waits for a database to take what it has to note."""


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
        quiet: QuietHours | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._quiet = quiet
        self._memory = memory
        self._channels = channels
        self._paces = paces
        self._now = now
        self._reach = reach
        self._lanes: dict[Address, deque[OutboxRow]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._in_a_hurry = asyncio.Event()
        self._settling: asyncio.Task[None] | None = None
        self._unasked: dict[str, dict[int, asyncio.Task[None]]] = {}
        self._at_it: set[str] = set()
        self._claimed: dict[int, OutboxRow] = {}
        self._claims = Claims(memory, reach)
        self._left_open = LeftOpen(memory, now)

    async def send_due(self) -> None:
        """Take the replies that an earlier process left; returns before they are sent."""
        await self.take(await self._memory.sending.due(self._now(), AT_ONCE))

    async def send_left(self) -> None:
        """Send replies that were written while their writer had to believe that they were not."""
        await self._left_open.send(self._at_hand, self.take)

    def _at_hand(self) -> set[int]:
        """The ids of replies that are on their way, or out and not noted yet."""
        lanes = {row.id for lane in self._lanes.values() for row in lane}
        return lanes | self._memory.sending.unwritten()

    async def send_unasked(self) -> None:
        """Send what is due of the bot's own accord, a few at a time, until nothing is left or the night begins.

        Such a message never stands before a reply: it waits for its turn in no lane, and mostly in the database. Each
        network goes at its own pace: where one is at it already, such as one in trouble, the others begin all the same.
        """
        async with asyncio.TaskGroup() as networks:
            for channel in self._channels.keys() - self._at_it:
                self._at_it.add(channel)
                at_it = networks.create_task(self._send_unasked_on(channel), name=channel)
                at_it.add_done_callback(lambda task: self._at_it.discard(task.get_name()))

    async def _send_unasked_on(self, channel: str) -> None:
        passed_by: set[int] = set()
        under_way = self._unasked.setdefault(channel, {})
        while not self._night():
            # Read before the database is: a row that is done meanwhile must not be taken for a new one.
            at_hand = set(under_way) | passed_by
            rows = await self._memory.sending.due_unasked(self._now(), UNASKED_AT_ONCE, at_hand, channel)
            passed_by |= {row.id for row in rows if not self._serves(row)}
            for row in rows:
                if row.id not in passed_by:
                    under_way[row.id] = task = asyncio.create_task(self._send_once(row))
                    self._workers.add(task)
                    task.add_done_callback(self._workers.discard)
            if not rows:
                return
            while len(under_way) > UNASKED_AT_ONCE // 2:
                await asyncio.wait(list(under_way.values()), return_when=asyncio.FIRST_COMPLETED)

    def _serves(self, row: OutboxRow) -> bool:
        channel = self._channels.get(row.to.channel)
        return channel is not None and channel.serves(row.to)

    def _night(self) -> bool:
        return self._quiet is not None and self._quiet.holds(self._now())

    def _too_late(self, row: OutboxRow) -> bool:
        return self._night() or (row.until is not None and row.until <= self._now())

    async def _send_once(self, row: OutboxRow) -> None:
        """Send a message that nobody asked for just now: at its pace, by day, once at the most."""
        try:
            pace = self._paces.get(row.to.channel)
            if pace is not None:
                await pace.ready(row)
            if self._too_late(row):
                return  # it stays in the database: until morning, or for good
            self._claimed[row.id] = row
            if not await self._claims.granted(row.id):
                del self._claimed[row.id]
                return  # taken back meanwhile
            self._reach("before_send")
            self._note(await self._deliver(row))
        finally:
            del self._unasked[row.to.channel][row.id]

    async def take(self, rows: Sequence[OutboxRow]) -> None:
        """Take committed replies over; returns before they are sent. One that nobody here serves waits for who does."""
        for row in filter(self._serves, rows):
            if row.id in self._left_open.taken:
                continue
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
            self._in_a_hurry.set()
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
            await _at_last(self._claims.under_way)
            for row in self._claimed.values():  # the network has not seen them: the next start sends them
                self._note(Fate(row=row, state="queued", error="not sent"))
            await _at_last(self._settling)

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
        """What became of a row is written soon, by the next batch or together with what became of others meanwhile."""
        if fate.state != "queued":
            self._metrics.settled(sent=fate.state == "sent")
        self._memory.sending.leave(fate)
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        """Write what became of rows, as soon as no batch has done so in time."""
        loop, sending = asyncio.get_running_loop(), self._memory.sending
        try:
            while sending.unwritten():
                since = sending.left_since
                wait = WITH_A_BATCH if since is None else since + WITH_A_BATCH - loop.time()
                if wait > 0 and not self._in_a_hurry.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._in_a_hurry.wait(), wait)
                    continue
                if since is None:  # a batch has them in hand, and may fail
                    await asyncio.sleep(A_MOMENT)
                    continue
                try:
                    await sending.settle()
                except Unavailable as error:  # forgotten, they would be sent again, or count as unclear
                    log.error("not_settled", error=str(error))
                    await asyncio.sleep(DATABASE_AGAIN)
        finally:
            self._settling = None
            self._in_a_hurry.clear()

    async def _deliver(self, row: OutboxRow) -> Fate:
        """Send a row until it is clear what becomes of it. One that goes once has waited for its turn before."""
        channel, pace = self._channels[row.to.channel], self._paces.get(row.to.channel)
        tries = row.attempts
        while True:
            tries += 1
            try:
                remote_id = await self._sent(channel, pace, row)
            except Exception as error:  # noqa: BLE001 - one message must not cost the others on their way
                if fate := fate_of(row, error, pace, tries, self._now(), repeatable=channel.repeatable):
                    return fate
            else:
                self._reach("after_send")
                return Fate(row=row, state="sent", remote_id=remote_id)

    async def _sent(self, channel: Channel, pace: Pace | None, row: OutboxRow) -> str:
        key = row.key or f"row-{row.id}"
        if pace is None:
            self._claimed.pop(row.id, None)
            return await channel.send(row.to, row.message, key)
        if row.priority == REPLY:
            await pace.ready(row)
        async with pace.sending(row):
            self._claimed.pop(row.id, None)
            if row.priority > REPLY and self._too_late(row):
                raise NotYet("held up for too long", retry_after=0)
            return await channel.send(row.to, row.message, key)


async def _at_last(task: asyncio.Task[None] | None) -> None:
    """Wait for what notes something, but not for a database that stays away: the next start finds rows as they are."""
    if task:
        with suppress(TimeoutError):
            await asyncio.wait_for(task, LAST_WORD)
