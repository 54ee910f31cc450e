"""How fast one network may be sent to: per chat, per group, overall; and the pauses it asks for.

Times are those of the event loop. Replies are counted in the overall rate, so that what the bot sends of its own accord
yields to them, but they never wait for it. An edit costs nothing.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from bot.core.messages import REPLY, Address, OutboxRow

AT_ONCE = 64
"""Requests under way at the same time."""
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
    """Tells when the next message may go. One for each network with limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._chats: dict[Address, deque[float]] = {}
        self._recent: deque[float] = deque()
        self._paused: dict[Address, float] = {}
        self._all_paused_until = 0.0
        self._told_to_wait: tuple[float, Address | None] = (0.0, None)
        self.under_way = asyncio.Semaphore(AT_ONCE)

    async def ready(self, row: OutboxRow) -> None:
        """Return when this message may be sent, and count it."""
        loop = asyncio.get_running_loop()
        while (wait := self._wait(row, loop.time())) > 0:  # noqa: ASYNC110 - it waits for a time, not an event
            await asyncio.sleep(wait)
        now = loop.time()
        if row.message.replaces is None:
            self._chats.setdefault(row.to, deque()).append(now)
            self._recent.append(now)
        if len(self._chats) > 10_000:
            self._forget_quiet_chats(now)

    def pause(self, to: Address, seconds: float) -> None:
        """The network asked for a pause in one chat; two chats in a row mean all of them."""
        now = asyncio.get_running_loop().time()
        self._paused[to] = max(self._paused.get(to, 0.0), now + seconds)
        before, other = self._told_to_wait
        if other is not None and other != to and now - before < FLOOD_WINDOW:
            self.pause_all(seconds)
        self._told_to_wait = (now, to)

    def pause_all(self, seconds: float) -> None:
        """Nothing can be sent for a while: the network is out of reach, or asks everybody to wait."""
        self._all_paused_until = max(self._all_paused_until, asyncio.get_running_loop().time() + seconds)

    def _wait(self, row: OutboxRow, now: float) -> float:
        """Seconds until this message may go; 0 for now."""
        wait = max(self._all_paused_until - now, self._paused.get(row.to, 0.0) - now)
        if row.message.replaces is not None:
            return wait
        wait = max(wait, self._chat_wait(row.to, now))
        if row.priority > REPLY:
            while self._recent and self._recent[0] <= now - 1.0:
                self._recent.popleft()
            allowed = max(int(self._limits.overall), 1)
            if len(self._recent) >= allowed:
                wait = max(wait, self._recent[-allowed] + 1.0 - now)
        return wait

    def _chat_wait(self, to: Address, now: float) -> float:
        """A bucket of `burst` messages that fills at `per_chat` a second; in a group, a window of a minute as well."""
        sent = self._chats.get(to)
        if not sent:
            return 0.0
        group = to.user != to.room
        while sent and sent[0] <= now - 60.0:
            sent.popleft()
        if group and len(sent) >= self._limits.group_per_minute:
            return sent[-self._limits.group_per_minute] + 60.0 - now
        tokens, at = float(self._limits.burst), sent[0] if sent else now
        for time in sent:
            tokens = min(self._limits.burst, tokens + (time - at) * self._limits.per_chat) - 1
            at = time
        tokens = min(self._limits.burst, tokens + (now - at) * self._limits.per_chat)
        return 0.0 if tokens >= 1 else (1 - tokens) / self._limits.per_chat

    def _forget_quiet_chats(self, now: float) -> None:
        self._chats = {to: sent for to, sent in self._chats.items() if sent and sent[-1] > now - 60.0}
        self._paused = {to: until for to, until in self._paused.items() if until > now}
