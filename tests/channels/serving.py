"""The bot serving a Telegram of the test's own, inside the test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from bot import app as application
from bot.channels.telegram import Telegram
from bot.channels.telegram.request import ANSWER_SECONDS
from bot.core.messages import Incoming
from bot.networks import menus
from bot.pace import Limits, Pace
from tests.channels.fake_telegram import FakeTelegram
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, FrozenClock, config_in

QUICK = Limits(overall=1000.0, burst=1000, per_chat=1000.0)
"""Limits that no test has to wait for."""


@asynccontextmanager
async def serving(  # noqa: PLR0917 - what a test may want to be different
    telegram: FakeTelegram,
    folder: Path,
    process: Path | None = BEISPIELSTADT,
    now: datetime = BEISPIELSTADT_OPEN,
    limits: Limits = QUICK,
    patience: float = ANSWER_SECONDS,
    spoil: Callable[[Sequence[Incoming]], None] = lambda _batch: None,
) -> AsyncIterator[application.App]:
    """A bot that polls that Telegram, with its storage in a folder. `spoil` does something to each batch before."""
    config = config_in(folder, process)
    loaded = application.load_process(config)
    channel = Telegram(telegram.token, telegram.url, menus(*loaded), patience=patience)
    await channel.open()
    paces = {channel.name: Pace(limits)}
    try:
        async with application.opened(config, FrozenClock(now), {channel.name: channel}, paces, loaded) as app:
            await app.outbox.send_due()

            async def receive(batch: Sequence[Incoming], bookmark: str | None, facts: Mapping[str, str]) -> None:
                spoil(batch)
                await app.dispatch.receive(batch, bookmark, facts, channel.name)

            polling = asyncio.create_task(channel.run(receive, app.memory))
            try:
                yield app
            finally:
                polling.cancel()
                with suppress(asyncio.CancelledError):
                    await polling
    finally:
        await channel.close()
