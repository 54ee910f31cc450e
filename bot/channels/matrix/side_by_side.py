"""Reads rooms side by side: nobody waits for long for what the homeserver has to say about somebody else's room."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog

from bot.channels.matrix.api import Denied, SignedOut
from bot.channels.matrix.found import Found
from bot.core.messages import NotYet, SendError

log = structlog.get_logger(__name__)

ROOMS_AT_ONCE = 8
SOON = 0.1
"""Seconds after which nobody waits any more for what the homeserver has to say about somebody else's room."""
HELD_UP = 10.0
"""Seconds after which a room that is still being read, while the homeserver is well, is read later."""

Read = Callable[[Found], Awaitable[None]]
"""Adds what a room holds to what was found. Raises a SendError."""


async def read_rooms(
    rooms: Mapping[str, Read],
    found: Found,
    early: Callable[[Found], Awaitable[None]],
    is_well: Callable[[], Awaitable[bool]],
) -> tuple[dict[str, SendError], Found]:
    """Read rooms, some at a time: those that failed or take long, and what was found and not handed over early."""
    gate = asyncio.Semaphore(ROOMS_AT_ONCE)

    async def one(read: Read) -> Found:
        part = Found()
        async with gate:
            with unless_put_out():
                await read(part)
        return part

    failed: dict[str, SendError] = {}
    reading = {asyncio.create_task(one(read)): room for room, read in rooms.items()}
    held_up_at = asyncio.get_running_loop().time() + HELD_UP
    try:
        while reading:
            await asyncio.wait(reading, timeout=SOON)
            for task in [task for task in reading if task.done()]:
                room = reading.pop(task)
                try:
                    found.add(await task)
                except SignedOut:
                    raise
                except SendError as error:
                    failed[room] = error
            if reading and (found.batch or found.invited):
                await early(found)
                found = Found()
            if asyncio.get_running_loop().time() < held_up_at or len(reading) > ROOMS_AT_ONCE:
                continue  # some may only wait for their turn
            held_up_at += HELD_UP
            if len(reading) + len(failed) < len(rooms) or await is_well():
                failed |= dict.fromkeys(reading.values(), NotYet("takes long"))
                break
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    return failed, found


@contextmanager
def unless_put_out() -> Iterator[None]:
    """What is read of a room ends where the bot is not in it any more."""
    try:
        yield
    except Denied as error:
        log.info("room_not_ours", code=error.code)
