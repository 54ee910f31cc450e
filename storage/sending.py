"""What is to be sent, as the outbox takes it and gives it back: what is due, what is out, what has become of it."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.core.messages import OutboxRow
from storage import outbox
from storage.database import Database, Overtaken, Unavailable
from storage.outbox import BLOCKED, Fate
from storage.vault import Vault

log = structlog.get_logger(__name__)


class Sending:
    """What the memory knows of messages on their way."""

    def __init__(self, database: Database, vault: Vault, reach: Callable[[str], None]) -> None:
        self._database = database
        self._vault = vault
        self._reach = reach
        self._left: list[Fate] = []
        self._being_written: set[int] = set()
        self._left_since = 0.0
        self._goes_along = True

    async def due(self, now: datetime, most: int) -> list[OutboxRow]:
        """Replies to be sent now."""
        return await self._database.read(lambda connection: outbox.due(connection, self._vault, now, most))

    async def due_unasked(self, now: datetime, most: int, without: Collection[int], channel: str) -> list[OutboxRow]:
        """What the bot sends of its own accord on a network, now."""
        return await self._database.read(lambda c: outbox.due_unasked(c, self._vault, now, most, without, channel))

    async def queued(self, now: datetime, most: int) -> set[int]:
        """The ids of replies to be sent now."""
        return await self._database.read(lambda connection: outbox.queued(connection, now, most))

    async def due_of(self, now: datetime, ids: Collection[int]) -> list[OutboxRow]:
        """Those of these replies that are still to be sent."""
        return await self._database.read(lambda connection: outbox.due_of(connection, self._vault, now, ids))

    async def mark_sending(self, rows: Sequence[int], *, again: bool = False) -> set[int]:
        """Written before messages that must not be sent twice; those that may go. `again`: tried before in vain."""

        def mark(connection: Connection) -> set[int]:
            marked = outbox.mark_sending(connection, rows, again=again)
            self._reach("claims_written")
            return marked

        return await self._database.note(mark)

    def leave(self, fate: Fate) -> None:
        """Something became of a message. The next batch writes it, too; where none comes, `settle` does."""
        if not self._left:
            self._left_since = asyncio.get_running_loop().time()
        self._left.append(fate)

    @property
    def left_since(self) -> float | None:
        """When the first of what is left to be written was left, by the event loop's time; None with nothing left."""
        return self._left_since if self._left else None

    def unwritten(self) -> set[int]:
        """The ids of messages of which something became that is not surely written."""
        return self._being_written | {fate.row.id for fate in self._left}

    @contextmanager
    def taken_along(self) -> Iterator[list[Fate]]:
        """What a batch writes together with its own. Who does not want any more concerns people, and goes alone."""
        along = self._taken([fate for fate in self._left if fate.error != BLOCKED] if self._goes_along else [])
        try:
            if along:
                self._reach("before_mark")
            yield along
            if along:
                self._reach("after_mark")
        except BaseException as error:
            self._left = [*along, *self._left]
            # It may have been what could not be written: no batch fails of it again.
            self._goes_along = isinstance(error, Unavailable | Overtaken | asyncio.CancelledError)
            raise
        finally:
            self._being_written.difference_update(fate.row.id for fate in along)

    async def settle(self) -> None:
        """Write what is left. Raises Unavailable, and it is still left; what is refused is logged and dropped."""
        self._reach("before_mark")
        fates = self._taken(self._left)
        try:
            await self._put_down(fates)
        except BaseException:
            self._left = [*fates, *self._left]
            raise
        finally:
            self._being_written.difference_update(fate.row.id for fate in fates)
        self._goes_along = True
        self._reach("after_mark")

    async def _put_down(self, fates: Sequence[Fate]) -> None:
        """Write all of them together; where they cannot be, each by itself, so that a bad one costs no other."""
        concerns_people = any(fate.error == BLOCKED for fate in fates)
        put_down = self._database.write if concerns_people else self._database.note
        try:
            await put_down(lambda connection: self.write(connection, fates))
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its row stays as it was
            if len(fates) == 1:
                log.error("not_settled", row=fates[0].row.id, error=type(error).__name__)
                return
            for fate in fates:
                await self._put_down([fate])

    def write(self, connection: Connection, fates: Sequence[Fate]) -> None:
        """Write what became of messages in a transaction of somebody who has taken it."""
        if fates:
            outbox.settle(connection, fates)
            self._reach("fates_written")

    def _taken(self, fates: list[Fate]) -> list[Fate]:
        taken = {id(fate) for fate in fates}  # a row may have two of them, of two tries
        self._left = [fate for fate in self._left if id(fate) not in taken]
        self._being_written.update(fate.row.id for fate in fates)
        return fates

    async def remote_id(self, key: str) -> str | None:
        """The network's id of the message with this key: empty while it is on its way, None where there is none."""
        return await self._database.read(lambda c: outbox.remote_id(c, key))
