"""Opens the database that a URL names: one writer and readers beside it, brought to the current schema."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage import sqlite
from storage.migrations import NEWEST


class DatabaseUnusable(Exception):
    """The database cannot be used as it is; the message says why and what to do."""


def parse(url: str, base: Path) -> URL:
    """The URL with its driver; a relative SQLite path counts from `base`. Raises DatabaseUnusable."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnusable("[storage] url is no database URL. Write sqlite:///data/mitreden.db") from error
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise DatabaseUnusable("[storage] url names no file. Write sqlite:///data/mitreden.db")
        return parsed.set(drivername="sqlite+aiosqlite", database=str(base / parsed.database))
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+asyncpg")
    raise DatabaseUnusable(f"[storage] url names {kind}. Mitreden knows sqlite and postgresql.")


class Database:
    """A writer and readers. `file` is the SQLite file, None on a server."""

    def __init__(self, url: URL) -> None:
        self.file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        if self.file:
            self._writer, self._reader = sqlite.write_engine(self.file), sqlite.read_engine(self.file)
        else:
            self._writer = self._reader = _server_engine(url)
        self._lock: int | None = None

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end of the block, or leaves no trace."""
        async with self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the database."""
        async with self._reader.connect() as connection:
            yield connection

    async def open(self, *, migrate: bool) -> None:
        """Make or check files and schema. With `migrate` this process becomes the one that writes.

        The schema is then brought up to date, otherwise an old one is refused. Raises DatabaseUnusable.
        """
        if self.file:
            _protect(self.file)
            if migrate:
                self._lock = _locked(self.file)
        try:
            await self._bring_up_to_date(migrate=migrate)
        except (OperationalError, OSError) as error:
            where = self.file or "the server"
            raise DatabaseUnusable(f"The database at {where} cannot be opened. Check path, rights and disk.") from error

    async def _bring_up_to_date(self, *, migrate: bool) -> None:
        async with self.reading() as connection:
            version = await connection.run_sync(_version)
        if version == NEWEST:
            return
        if version is not None and version > NEWEST:
            raise DatabaseUnusable("The database was made by a newer Mitreden. Install that version.")
        if not migrate:
            raise DatabaseUnusable("The database has an older schema. Run: mitreden migrate")
        from storage.migrations.run import upgrade  # noqa: PLC0415 - Alembic is loaded only when a migration is due

        async with self.writing() as connection:
            await connection.run_sync(upgrade)

    async def forget_deleted(self) -> None:
        """Make deleted text unreadable in the files, too. On a server that is the server's vacuum."""
        if self.file:
            await sqlite.truncate_log(self._writer)

    async def close(self) -> None:
        """Give back all connections; without this, their threads keep the process alive."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _version(connection: Connection) -> str | None:
    """The newest migration that the database has seen; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _server_engine(url: URL) -> AsyncEngine:
    settings = {"statement_timeout": "5000", "idle_in_transaction_session_timeout": "30000", "lock_timeout": "2000"}
    return create_async_engine(url, pool_pre_ping=True, connect_args={"server_settings": settings})


def _protect(file: Path) -> None:
    """Nobody else on the machine may read the folder's files, the ones SQLite makes beside the database included."""
    os.umask(0o077)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.exists() and sqlite.loosely_kept(file):
            raise DatabaseUnusable(f"Others may read the database {file}. Run: chmod 600 {file}")
        file.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnusable(
            f"The folder {file.parent} cannot be used: {error.strerror}. Check its rights."
        ) from error


def _locked(file: Path) -> int | None:
    """The lock that makes this process the only one that writes; the system frees it however the process ends."""
    if os.name != "posix":
        return None
    import fcntl  # noqa: PLC0415 - does not exist everywhere

    lock = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise DatabaseUnusable(
            f"The database {file} is in use by another Mitreden. End that one first, or use another folder."
        ) from error
    return lock
