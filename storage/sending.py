"""What is to be sent, as the outbox takes it and gives it back: what is due, what is out, what has become of it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core.messages import OutboxRow
from storage import outbox
from storage.database import Database
from storage.outbox import Fate
from storage.vault import Vault


class Sending:
    """What the memory knows of messages on their way."""

    def __init__(self, database: Database, vault: Vault, reach: Callable[[str], None]) -> None:
        self._database = database
        self._vault = vault
        self._reach = reach

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

        return await self._database.write(mark)

    async def settle(self, fates: Sequence[Fate]) -> None:
        """Write what became of messages. Lost in a power cut, it is as if the bot had been killed before."""

        def settle(connection: Connection) -> None:
            outbox.settle(connection, fates)
            self._reach("fates_written")

        await self._database.note(settle)

    async def remote_id(self, key: str) -> str | None:
        """The network's id of the message with this key: empty while it is on its way, None where there is none."""
        return await self._database.read(lambda c: outbox.remote_id(c, key))
