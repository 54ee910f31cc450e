"""The bot's memory: what one batch of messages needs to know beforehand, and all that it leaves, in one transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.core.conversation import Person, Submit
from bot.core.messages import Address, OutboxRow
from bot.core.survey import Progress
from storage import outbox, people, received, responses
from storage.database import Database
from storage.outbox import Planned
from storage.people import Record
from storage.responses import StoredResponse
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before a batch is handled: ids seen before, people by address, and who has taken part."""

    seen: set[str]
    people: Mapping[Address, Person]
    took_part: frozenset[Address]


@dataclass(slots=True, kw_only=True)
class Changes:
    """All that a batch changes. Written together or not at all."""

    channel: str
    now: datetime
    today: date
    handled: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    new: list[Person] = field(default_factory=list)
    changed: list[Person] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    begun: dict[int, Progress] = field(default_factory=dict)
    moved: dict[int, Progress] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)
    submitted: list[tuple[Submit, Address]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    bookmark: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Memory:
    """Storage as dispatch, outbox and handlers see it. `process` is the id of the process that is asked about."""

    def __init__(self, database: Database, vault: Vault, process: str) -> None:
        self._database = database
        self._vault = vault
        self._process = process
        self._process_key = b""
        self._leftovers = False

    async def open(self, *, migrate: bool) -> None:
        """Ready the database. Raises DatabaseUnusable, or WrongKey where it was sealed with another key."""
        await self._database.open(migrate=migrate)
        async with self._database.writing() as connection:
            self._process_key = await responses.process_key(connection, self._vault, self._process)
            await outbox.recover(connection)

    def exists(self) -> bool:
        """Whether there is a database yet; one on a server is taken to be there."""
        return self._database.file is None or self._database.file.exists()

    async def open_to_read(self) -> None:
        """Ready the database for reading beside a process that writes. Raises DatabaseUnusable."""
        await self._database.open(migrate=False)

    async def responses(self) -> AsyncIterator[StoredResponse]:
        """All submitted responses, in the order of their random ids."""
        async with self._database.reading() as connection:
            async for response in responses.read(connection):
                yield response

    async def close(self) -> None:
        """Give back every connection."""
        await self.tidy()
        await self._database.close()

    async def known(self, channel: str, ids: Sequence[str], senders: Sequence[Address]) -> Known:
        """What is known about the messages of a batch and their senders."""
        marks = {self._mark(address): address for address in senders}
        async with self._database.reading() as connection:
            seen = await received.known(connection, channel, ids)
            found = await people.find(connection, self._vault, senders)
            took_part = await responses.took_part(connection, self._process, list(marks))
        return Known(seen, found, frozenset(marks[mark] for mark in took_part))

    async def write(self, changes: Changes) -> list[OutboxRow]:
        """Write a batch in one transaction; the outbox rows that are now to be sent."""
        vault = self._vault
        async with self._database.writing() as connection:
            await received.note(connection, changes.channel, changes.handled, changes.now)
            await received.note_failed(connection, changes.channel, changes.failed, changes.now)
            await outbox.erase_of(connection, changes.erased)
            await people.erase(connection, changes.erased)
            await people.end_drafts(connection, changes.ended)
            await people.add(connection, vault, changes.new, changes.today)
            await people.change(connection, changes.changed)
            await people.begin_drafts(connection, vault, changes.begun, changes.today)
            await people.change_drafts(connection, vault, changes.moved, changes.today)
            await responses.add(connection, vault, [submit for submit, _ in changes.submitted])
            marks = [self._mark(address) for _, address in changes.submitted]
            await responses.note_participations(connection, self._process, marks)
            await responses.erase(connection, vault, changes.codes)
            await outbox.cancel_planned(connection, changes.cancelled)
            if changes.bookmark is not None:
                await received.move_bookmark(connection, changes.channel, changes.bookmark)
            await received.note_facts(connection, changes.channel, changes.facts)
            rows = await outbox.add(connection, vault, changes.planned)
        self._leftovers |= bool(changes.erased or changes.ended or changes.codes)
        return rows

    async def tidy(self) -> None:
        """Take what was erased or submitted out of the database's own log, too. Slow, so it comes after the reply."""
        if self._leftovers:
            self._leftovers = False
            await self._database.forget_deleted()

    async def forget_old(self, now: datetime, *, process_over: bool) -> None:
        """What the privacy text promises to be gone by now."""
        async with self._database.writing() as connection:
            await received.forget(connection, now)
            await outbox.forget(connection)
            if process_over:
                await responses.forget_participations(connection, self._process)

    async def has_response(self, code: str) -> bool:
        """Whether a deletion code belongs to a response."""
        async with self._database.reading() as connection:
            return await responses.exists(connection, self._vault, code)

    async def record_of(self, person: int) -> Record:
        """What is kept about a person beyond what their conversation needs."""
        async with self._database.reading() as connection:
            since, changed_on = await people.record(connection, person)
            return Record(since, changed_on, await outbox.waiting(connection, person))

    async def bookmark(self, channel: str) -> str | None:
        """How far a network was read."""
        async with self._database.reading() as connection:
            return await received.bookmark(connection, channel)

    async def facts(self, channel: str) -> Mapping[str, str]:
        """A channel's small durable keys."""
        async with self._database.reading() as connection:
            return await received.read_facts(connection, channel)

    async def due(self, now: datetime, most: int) -> list[OutboxRow]:
        """Messages to be sent now."""
        async with self._database.reading() as connection:
            return await outbox.due(connection, self._vault, now, most)

    async def settle(
        self,
        *,
        sending: Sequence[int] = (),
        done: Sequence[Mapping[str, object]] = (),
        again: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """Write what became of messages, in one transaction; see the functions of `storage.outbox`."""
        async with self._database.writing() as connection:
            await outbox.mark_sending(connection, sending)
            await outbox.mark_done(connection, done)
            await outbox.put_back(connection, again)

    def _mark(self, address: Address) -> bytes:
        return self._vault.mark(self._process_key, self._vault.lookup(address.channel, address.user))
