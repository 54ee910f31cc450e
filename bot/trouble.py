"""A network in trouble: while nothing gets through to it, requests go one by one, with pauses, until one does."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.core.messages import REPLY, Address, NotSent, NotYet, OutboxRow, SendError, Unknown

IN_A_ROW = 3
"""Chats in a row to which nothing could be sent: it is not they who are in trouble, the network is."""
SLOWEST_TRY = 5.0
"""Seconds between two tries at a network in trouble, at the most."""
A_LOOK = 0.25
"""Seconds after which it is looked again whether a network is out of trouble."""


class Trouble:
    """How one network is, by what becomes of requests. `paused_until`: before when nothing may be sent to a chat."""

    def __init__(self, paused_until: Callable[[Address], float]) -> None:
        self._paused_until = paused_until
        self._failed: set[str] = set()
        self._tries = 0
        self._next_try = 0.0
        self._trying = asyncio.Lock()
        self._trying_unasked = asyncio.Lock()

    async def until_a_try(self) -> None:
        """Return once the network is out of trouble, or may be tried again."""
        time = asyncio.get_running_loop().time
        while self._holds() and (wait := self._next_try - time()) > 0:  # noqa: ASYNC110 - for a time
            await asyncio.sleep(min(wait, A_LOOK))  # others try meanwhile, and may get through

    @asynccontextmanager
    async def watched(self, row: OutboxRow) -> AsyncIterator[None]:
        """A request whose outcome tells how the network is; while that is in trouble it waits for its turn to try."""
        time = asyncio.get_running_loop().time
        held: list[asyncio.Lock] = []
        try:
            if self._holds():
                # A reply stands behind other replies, and behind one message at the most that nobody asked for.
                for lock in (self._trying,) if row.priority == REPLY else (self._trying_unasked, self._trying):
                    await lock.acquire()
                    held.append(lock)
                while self._holds() and (wait := self._try_at(row.to) - time()) > 0:  # noqa: ASYNC110 - for a time
                    await asyncio.sleep(wait)
            try:
                yield
            except (NotSent, Unknown) as error:
                if not isinstance(error, NotYet):
                    self._note_failure(row.to, alone=bool(held))
                raise
            except SendError:
                self._recovered()  # an answer, if an unwelcome one
                raise
            self._recovered()
        finally:
            for lock in held:
                lock.release()

    def _holds(self) -> bool:
        return len(self._failed) >= IN_A_ROW

    def _try_at(self, to: Address) -> float:
        return max(self._next_try, self._paused_until(to))

    def _note_failure(self, to: Address, *, alone: bool) -> None:
        self._failed.add(to.chat)
        self._tries += alone
        pause = min(2.0 ** min(self._tries, 10), SLOWEST_TRY)
        self._next_try = asyncio.get_running_loop().time() + pause * random.uniform(1.0, 1.25)  # noqa: S311 - jitter

    def _recovered(self) -> None:
        if self._failed:
            self._failed.clear()
            self._tries = 0
