"""A database on a PostgreSQL server, through asyncpg."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from storage import database
from storage.database import DatabaseUnusable

T = TypeVar("T")

SETTINGS = {
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "30000",
}
"""Milliseconds. A server that is stuck fails a batch, which is then handed over again."""


class ServerDatabase:
    """A pool of connections that are tried before they are used: a restarted server costs nothing but time."""

    file: Path | None = None

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"), pool_pre_ping=True, connect_args={"server_settings": SETTINGS}
        )

    async def open(self, *, to_write: bool) -> None:
        """Reach the server and check or bring up to date its schema. Raises DatabaseUnusable."""
        try:
            if not database.is_current(await self.read(database.version), to_write=to_write):
                await self.write(database.bring_up_to_date)
        except (DBAPIError, OSError) as error:
            raise DatabaseUnusable(
                "The database server does not answer. Check [storage] url and the server."
            ) from error

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction that commits at its end, or leaves no trace."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do work that changes nothing."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def forget_deleted(self) -> None:
        """The server's own vacuum does this."""

    async def close(self) -> None:
        """Give back every connection."""
        await self._engine.dispose()
