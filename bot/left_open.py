"""Replies that were written while their writer had to believe that they were not: a connection broke in the commit."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from bot.core.messages import OutboxRow
from storage.memory import Memory

log = structlog.get_logger(__name__)

AT_ONCE = 100_000
"""Rows looked at at once."""

Take = Callable[[Sequence[OutboxRow]], Awaitable[None]]


class LeftOpen:
    """Finds such replies: what is queued and in nobody's hands, at two looks in a row, was left by such a commit."""

    def __init__(self, memory: Memory, now: Callable[[], datetime]) -> None:
        self._memory = memory
        self._now = now
        self._without_taker: set[int] = set()
        self.taken: set[int] = set()
        """Whoever wrote them may still hand them over."""

    async def send(self, at_hand: Callable[[], set[int]], take: Take) -> None:
        """Hand them over to `take`; `at_hand` tells the ids of replies that are on their way, or out and not noted."""
        if not self._memory.in_doubt():
            self._without_taker = set()
            return
        before = at_hand()
        queued = await self._memory.sending.queued(self._now(), AT_ONCE)
        left = queued - before - at_hand()
        late = left & self._without_taker
        self._without_taker = left - late
        if late:
            rows = await self._memory.sending.due_of(self._now(), late)
            handed_over = at_hand()  # meanwhile, by whoever wrote them
            rows = [row for row in rows if row.id not in handed_over]
            log.info("replies_left", replies=len(rows))
            await take(rows)
            self.taken |= late
