"""The database that a URL names, whichever it is: work is handed to it as a function of a connection."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storage.migrations import NEWEST

T = TypeVar("T")


class DatabaseUnusable(Exception):
    """The database cannot be used as it is; the message says why and what to do."""


class Unavailable(Exception):
    """The database does not answer now: locked, full, out of reach. The same may work later.

    Nothing was written, unless the connection broke in the middle of a commit: then it may be (`Memory.in_doubt`).
    """


class Overtaken(Exception):
    """What it was decided on is so no more: nothing was written. Somebody has to decide again."""


OF_THE_CONTENT = (IntegrityError, DataError, ProgrammingError, NotSupportedError)
"""Errors that trying again will not mend; every other one of a database is of the moment."""


@contextmanager
def availability(of_the_driver: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Tell errors of the moment from errors of the content; those of the driver itself are of the moment."""
    of_the_moment: tuple[type[Exception], ...] = (DBAPIError, PoolTimeoutError, OSError, *of_the_driver)
    try:
        yield
    except OF_THE_CONTENT:
        raise
    except of_the_moment as error:
        raise Unavailable(type(error).__name__) from error


class Database(Protocol):
    """Transactions for plain functions. `file` is the SQLite file, None on a server.

    `socket` is where the process that writes takes requests of other commands on its machine.
    """

    @property
    def file(self) -> Path | None: ...

    @property
    def socket(self) -> Path: ...

    @property
    def tidies_at_once(self) -> bool: ...

    @property
    def written(self) -> int:
        """How often something was written, `note` aside: whoever keeps what is known of people looks at it."""
        ...

    async def open(self, *, to_write: bool) -> None:
        """Make or check what is needed; `to_write` brings the schema up to date. Raises DatabaseUnusable."""
        ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction that commits at its end, or leaves no trace."""
        ...

    async def note(self, work: Callable[[Connection], T]) -> T:
        """The same for what changes nothing that is known of anybody."""
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do work that changes nothing, on one state of the database."""
        ...

    async def read_to_write(self, work: Callable[[Connection], T]) -> T:
        """The same for what is written next: it may share with the write what that has to read again."""
        ...

    async def read_for_staff(self, work: Callable[[Connection], T]) -> T:
        """The same for work over everything that is stored, which may take minutes."""
        ...

    async def overtaken(self) -> None:
        """Return once another bot writes to the database instead of this one; usually never."""
        ...

    async def forget_deleted(self) -> bool:
        """Make unreadable in the database's own files what it has forgotten; whether that worked."""
        ...

    async def close(self) -> None:
        """Give back connections and threads."""
        ...


def database(url: str, base: Path) -> Database:
    """The database of a URL; a relative SQLite path counts from `base`. Raises DatabaseUnusable."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnusable("[storage] url is no database URL. Write sqlite:///data/mitreden.db") from error
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return _sqlite(parsed, base)
    if kind == "postgresql":
        return _server(parsed, base / "data")
    raise DatabaseUnusable(f"[storage] url names {kind}. Mitreden knows sqlite and postgresql.")


def _sqlite(url: URL, base: Path) -> Database:
    from storage.sqlite import SqliteDatabase  # noqa: PLC0415 - only the database in use is loaded

    if not url.database or url.database == ":memory:":
        raise DatabaseUnusable("[storage] url names no file. Write sqlite:///data/mitreden.db")
    return SqliteDatabase(base / url.database)


def _server(url: URL, folder: Path) -> Database:
    try:
        from storage.postgresql import ServerDatabase  # noqa: PLC0415 - as above
    except ImportError as error:
        raise DatabaseUnusable("PostgreSQL needs its driver. Run: pip install 'mitreden[postgresql]'") from error
    return ServerDatabase(url, folder)


def version(connection: Connection) -> str | None:
    """The newest migration that the database has seen; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def is_current(found: str | None, *, to_write: bool) -> bool:
    """Whether a schema version is the newest; raises DatabaseUnusable where it cannot become so."""
    if found is not None and found > NEWEST:
        raise DatabaseUnusable("The database was made by a newer Mitreden. Install that version.")
    if found != NEWEST and not to_write:
        raise DatabaseUnusable("The database has an older schema. Run: mitreden migrate")
    return found == NEWEST


def is_sound(connection: Connection) -> bool:
    """Whether the database's own check finds nothing wrong; a server looks after itself."""
    if connection.dialect.name != "sqlite":
        return connection.execute(text("SELECT 1")).scalar() == 1
    return connection.execute(text("PRAGMA quick_check(1)")).scalar() == "ok"


def bring_up_to_date(connection: Connection) -> None:
    """Run the migrations that are due."""
    from storage.migrations.run import upgrade  # noqa: PLC0415 - Alembic is loaded only when a migration is due

    upgrade(connection)
