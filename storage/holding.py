"""The lock that keeps a second bot away from a database on a server, and how the first one notices that it lost it.

The lock belongs to one connection, the guard's: the server frees it when that ends, however it ends. So that nothing is
written between that moment and the bot's noticing it, every transaction asks in its last step whether the guard still
holds, and a bot that takes over waits for the transactions that have asked already.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from asyncpg import DivisionByZeroError, InterfaceError, InternalClientError, PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger(__name__)
LOCK = 0x4D495452
"""The number of the lock that one bot holds: "MITR"."""
WRITERS = LOCK + 1
"""The lock that transactions share in their last step, and that whoever takes over holds alone for a moment."""
EVERY = 2.0
"""Seconds between two looks at a guard of whose end nobody has told."""
ANSWERS_WITHIN = 5.0
"""Seconds in which a look has to be over, or the guard's connection counts as lost."""
AGAIN_AFTER = 0.3
"""Seconds between two tries to hold the lock."""
FAILURES = (DBAPIError, PostgresError, InterfaceError, InternalClientError, OSError)
"""What a server that cannot be reached, or stops in the middle, is noticed by: through SQLAlchemy, and without it.

The fourth is the driver's own: a process that was stopped for a minute found it in the middle of something.
"""
PATIENCE = 3.0
"""Seconds for which a start waits for one that has just been killed."""
GRACE = 10.0
"""Seconds after which a bot that lost the lock leaves the database to whoever has it: a command may have it briefly."""


Connect = Callable[[], Awaitable[tuple[AsyncConnection, Any]]]
"""A connection of the pool that is not known to be lost, and asyncpg's own inside of it."""


class Holding:
    """One bot's hold on a database. `pooled`: between it and the server sessions are shared, only transactions last."""

    def __init__(self, connect: Connect, *, pooled: bool) -> None:
        self._connect = connect
        self._pooled = pooled
        # A second lock, which nobody else knows: who holds this one holds the first.
        self._own = secrets.randbits(31)
        self._guard: AsyncConnection | None = None
        self._driver: Any = None
        self._watching: asyncio.Task[None] | None = None
        self._doubt = asyncio.Event()
        self._overtaken = asyncio.Event()
        self.taken = 0
        """How often the lock was taken: in between somebody else may have had it."""

    @property
    def last_step(self) -> str:
        """SQL that fails with a division by zero unless the guard holds: only then can nobody share its own lock."""
        own = f"pg_try_advisory_xact_lock_shared({LOCK}, {self._own})"
        return f"SELECT pg_advisory_xact_lock_shared({WRITERS}), 1 / (NOT {own})::int"

    refused = DivisionByZeroError
    """What the last step fails with."""

    async def begin(self) -> bool:
        """Hold the database from now on; False where another bot does. Raises DBAPIError, OSError."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not await self._take():
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(AGAIN_AFTER)
        self._watching = asyncio.create_task(self._watch())
        return True

    def question(self) -> None:
        """Somebody has reason to believe that the guard does not hold any more."""
        self._doubt.set()

    async def overtaken(self) -> None:
        """Return once another bot holds the database; usually never."""
        await self._overtaken.wait()

    async def end(self) -> None:
        """Let go."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._let_go()

    async def _take(self) -> bool:
        """Try once; whether the lock is ours. Raises FAILURES."""
        self._guard, self._driver = await self._connect()
        # Behind a pooler nothing but an open transaction keeps a session; it reads nothing, so it holds up nothing.
        kind = "_xact" if self._pooled else ""
        try:
            if self._pooled:
                await self._driver.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
            free = await self._driver.fetchval(f"SELECT pg_try_advisory{kind}_lock({LOCK})")
            if free:
                await self._driver.execute(f"SELECT pg_advisory{kind}_lock({LOCK}, {self._own})")
                self._driver.add_termination_listener(self._lost)
                await self._wait_for_others()
                self.taken += 1
        except BaseException:
            await self._let_go()
            raise
        if not free:
            await self._let_go()
        return bool(free)

    async def _wait_for_others(self) -> None:
        """Transactions of another bot that were in their last step when it lost the lock."""
        connection, driver = await self._connect()
        try:
            await driver.execute(f"BEGIN; SELECT pg_advisory_xact_lock({WRITERS}); COMMIT")
        except BaseException:
            await connection.invalidate()
            raise
        finally:
            await connection.close()

    def _lost(self, connection: object) -> None:
        if connection is self._driver:
            self._doubt.set()

    async def _let_go(self) -> None:
        """End the guard's connection, and with it all that it holds."""
        guard, self._guard, self._driver = self._guard, None, None
        if guard is not None:
            with suppress(*FAILURES):
                await guard.invalidate()
            await guard.close()

    async def _watch(self) -> None:
        while not self._overtaken.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._doubt.wait()
            self._doubt.clear()
            try:
                if not await self._holds():
                    await self._let_go()
                    await self._hold_again()
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody has to go on watching
                log.error("lock_not_watched", error=type(error).__name__)
                self._doubt.set()
                await asyncio.sleep(AGAIN_AFTER)

    async def _holds(self) -> bool:
        """Whether the guard's connection, and so the lock, is still there."""
        if self._driver is None or self._driver.is_closed():
            return False
        try:
            await self._driver.execute("SELECT 1", timeout=ANSWERS_WITHIN)
        except FAILURES:
            return False
        return True

    async def _hold_again(self) -> None:
        """Try until the lock is ours again, or another bot has had it for long enough to be one that stays."""
        time = asyncio.get_running_loop().time
        refused_since = None
        while True:
            try:
                if await self._take():
                    return
                await self._end_own_ghost()
                refused_since = refused_since or time()
                if time() > refused_since + GRACE:
                    self._overtaken.set()
                    return
            except FAILURES:
                refused_since = None
            await asyncio.sleep(AGAIN_AFTER)

    async def _end_own_ghost(self) -> None:
        """The network may have lost a connection that the server still keeps: ours, as only we know its second lock."""
        ghosts = (
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"  # noqa: S608 - numbers
            f" AND classid = {LOCK} AND objid = {self._own} AND pid <> pg_backend_pid()"
        )
        connection, driver = await self._connect()
        try:
            await driver.execute(ghosts)
        except BaseException:
            await connection.invalidate()
            raise
        finally:
            await connection.close()
