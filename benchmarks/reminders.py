"""100,000 people wait for one event: how long until all their reminders are outbox rows, and what replies feel of it.

Run: python -m benchmarks.reminders [PEOPLE]. Beside it, in the same run, what plain sqlite3 needs to copy as many rows
of the same size in one transaction.
"""

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from bot import app as application
from bot.clock import Clock
from bot.config import Config, StorageSection
from bot.core.messages import Address, Incoming, Memory, Outgoing, Receive
from storage import tables
from storage.people import sealed_address
from storage.vault import Vault, read_key

EVENT = "misburg"
NOW = datetime.fromisoformat("2025-11-25T18:00:01+01:00")
URL = os.environ.get("MITREDEN_STORAGE_URL", "sqlite:///data/mitreden.db")


class Nowhere:
    """A channel that takes replies and refuses nobody."""

    name = "terminal"
    repeatable = False

    def __init__(self) -> None:
        self.arrived_at: dict[str, float] = {}

    def serves(self, to: Address) -> bool:
        """Everybody."""
        return True

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Nothing comes from here."""

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        self.arrived_at.setdefault(to.user, time.perf_counter())
        return key


def subscribe(vault: Vault, people: int, connection: Connection) -> None:
    """People with a reminder that is due, as a thousand each would have come to be."""
    day = NOW.date()
    for start in range(0, people, 10_000):
        numbers = range(start + 1, min(start + 10_000, people) + 1)
        known = {
            "language": "de",
            "consent_version": None,
            "consent_day": None,
            "stopped": False,
            "waiting": None,
            "waiting_then": None,
            "misses": 0,
            "since": day,
        }
        connection.execute(
            insert(tables.people),
            [
                {
                    "id": number * 7919,
                    "lookup": vault.lookup("telegram", str(number)),
                    "channel": "telegram",
                    "address": sealed_address(vault, Address("telegram", str(number), str(number))),
                    **known,
                }
                for number in numbers
            ],
        )
        wishes = [{"person_id": number * 7919, "event": EVENT, "since": day} for number in numbers]
        connection.execute(insert(tables.subscriptions), wishes)
        due = {"kind": "day", "event": EVENT, "due_at": NOW - timedelta(seconds=1), "until_at": NOW + timedelta(days=1)}
        connection.execute(insert(tables.reminders), [{"person_id": number * 7919, **due} for number in numbers])


async def replies(app: application.App, channel: Nowhere, stop: asyncio.Event) -> list[float]:
    """Seconds that each of many people in a row waits for an answer, which is sent once everything is stored."""
    waited = []
    while not stop.is_set():
        name = f"citizen {time.monotonic_ns()}"
        began = time.perf_counter()
        sender = Address("terminal", name, name)
        message = Incoming(id=name, sender=sender, sent_at=NOW, text="/datenschutz", language="de")
        await app.dispatch.receive([message])
        waited.append(channel.arrived_at[name] - began)
        await asyncio.sleep(0.01)
    return waited


async def measure(people: int, folder: Path) -> None:
    """One run, printed."""
    config = Config(base=folder, storage=StorageSection(url=URL))
    channel = Nowhere()
    async with application.opened(config, Clock(NOW), {channel.name: channel}, {}) as app:
        vault = Vault(read_key(folder / "data" / "mitreden.key"))
        database = app.memory._database  # noqa: SLF001 - the rows of a year, written in seconds
        await database.write(lambda connection: subscribe(vault, people, connection))
        stop = asyncio.Event()
        asking = asyncio.create_task(replies(app, channel, stop))
        await asyncio.sleep(1.5)
        stop.set()
        idle = await asking
        stop = asyncio.Event()
        asking = asyncio.create_task(replies(app, channel, stop))
        worst, watching = [0.0], asyncio.create_task(stalls(stop))
        began = time.perf_counter()
        await app.duties.remind()
        took = time.perf_counter() - began
        stop.set()
        meanwhile, worst = await asking, await watching
        counted = select(func.count()).select_from(tables.outbox).where(tables.outbox.c.priority == 1)
        rows = await database.read(lambda connection: connection.execute(counted).scalar_one())
    assert rows == people, rows
    print(f"| {people:,} due reminders to outbox rows | {took:.2f} s | {took / people * 1e6:.0f} µs each |")
    print(f"| a reply meanwhile, median, longest of {len(meanwhile)} | {both(meanwhile)} | idle {both(idle)} |")
    print(f"| longest stall of the event loop | {max(worst) * 1000:.0f} ms | |")


async def stalls(stop: asyncio.Event) -> list[float]:
    """By how much a sleep of 5 ms was late, again and again."""
    late = []
    while not stop.is_set():
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        late.append(time.perf_counter() - began - 0.005)
    return late


def both(seconds: list[float]) -> str:
    """Median and longest, readable."""
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2] * 1000:.0f} ms, {ordered[-1] * 1000:.0f} ms"


def plainly(people: int, folder: Path) -> float:
    """Seconds in which sqlite3 alone copies as many rows, in one transaction that nobody else can write beside."""
    with closing(sqlite3.connect(folder / "plain.db", isolation_level=None)) as plain:
        for pragma in ("journal_mode = wal", "synchronous = full"):
            plain.execute(f"PRAGMA {pragma}")
        plain.execute("CREATE TABLE due (id INTEGER PRIMARY KEY, address BLOB)")
        plain.execute("CREATE TABLE outbox (id INTEGER PRIMARY KEY, address BLOB, key TEXT UNIQUE, state TEXT)")
        plain.execute("BEGIN")
        rows = ((number, os.urandom(70)) for number in range(people))
        plain.executemany("INSERT INTO due VALUES (?, ?)", rows)
        plain.execute("COMMIT")
        began = time.perf_counter()
        plain.execute("BEGIN")
        plain.execute("INSERT INTO outbox SELECT id, address, 'reminder:' || id, 'queued' FROM due")
        plain.execute("COMMIT")
        return time.perf_counter() - began


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print("| what | took | beside it |")
    print("|---|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(people, Path(folder)))
        print(f"| plain sqlite3, one INSERT … SELECT | {plainly(people, Path(folder)):.2f} s | nobody else can write |")


if __name__ == "__main__":
    main()
