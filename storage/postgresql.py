"""A database on a PostgreSQL server, through asyncpg.

A transaction begins and ends with one message each, written here: SQLAlchemy would send three more to try a connection
before every one of them. The BEGIN itself tries the connection, and a lost one is replaced before anything is done.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from storage import database
from storage.database import DatabaseUnusable, Unavailable
from storage.holding import FAILURES, Holding
from storage.tables import metadata

T = TypeVar("T")

LIMITS = {
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "30000",
}
"""Milliseconds. A server that is stuck fails a batch, which is then handed over again."""
KEEPALIVES = {"tcp_keepalives_idle": "15", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
"""Seconds: the server notices within half a minute that a bot's machine is gone, and frees its lock."""
NO_LIMIT = "; SET LOCAL statement_timeout = 0"
FOR_STAFF = "; SET LOCAL statement_timeout = 120000; SET LOCAL lock_timeout = 30000"
"""Staff wait longer for what is counted over all responses, and nobody else waits for it."""
LONGEST = 10.0
"""Seconds in which a transaction that people wait for is over, whatever the network does."""
LONGEST_FOR_STAFF = 150.0
"""The same for what only staff wait for."""
CONNECTED_WITHIN = 5.0
"""Seconds."""

IN_THE_POOL = 5
"""Connections that wait for work, and may all have been lost while they did; ten more come when they are needed."""

BEGIN = "BEGIN"
ONE_STATE = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_DRIVERS_WORDS = {"sslmode": "ssl"}
"""Options of a URL that the driver calls otherwise than every other client of PostgreSQL."""

ANONYMOUS = {
    "responses": "day",
    "response_answers": "missing",
    "participations": "process",
    "seen": "channel",
    "wishes": "state",
    "wish_voices": "mark",
}
"""Tables that must not lead to a person, each with a column to write again."""
QUICK = 2.0
"""Seconds. Rewriting holds up whoever writes: where it takes longer than this,"""
REST = 20
"""it is not done again before so many times as long have passed."""


