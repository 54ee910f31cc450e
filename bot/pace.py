"""How fast one network may be sent to: per chat, per group, overall; and the pauses it asks for.

Times are those of the event loop. Replies are counted in the overall rate, so that what the bot sends of its own accord
yields to them, but they never wait for it: there is room for as many as a busy second has. An edit costs nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.busy_seconds import BusySeconds
from bot.core.messages import REPLY, Address, OutboxRow
from bot.trouble import Trouble

AT_ONCE = 160
"""Replies under way at the same time."""
UNASKED_AT_ONCE = 48
"""Other messages under way at the same time: they have places of their own, so that no reply waits for one."""
CATCH_UP = 0.2
"""Seconds that even pacing may lag behind and make good: a busy moment costs no throughput."""
TOGETHER = 0.08
"""Seconds whose messages are let go at once, so that one write notes them all before they are sent."""
KNOWN_TRIPS = 500
"""Requests among which the quickest is looked for."""
ENOUGH_TRIPS = 50
"""Requests after which the quickest means something."""
MANY_CHATS = 10_000
MINUTE = 60.0
FLOOD_WINDOW = 2.0
"""Seconds within which two chats that are told to wait mean that the whole bot is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network permits: messages a second, a burst and then a rate per chat, messages a minute in a group."""

    overall: float = 30.0
    burst: int = 5
    per_chat: float = 1.0
    group_per_minute: int = 20


class Pace:
    """Tells when the next message may go. One for each network with limits.

    The network counts a request somewhere between its beginning and its answer. So that it never counts too many in a
    second, however long each is on its way, a request stays in our window until a second after its answer, less what
    the quickest request took: of two requests the later one then arrives a full second after the earlier one.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._allowed = max(int(limits.overall), 1)
        # A reply never waits: some room is left for those that come at this very moment.
        self._unasked_allowed = max(self._allowed - 1 - self._allowed // 100, 1)
        # When the bucket of a chat is full again; and when the latest messages of a group went.
        self._full_at: dict[str, float] = {}
        self._in_groups: dict[str, deque[float]] = {}
        self._paused: dict[str, float] = {}
        self._all_paused_until = 0.0
        self._told_to_wait = (0.0, "")
        self._begun = 0
        self._answered: deque[float] = deque()
        self._replies_begun = 0
        self._replies_answered: deque[float] = deque()
        self._seconds_of_replies = BusySeconds()
        self._trips: deque[float] = deque(maxlen=KNOWN_TRIPS)
        self._quickest = 0.0
        self._next = 0.0
        self._in_line = asyncio.Lock()
        self._at_the_gate = asyncio.Lock()
        self._replies = asyncio.Semaphore(AT_ONCE)
        self._unasked = asyncio.Semaphore(UNASKED_AT_ONCE)
        self._tidy_at = MANY_CHATS
        self._trouble = Trouble(self._paused_until)

    async def ready(self, row: OutboxRow) -> None:
        """Return when this message's turn has come, and count it in its chat."""
        await self._chat_ready(row)
        if row.priority > REPLY and row.message.replaces is None:
            async with self._in_line:
                loop = asyncio.get_running_loop()
                if (wait := self._next - loop.time()) > 0:
                    await asyncio.sleep(wait + TOGETHER)
                await self._trouble.until_a_try()
                self._next = max(self._next, loop.time() - CATCH_UP) + 1.0 / self._allowed
            await self._chat_ready(row)  # the network may have asked for a pause meanwhile
        if row.message.replaces is None:
            self._count(row.to, asyncio.get_running_loop().time())

    def _count(self, to: Address, now: float) -> None:
        self._full_at[to.chat] = max(self._full_at.get(to.chat, now), now) + 1.0 / self.limits.per_chat
        if _is_group(to):
            sent = self._in_groups.setdefault(to.chat, deque(maxlen=self.limits.group_per_minute))
            while sent and sent[0] <= now - MINUTE:
                sent.popleft()
            sent.append(now)
        if len(self._full_at) > self._tidy_at:
            self._forget_quiet_chats(now)

    @asynccontextmanager
    async def sending(self, row: OutboxRow) -> AsyncIterator[None]:
        """A request, from its beginning to its answer. What nobody asked for waits until it surely is not too many."""
        loop = asyncio.get_running_loop()
        if row.message.replaces is not None:
            async with self._replies, self._trouble.watched(row):
                yield
            return
        async with self._replies if row.priority == REPLY else self._unasked, self._trouble.watched(row):
            if row.priority > REPLY:
                await self._let_through(row)
            began = loop.time()
            self._begun += 1
            if row.priority == REPLY:
                self._replies_begun += 1
                self._seconds_of_replies.count(began)
            try:
                yield
            finally:
                self._begun -= 1
                self._note_trip(began, ended := loop.time())
                if row.priority == REPLY:
                    self._replies_begun -= 1
                    _remember(self._replies_answered, ended)

    async def _let_through(self, row: OutboxRow) -> None:
        """Return when one more request cannot be too many: one after the other, but for chats that have to wait."""
        time = asyncio.get_running_loop().time
        while (wait := self._pause_left(row, time())) > 0:  # noqa: ASYNC110 - it waits for a time, not an event
            await asyncio.sleep(wait)
        async with self._at_the_gate:
            while (wait := max(self._window_wait(time()), self._all_paused_until - time())) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait)

    def _pause_left(self, row: OutboxRow, now: float) -> float:
        return self._paused_until(row.to) - now

    def _paused_until(self, to: Address) -> float:
        return max(self._all_paused_until, self._paused.get(to.chat, 0.0))

    def _note_trip(self, began: float, ended: float) -> None:
        full = len(self._trips) == KNOWN_TRIPS
        gone = self._trips[0] if full else 0.0
        self._trips.append(ended - began)
        _remember(self._answered, ended)
        if len(self._trips) < ENOUGH_TRIPS:
            return
        if len(self._trips) == ENOUGH_TRIPS or (full and gone <= self._quickest):
            self._quickest = min(self._trips)
        self._quickest = min(self._quickest, ended - began)

    def _window_wait(self, now: float) -> float:
        """Seconds until one more request cannot be too many in any second; 0 for now."""
        since = now - 1.0 + self._quickest
        for answered in (self._answered, self._replies_answered):
            while answered and answered[0] <= since:
                answered.popleft()
        over = self._begun + len(self._answered) + self._room_for_replies(now) - self._unasked_allowed
        if over < 0:
            return 0.0
        return max(self._answered[over] - since, 0.001) if over < len(self._answered) else 0.002

    def _room_for_replies(self, now: float) -> int:
        """How many replies this second may still get, if it becomes a busy one; never more than half of all.

        They never wait: after a stall of the machine those of a whole second go at once. While they come as they use
        to, they are in the window themselves, and there is nothing to be left.
        """
        busy = min(self._seconds_of_replies.busy(now), self._unasked_allowed // 2)
        return max(busy - self._replies_begun - len(self._replies_answered), 0)

    def pause(self, to: Address, seconds: float) -> None:
        """The network asked for a pause in one chat; two chats in a row mean all of them."""
        now = asyncio.get_running_loop().time()
        self.pause_chat(to, seconds)
        before, other = self._told_to_wait
        if other not in {"", to.chat} and now - before < FLOOD_WINDOW:
            self.pause_all(seconds)
        self._told_to_wait = (now, to.chat)

    def pause_chat(self, to: Address, seconds: float) -> None:
        """Nothing can be sent to one chat for a while."""
        until = asyncio.get_running_loop().time() + seconds
        self._paused[to.chat] = max(self._paused.get(to.chat, 0.0), until)

    def pause_all(self, seconds: float) -> None:
        """Nothing can be sent for a while: the network is out of reach, or asks everybody to wait."""
        self._all_paused_until = max(self._all_paused_until, asyncio.get_running_loop().time() + seconds)

    async def _chat_ready(self, row: OutboxRow) -> None:
        loop = asyncio.get_running_loop()
        while (wait := self._wait(row, loop.time())) > 0:  # noqa: ASYNC110 - it waits for a time, not an event
            await asyncio.sleep(wait)

    def _wait(self, row: OutboxRow, now: float) -> float:
        """Seconds until this message's chat may get one; 0 for now."""
        wait = self._pause_left(row, now)
        return wait if row.message.replaces is not None else max(wait, self._chat_wait(row.to, now))

    def _chat_wait(self, to: Address, now: float) -> float:
        """A bucket of `burst` messages that fills at `per_chat` a second; in a group, a window of a minute as well."""
        wait = self._full_at.get(to.chat, now) - now - (self.limits.burst - 1) / self.limits.per_chat
        sent = self._in_groups.get(to.chat)
        if sent and len(sent) == sent.maxlen:
            wait = max(wait, sent[0] + MINUTE - now)
        return max(wait, 0.0)

    def _forget_quiet_chats(self, now: float) -> None:
        self._full_at = {to: full for to, full in self._full_at.items() if full > now}
        self._in_groups = {to: sent for to, sent in self._in_groups.items() if sent[-1] > now - MINUTE}
        self._paused = {to: until for to, until in self._paused.items() if until > now}
        self._tidy_at = max(MANY_CHATS, 2 * len(self._full_at))  # not again for every message of a long announcement


def _is_group(to: Address) -> bool:
    return to.chat != to.user


def _remember(answered: deque[float], ended: float) -> None:
    """An answer that came, instead of those that are too old to count, however quick a request can be."""
    answered.append(ended)
    while answered[0] < ended - 1.0:
        answered.popleft()
