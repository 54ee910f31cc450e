"""A database on a PostgreSQL server, through asyncpg."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from storage import database
from storage.database import DatabaseUnusable, Unavailable

T = TypeVar("T")

SETTINGS = {
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "30000",
}
"""Milliseconds. A server that is stuck fails a batch, which is then handed over again."""


LOCK = 0x4D495452
"""The number of the lock that one bot holds: "MITR"."""
ANONYMOUS = {
    "responses": "day",
    "response_answers": "missing",
    "participations": "process",
    "seen": "channel",
    "wishes": "state",
    "wish_voices": "mark",
}
"""Tables that must not lead to a person, each with a column to write again."""


class ServerDatabase:
    """A pool of connections that are tried before they are used: a restarted server costs nothing but time."""

    file: Path | None = None
    tidies_at_once = False
    """Whether forgetting is quick enough to follow every batch; here it rewrites tables."""

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"), pool_pre_ping=True, connect_args={"server_settings": SETTINGS}
        )
        self._guard: AsyncConnection | None = None

    async def open(self, *, to_write: bool) -> None:
        """Reach the server and check or bring up to date its schema. Raises DatabaseUnusable."""
        try:
            if to_write:
                await self._become_the_only_one()
            if not database.is_current(await self.read(database.version), to_write=to_write):
                await self.write(database.bring_up_to_date)
        except (Unavailable, DBAPIError, OSError) as error:
            raise DatabaseUnusable(
                "The database server does not answer. Check [storage] url and the server."
            ) from error

    async def _become_the_only_one(self) -> None:
        """A lock of the session: two bots on one database would answer the same person twice."""
        self._guard = await self._engine.connect()
        free = (await self._guard.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": LOCK})).scalar()
        await self._guard.commit()
        if not free:
            raise DatabaseUnusable("The database is in use by another Mitreden. End that one first.")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction that commits at its end, or leaves no trace."""
        with database.availability():
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do work that changes nothing, on one state of the database."""
        with database.availability():
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ")
                return await connection.run_sync(work)

    async def forget_deleted(self) -> bool:
        """Cut what PostgreSQL itself remembers: which rows were written together, and in which order they came.

        The system columns xmin and ctid of a response would lead to the person whose row was written with it. Every
        response is written anew in one transaction, then laid in the order of its random id. Old row versions are the
        server's vacuum's to remove.
        """
        async with self._engine.begin() as connection:
            for table, column in ANONYMOUS.items():
                await connection.execute(text(f"UPDATE {table} SET {column} = {column}"))  # noqa: S608 - our names
        async with self._engine.begin() as connection:
            for table in ANONYMOUS:
                await connection.execute(text(f"CLUSTER {table} USING pk_{table}"))
        return True

    async def close(self) -> None:
        """Give back every connection."""
        if self._guard is not None:
            await self._guard.close()
        await self._engine.dispose()
