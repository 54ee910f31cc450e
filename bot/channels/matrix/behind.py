"""Rooms that could not be read when a sync told of them: what was said there is fetched later, beside the syncs.

Nobody else waits for them meanwhile, and nothing is lost: until where a room has been read is a fact that is stored
together with the bookmark that moves past it. What is read twice is known by its id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.background import Background
from bot.core.messages import SendError

log = structlog.get_logger(__name__)

FACT = "gap "
AT_ONCE = 4
"""Rooms that are caught up with at the same time: each may keep the homeserver busy for long."""
SLOWEST = 600.0
"""Seconds between two tries of one room at the most."""

CatchUp = Callable[[str, str, str], Awaitable[None]]
"""Reads and hands over what a room holds from one sync until another, and has it stored that this is done."""


class Behind:
    """The rooms that are behind. `facts` are theirs that the channel remembers: the sync up to which each was read."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        self._facts = facts
        self._catch_up: CatchUp | None = None
        self._told: dict[str, str] = {}
        """The last sync that told of something in each room."""
        self._at_work: set[str] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._background = Background()

    def __contains__(self, room: str) -> bool:
        return FACT + room in self._facts

    def begin(self, since: str | None, catch_up: CatchUp) -> None:
        """At the start: each may hold anything up to the bookmark."""
        self._catch_up = catch_up
        if since:
            self._told = {name.removeprefix(FACT): since for name in self._facts}
        self.go_on()

    def leave_out(self, room: str, since: str, until: str) -> dict[str, str]:
        """Read later what a sync, from one token until another, tells of a room; the fact to note."""
        self.told(room, until)
        return {FACT + room: since}

    def told(self, room: str, until: str) -> None:
        """A sync until this token tells something more of a room that is behind."""
        self._told[room] = until

    def caught_up(self) -> dict[str, str]:
        """The facts to note of rooms in which nothing is left to be fetched: from now on syncs tell of them again."""
        return {name: "" for name, read in self._facts.items() if self._told.get(name.removeprefix(FACT)) == read}

    def go_on(self) -> None:
        """Catch up with every room of which it is stored that it is behind."""
        for room in [name.removeprefix(FACT) for name in self._facts]:
            if self._catch_up and room not in self._at_work and self.left(room):
                self._at_work.add(room)
                self._background.begin(self._work(room, self._catch_up))

    def left(self, room: str) -> tuple[str, str] | None:
        """From where until where it has to be read; None where that is done, or the bot has left."""
        read, told = self._facts.get(FACT + room), self._told.get(room)
        return (read, told) if read and told and read != told else None

    async def close(self) -> None:
        """What is under way is done again after the next start."""
        await self._background.close()

    async def _work(self, room: str, catch_up: CatchUp) -> None:
        failures = 0
        try:
            while left := self.left(room):
                try:
                    async with self._gate:
                        await catch_up(room, *left)
                    failures = 0
                except Exception as error:  # noqa: BLE001 - whatever it is, what was said there must not be lost
                    failures += 1
                    asked_to_wait = getattr(error, "retry_after", None) or 0.0
                    pause = max(asked_to_wait, min(2.0 ** min(failures - 1, 20), SLOWEST))
                    reason = str(error) if isinstance(error, SendError) else ""
                    log.info("room_behind", error=type(error).__name__, reason=reason, retry_in=round(pause, 1))
                    await asyncio.sleep(pause)
        finally:
            self._at_work.discard(room)
