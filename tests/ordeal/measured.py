"""What an ordeal came to: rows counted in the bot's database, how long people wait, percentiles of that."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from sqlalchemy import func, select

from storage import tables
from storage.database import database
from tests.channels.citizen import Citizen
from tests.channels.telegram_process import PATIENCE
from tests.ordeal.canary import CANARY


async def counted(folder: Path, table: str, *by: str) -> dict[tuple[object, ...], int]:
    """How many rows a table has of each kind."""
    stored = database("sqlite:///data/mitreden.db", folder)
    rows_of = tables.metadata.tables[table]
    columns = [rows_of.c[name] for name in by]
    grouped = select(*columns, func.count()).select_from(rows_of).group_by(*columns)
    try:
        rows = await stored.read(lambda connection: connection.execute(grouped).all())
    finally:
        await stored.close()
    return {tuple(row[:-1]): row[-1] for row in rows if row[-1]}


async def fates(folder: Path) -> Counter[str]:
    """What has become of messages that leave a trace, those that go once among them: how many are in which state."""
    return Counter({str(state): number for (state,), number in (await counted(folder, "outbox", "state")).items()})


def dealt_with(fates: Counter[str]) -> int:
    """Of how many messages it is clear, or clear that it will stay unclear, what became of them."""
    return fates["sent"] + fates["unknown"]


async def evenly(times: int, apart: float) -> AsyncIterator[int]:
    """Count so many times, so many seconds apart, however long what is done in between takes."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for index in range(times):
        await asyncio.sleep(began + index * apart - loop.time())
        yield index


async def waited(citizen: Citizen) -> float:
    """How long somebody waits for an answer, in seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await citizen.say(f"/impressum {CANARY}")
    await citizen.answers(timeout=PATIENCE)
    return loop.time() - began


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of them do not pass."""
    return sorted(values)[min(int(len(values) * percent / 100), len(values) - 1)]
