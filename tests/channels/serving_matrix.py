"""The bot serving a homeserver of the test's own, inside the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bot import app as application
from bot.channels.matrix import Account, Matrix
from bot.pace import Limits, Pace
from tests.channels.synapse import PASSWORD, Homeserver
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, FrozenClock, config_in

QUICK = Limits(overall=1000.0, burst=1000, per_chat=1000.0, group_per_minute=10_000)


@asynccontextmanager
async def serving(
    homeserver: Homeserver,
    bot: str,
    folder: Path,
    process: Path | None = BEISPIELSTADT,
    now: datetime = BEISPIELSTADT_OPEN,
    *,
    url: str = "",
    **settings: Any,
) -> AsyncIterator[application.App]:
    """A bot with an account of this name, which is registered already; storage and session lie in a folder.

    `url` is another way to the homeserver; settings are those of the channel.
    """
    config = config_in(folder, process)
    loaded = application.load_process(config)
    account = Account(url or homeserver.url, homeserver.user_id(bot), PASSWORD)
    channel = Matrix(account, folder / "matrix", **settings)
    await channel.open()
    paces = {channel.name: Pace(QUICK)}
    try:
        async with application.opened(config, FrozenClock(now), {channel.name: channel}, paces, loaded) as app:
            await app.outbox.send_due()
            syncing = asyncio.create_task(channel.run(partial(app.dispatch.receive, channel=channel.name), app.memory))
            try:
                await asyncio.wait_for(channel.ready(), 20)
                yield app
            finally:
                syncing.cancel()
                with suppress(asyncio.CancelledError):
                    await syncing
    finally:
        await channel.close()
