"""The pauses between two tries at a network that fails, and work that has to go on all the same."""

import asyncio

from bot.channels.retrying import SLOWEST, back_off, lasting


def test_the_pause_grows_and_has_an_end_however_long_a_network_fails() -> None:
    assert 1.0 <= back_off(1) < 2.0 <= back_off(2) < 4.0
    assert SLOWEST <= back_off(100_000) <= SLOWEST * 1.25


async def test_lasting_work_that_fails_begins_again() -> None:
    begun = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ValueError
        again.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(lasting(work))
    await asyncio.wait_for(again.wait(), 10)
    task.cancel()