class ServerDatabase:
    """A pool of connections: a restarted server costs nothing but time.

    With `statement_cache_size=0` in its URL nothing outlasts a transaction, as PgBouncer needs it.
    """

    file = None
    tidies_at_once = False
    """Whether forgetting is quick enough to follow every batch; here it rewrites tables."""

    def __init__(self, url: URL, folder: Path) -> None:
        self.socket = folder / f"mitreden-{sha256(repr(url).encode()).hexdigest()[:8]}.sock"
        pooled = url.query.get("statement_cache_size") == "0"
        options = {
            _DRIVERS_WORDS.get(name, name): value for name, value in url.query.items() if name != "statement_cache_size"
        }
        # A pooler refuses settings of a session, so each transaction brings its own.
        self._limits = "".join(f"; SET LOCAL {name} = {value}" for name, value in LIMITS.items()) if pooled else ""
        arguments: dict[str, Any] = {"timeout": CONNECTED_WITHIN}
        if pooled:
            arguments |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
            arguments["prepared_statement_name_func"] = lambda: f"mitreden_{uuid4().hex}"
        else:
            arguments["server_settings"] = LIMITS | KEEPALIVES | {"application_name": "mitreden"}
        self._engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg", query=options),
            isolation_level="AUTOCOMMIT",  # transactions are ours
            pool_size=IN_THE_POOL,
            connect_args=arguments,
        )
        self._holding = Holding(self._connected, pooled=pooled)
        self._last_step = ""
        self._one_writer = asyncio.Lock()
        self._written = 0
        self._reads_for_long = False
        self._may_tidy_at = 0.0

    async def open(self, *, to_write: bool) -> None:
        """Reach the server and check or bring up to date its schema. Raises DatabaseUnusable."""
        try:
            if to_write:
                if not await self._holding.begin():
                    raise DatabaseUnusable("The database is in use by another Mitreden. End that one first.")
                self._last_step = f"{self._holding.last_step}; "
            # Whoever only reads is a command, for which nobody waits in a chat.
            self._reads_for_long = not to_write
            if not database.is_current(await self.read(database.version), to_write=to_write):
                async with self._transaction(BEGIN + NO_LIMIT, self._last_step, None) as connection:
                    await connection.run_sync(database.bring_up_to_date)
        except (TypeError, ValueError) as error:
            raise DatabaseUnusable("[storage] url has an option that is not known. Leave it out.") from error
        except (Unavailable, *FAILURES) as error:
            raise DatabaseUnusable(
                "The database server does not answer. Check [storage] url and the server."
            ) from error

    async def overtaken(self) -> None:
        """Return once another bot holds the database; usually never."""
        await self._holding.overtaken()

    @property
    def written(self) -> int:
        """How often something was written; while the lock was lost, somebody else may have."""
        return self._written + self._holding.taken

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction that commits at its end, or leaves no trace."""
        try:
            return await self._change(work)
        finally:
            self._written += 1

    async def note(self, work: Callable[[Connection], T]) -> T:
        """The same for what changes nothing that is known of anybody."""
        return await self._change(work)

    async def _change(self, work: Callable[[Connection], T]) -> T:
        with database.availability(FAILURES):
            # One after the other, as with SQLite: what one has read before it writes is still so when it does.
            async with (
                self._one_writer,
                self._transaction(BEGIN + self._limits, self._last_step, LONGEST) as connection,
            ):
                return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do work that changes nothing, on one state of the database."""
        return await self._read(work, self._limits, LONGEST)

    async def read_to_write(self, work: Callable[[Connection], T]) -> T:
        """The same: a server keeps at hand for everybody what anybody has read."""
        return await self.read(work)

    async def read_for_staff(self, work: Callable[[Connection], T]) -> T:
        """The same for work over everything that is stored, which may take minutes."""
        return await self._read(work, self._limits + FOR_STAFF, LONGEST_FOR_STAFF)

    async def _read(self, work: Callable[[Connection], T], limits: str, seconds: float) -> T:
        begin = ONE_STATE + (NO_LIMIT if self._reads_for_long else limits)
        with database.availability(FAILURES):
            async with self._transaction(begin, "", None if self._reads_for_long else seconds) as connection:
                return await connection.run_sync(work)

    @asynccontextmanager
    async def _transaction(self, begin: str, last_step: str, seconds: float | None) -> AsyncIterator[AsyncConnection]:
        """A transaction within so many seconds. Raises FAILURES; where that is in its end, it stays open whether it is.

        A connection of which it is not certain that its transaction is over goes to nobody else.
        """
        async with asyncio.timeout(seconds):
            connection, driver = await self._begun(begin)
            try:
                yield connection
                with self._refusal():
                    await driver.execute(f"{last_step}COMMIT")
            except Exception:
                try:
                    await driver.execute("ROLLBACK")
                except FAILURES:
                    await connection.invalidate()
                raise
            except BaseException:
                driver.terminate()
                raise
            finally:
                await connection.close()

    async def _begun(self, begin: str) -> tuple[AsyncConnection, Any]:
        """A connection in a transaction. One that was lost while nobody used it has done nothing yet: take another."""
        tries = 0
        while True:
            tries += 1
            connection, driver = await self._connected()
            try:
                await driver.execute(begin)
            except Exception:
                lost = driver.is_closed()
                await connection.invalidate()
                await connection.close()
                if not lost or tries > IN_THE_POOL:
                    raise
            except BaseException:
                driver.terminate()
                await connection.close()
                raise
            else:
                return connection, driver

    async def _connected(self) -> tuple[AsyncConnection, Any]:
        """A connection that is not known to be lost, and the driver's own in it. Raises DBAPIError, OSError."""
        while True:
            connection = await self._engine.connect()
            driver = (await connection.get_raw_connection()).driver_connection
            if driver is not None and not driver.is_closed():
                return connection, driver
            await connection.invalidate()
            await connection.close()

    @contextmanager
    def _refusal(self) -> Iterator[None]:
        """Nothing is written without the lock; whether it is really lost is looked at at once."""
        try:
            yield
        except self._holding.refused as error:
            self._holding.question()
            raise Unavailable("not held") from error

    async def forget_deleted(self) -> bool:
        """Cut what PostgreSQL itself remembers: which rows were written together, and in which order they came.

        The system columns xmin and ctid of a response would lead to the person whose row was written with it. Every
        such table is written anew in one transaction, then laid in the order of its random ids. From all others what
        was erased is taken by a vacuum. Returns False where it is too soon to do so again.
        """
        now = asyncio.get_running_loop().time
        if (began := now()) < self._may_tidy_at:
            return False
        with database.availability(FAILURES):
            for table, column in ANONYMOUS.items():
                again = f"UPDATE {table} SET {column} = {column}"  # noqa: S608 - our names
                # Never two tables at once: a batch that has one of them and wants the other would be in its way.
                for statement in (again, f"CLUSTER {table} USING pk_{table}"):
                    # The work may take its time; the lock may not: whoever wants the table queues behind it.
                    begin = BEGIN + self._limits + NO_LIMIT
                    async with self._transaction(begin, self._last_step, None) as connection:
                        await connection.exec_driver_sql(statement)
            await self._vacuum([table.name for table in metadata.sorted_tables if table.name not in ANONYMOUS])
        if (took := now() - began) > QUICK:
            self._may_tidy_at = now() + REST * took
        return True

    async def _vacuum(self, tables: list[str]) -> None:
        """Take out of tables, and of their indexes, the rows that no transaction sees any more."""
        connection, driver = await self._connected()
        try:
            if not self._limits:
                await driver.execute("SET statement_timeout = 0")
            await driver.execute(f"VACUUM (INDEX_CLEANUP ON) {', '.join(tables)}")
        finally:
            await connection.invalidate()  # its settings are nobody else's
            await connection.close()

    async def close(self) -> None:
        """Give back every connection."""
        with suppress(*FAILURES):
            await self._holding.end()
        await self._engine.dispose()
