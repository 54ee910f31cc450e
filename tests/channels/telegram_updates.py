"""The queue of updates: handed over until confirmed, to one reader at a time, as Telegram does it."""

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tests.channels.bot_api import Refusal

Json = dict[str, Any]

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds of updates a bot gets only if it asks for them."""
TERMINATED = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
AHEAD = 10
"""Ids by which an offset may be ahead of the next one; further on, the real one begins with the oldest: `TQueue::get`
of TDLib finds the offset to be "in the future"."""
LONGEST_POLL = 50.0
"""Seconds; the real one waits no longer whatever it is asked."""


@dataclass
class _Poll:
    """One getUpdates that waits."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended_by: str = ""


class Updates:
    """What the bot has not confirmed yet, in order; `handed` counts how often each was handed over, by its id."""

    def __init__(self) -> None:
        self.handed: Counter[int] = Counter()
        self.handed_at: dict[int, float] = {}
        self.arrived = asyncio.Event()
        self.allowed: list[str] = []
        self._next_id = 100_000_000 + secrets.randbelow(800_000_000)
        self._pending: dict[int, Json] = {}
        self._poll: _Poll | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._pending)

    def push(self, update: Json) -> int | None:
        """Queue an update as it is now; its id, or None where the bot asked not to get such updates."""
        kinds = [kind for kind in update if kind != "update_id"]
        if kinds and not any(self._allows(kind) for kind in kinds):
            return None
        number = self._next_id
        self._next_id += 1
        self._pending[number] = {"update_id": number, **json.loads(json.dumps(update))}
        self._wake()
        return number

    def number_anew(self) -> None:
        """Go on with lower ids, as after a week without updates, or on another Bot API server."""
        self._next_id -= 50_000_000

    async def get(self, offset: int = 0, limit: int = 100, seconds: float = 0) -> list[Json]:
        """Forget what lies below the offset and hand over what is left, waiting if there is nothing."""
        poll = self._take_over()
        try:
            self._confirm(offset)
            deadline = time.monotonic() + min(seconds, LONGEST_POLL)
            while not self._pending and not self._closed and not poll.ended_by:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                poll.woken.clear()
                try:
                    async with asyncio.timeout(left):
                        await poll.woken.wait()
                except TimeoutError:
                    break
            if poll.ended_by:
                raise Refusal(409, poll.ended_by)
            return self.hand_over(islice(self._pending.values(), limit))
        finally:
            if self._poll is poll:
                self._poll = None

    def pending(self) -> list[Json]:
        """What is not confirmed, oldest first."""
        return list(self._pending.values())

    def hand_over(self, updates: Iterable[Json]) -> list[Json]:
        """Note that these reach the bot now."""
        handed = list(updates)
        for update in handed:
            self.handed[update["update_id"]] += 1
            self.handed_at[update["update_id"]] = time.monotonic()
        return handed

    def confirm(self, update_id: int) -> None:
        """Forget one update: the bot has taken it."""
        self._pending.pop(update_id, None)

    def drop(self) -> None:
        """Forget everything, as drop_pending_updates asks."""
        self._pending.clear()

    def terminate(self, why: str) -> None:
        """End a poll that waits, with a 409."""
        if self._poll is not None:
            self._poll.ended_by = why
            self._poll.woken.set()

    def close(self) -> None:
        """End a poll that waits, with an empty answer."""
        self._closed = True
        self._wake()

    def _allows(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT

    def _take_over(self) -> _Poll:
        self.terminate(TERMINATED)
        self._poll = _Poll()
        return self._poll

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            for number in list(self._pending)[:offset]:
                del self._pending[number]
        elif offset <= self._next_id + AHEAD:
            while self._pending and (oldest := next(iter(self._pending))) < offset:
                del self._pending[oldest]

    def _wake(self) -> None:
        self.arrived.set()
        if self._poll is not None:
            self._poll.woken.set()
