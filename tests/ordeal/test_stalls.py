"""How long the event loop stands still while thousands of reminders are due: nobody's answer waits longer than that."""

import asyncio
import gc
import sys
from pathlib import Path

from bot import app as application
from bot.core.messages import Address, Outgoing
from bot.pace import Pace
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.recipients import remind, wanting_news
from tests.channels.serving import QUICK
from tests.channels.telegram_process import NOW
from tests.conftest import Figures
from tests.ordeal.measured import dealt_with, fates, percentile
from tests.ordeal.scale import scaled
from tests.talk import FrozenClock, Recorder, config_in

TICK = 0.002
"""Seconds that the loop is asked to sleep for, again and again."""


class Telegram(Recorder):
    """Takes everything, a round trip later."""

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        await asyncio.sleep(0.05)
        return await super().send(to, message, key)


async def late(over: asyncio.Event) -> list[float]:
    """By how many seconds the loop was late, each time."""
    loop, found = asyncio.get_running_loop(), []
    while not over.is_set():
        began = loop.time()
        await asyncio.sleep(TICK)
        found.append(loop.time() - began - TICK)
    return found


async def test_the_loop_never_stands_still_for_long_while_reminders_are_due(
    telegram: FakeTelegram, tmp_path: Path, figures: Figures
) -> None:
    many = scaled(10_000, 1_000)
    network = Telegram("telegram")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)  # as `mitreden run` does
    try:
        paces = {network.name: Pace(QUICK)}
        async with application.opened(config_in(tmp_path), FrozenClock(NOW), {network.name: network}, paces) as app:
            await remind(app.memory, await wanting_news(telegram, app.memory, many, NOW), NOW)
            gc.collect()
            gc.freeze()
            over = asyncio.Event()
            watched = asyncio.create_task(late(over))
            await asyncio.sleep(0.1)
            await app.duties.all_at_once()
            over.set()
            stalls = await watched
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)
    usual, longest = percentile(stalls, 99.9) * 1000, max(stalls) * 1000
    figures(f"{many:,} reminders sent, late 99.9 % of the time by at most {usual:.0f} ms, at worst by {longest:.0f} ms")
    assert dealt_with(await fates(tmp_path)) == len(network.sent) == many
    assert scaled(int(usual), 0) <= 50
    assert scaled(int(longest), 0) <= 200
