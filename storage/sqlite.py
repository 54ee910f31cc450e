"""Everything that is true of SQLite only: one writer, readers beside it, and text that is really gone.

A transaction runs as a whole in a thread: one hop between event loop and thread, not one per statement.
"""

import asyncio
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from storage import database
from storage.database import DatabaseUnusable, Unavailable

T = TypeVar("T")

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",  # a confirmed answer survives a power cut, not only a killed process
    # 16 MB, four times SQLite's own: whoever's commit it falls to waits for pages written all over the file.
    "wal_autocheckpoint": 4000,
    "busy_timeout": 5000,
    "foreign_keys": 1,
    "secure_delete": 1,  # deleted text is overwritten in the file
    "temp_store": 2,  # nothing is written beside the database
    "trusted_schema": 0,
}
READERS = 4
AT_HAND = 2_500
"""KB of pages that the writer keeps: those of a few hundred people in conversation, and the way to them."""
READ_AT_ONCE = 256
"""KB of pages that a reader keeps: it has to forget them all whenever the writer has written."""


class SqliteDatabase:
    """A file with a single writer, which alone checkpoints: https://sqlite.org/wal.html#walresetbug cannot happen."""

    def __init__(self, file: Path) -> None:
        self.file: Path | None = file
        self.socket = file.with_suffix(".sock")
        self.tidies_at_once = True
        self.written = 0
        self._path = file
        # Every transaction of the writer begins as one that writes, so that none is refused half way.
        self._writer = _Writer(_engine(file, "BEGIN IMMEDIATE", 1, {"cache_size": -AT_HAND}))
        self._reader = _engine(file, "BEGIN", READERS, {"query_only": 1, "cache_size": -READ_AT_ONCE})
        self._writing = ThreadPoolExecutor(1, "writer")
        self._reading = ThreadPoolExecutor(READERS, "reader")
        self._lock: int | None = None

    async def open(self, *, to_write: bool) -> None:
        """Make or check file and schema; `to_write` makes this process the only one. Raises DatabaseUnusable."""
        _protect(self._path)
        if to_write:
            self._lock = _locked(self._path)
        try:
            if not database.is_current(await self.read(database.version), to_write=to_write):
                await self.write(database.bring_up_to_date)
        except (Unavailable, DatabaseError, OSError) as error:
            raise DatabaseUnusable(
                f"The database {self._path} cannot be opened. Check that it is one, its rights, and space on the disk."
            ) from error

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction that commits at its end, or leaves no trace."""
        try:
            return await self._change(work)
        finally:
            self.written += 1

    async def note(self, work: Callable[[Connection], T]) -> T:
        """The same for what changes nothing that is known of anybody."""
        return await self._change(work)

    async def _change(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._writer.write, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do work that changes nothing, on one state of the database."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, _read, self._reader, work)

    async def read_to_write(self, work: Callable[[Connection], T]) -> T:
        """Do work that changes nothing and finds what is written next: the writer keeps at hand what it reads.

        A reader has to forget all it has read whenever the writer has written.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._writer.look, work)

    async def read_for_staff(self, work: Callable[[Connection], T]) -> T:
        """The same: a file has no limit to the time of a read."""
        return await self.read(work)

    async def overtaken(self) -> None:
        """Never: the system frees a file's lock only when the process ends."""
        await asyncio.Event().wait()

    async def forget_deleted(self) -> bool:
        """Empty the write-ahead log, which may still hold rows that the database has forgotten; False if it is read."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._writer.empty_log)

    async def close(self) -> None:
        """Give back connections, threads and the lock."""
        for threads in (self._reading, self._writing):
            threads.shutdown()
        self._reader.dispose()
        self._writer.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class _Writer:
    """The only connection that writes, kept from one transaction to the next. For one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def write(self, work: Callable[[Connection], T]) -> T:
        """A transaction that commits at its end."""
        with self._at_hand() as connection, connection.begin():
            return work(connection)

    def look(self, work: Callable[[Connection], T]) -> T:
        """One that leaves no trace."""
        with self._at_hand() as connection, connection.begin() as transaction:
            found = work(connection)
            transaction.rollback()
            return found

    def empty_log(self) -> bool:
        """Take over all of the write-ahead log into the database; False where somebody still reads it.

        Nobody is waited for: whoever reads may do so for minutes, and everybody would wait for this connection.
        """
        with self._at_hand() as connection:
            # Not as a transaction of SQLAlchemy: a checkpoint cannot run inside one.
            cursor = connection.connection.cursor()
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                (busy, *_) = cursor.fetchone() or (1,)
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {PRAGMAS['busy_timeout']}")
                cursor.close()
            return not busy

    @contextmanager
    def _at_hand(self) -> Iterator[Connection]:
        """The connection. After a failure it is given back first, which ends whatever it was in the middle of."""
        with database.availability(of_the_driver=(sqlite3.Error,)):
            connection = self._connection = self._connection or self._engine.connect()
            try:
                yield connection
            except BaseException:
                self._connection = None
                connection.close()
                raise

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()


def _read(engine: Engine, work: Callable[[Connection], T]) -> T:
    with database.availability(), engine.begin() as connection:
        return work(connection)


def _engine(file: Path, begin: str, connections: int, more: dict[str, int]) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(file)), pool_size=connections, max_overflow=0)

    def connected(connection: Any, _record: object) -> None:
        # Python's own transaction handling begins too late and only for some statements; we begin ourselves.
        connection.isolation_level = None
        cursor = connection.cursor()
        for name, value in (PRAGMAS | more).items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _protect(file: Path) -> None:
    """Nobody else on the machine may read the folder's files, the ones SQLite makes beside the database included."""
    os.umask(0o077)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.is_dir():
            raise DatabaseUnusable(f"The database {file} is a folder. Name a file in [storage] url.")
        if file.exists() and os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
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
