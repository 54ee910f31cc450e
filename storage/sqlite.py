"""Everything that is true of SQLite only: how a connection is opened, one writer, and text that is really gone."""

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",  # a confirmed answer survives a power cut, not only a killed process
    "busy_timeout": 5000,
    "foreign_keys": 1,
    "secure_delete": 1,  # deleted text is overwritten in the file
    "temp_store": 2,  # nothing is written beside the database
    "trusted_schema": 0,
}
FIXED_IN = (3, 51, 3)
"""The release without the bug of https://sqlite.org/wal.html#walresetbug, which one writer that checkpoints avoids."""


def write_engine(path: Path) -> AsyncEngine:
    """The one connection that writes. Every transaction begins as a writer, so that none is refused half way."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0)
    _prepare(engine, "BEGIN IMMEDIATE", {})
    return engine


def read_engine(path: Path) -> AsyncEngine:
    """Connections that only read, beside the writer."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=4, max_overflow=4)
    _prepare(engine, "BEGIN", {"query_only": 1})
    return engine


def _prepare(engine: AsyncEngine, begin: str, more: dict[str, int]) -> None:
    def connected(connection: Any, _record: object) -> None:
        # Python's own transaction handling begins too late and only for some statements; we begin ourselves.
        connection.isolation_level = None
        cursor = connection.cursor()
        for name, value in (PRAGMAS | more).items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)


async def truncate_log(engine: AsyncEngine) -> None:
    """Empty the write-ahead log, which may still hold rows that the database has forgotten."""
    async with engine.connect() as connection:
        # Not through SQLAlchemy: it would begin a transaction, and a checkpoint cannot run inside one.
        driver = (await connection.get_raw_connection()).driver_connection
        if driver is not None:
            await (await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")).close()


def loosely_kept(path: Path) -> bool:
    """Whether others on this machine may read a file."""
    return os.name == "posix" and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def has_reset_bug() -> bool:
    """Whether this SQLite is older than the fix of the write-ahead log's reset."""
    return sqlite3.sqlite_version_info < FIXED_IN


async def check(connection: AsyncConnection) -> str:
    """What `PRAGMA quick_check` says: "ok", or what is broken."""
    return str((await connection.execute(text("PRAGMA quick_check"))).scalar_one())
