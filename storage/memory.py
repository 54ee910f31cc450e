"""The bot's memory from its opening to its end: what a batch finds and leaves, each in one transaction."""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from bot.core.conversation import Person
from bot.core.messages import Address, OutboxRow, Who
from storage import (
    audit,
    outbox,
    people,
    received,
    responses,
    retention,
    staff,
)
from storage.audit import Entry
from storage.changes import Changes, Marks, write
from storage.database import Database, Overtaken, Unavailable, is_sound
from storage.diary import Diary
from storage.met import Citizen, Met
from storage.newsroom import Newsroom
from storage.outbox import Fate
from storage.people import Record
from storage.reminders import BLOCK
from storage.results import Results
from storage.retention import Moment
from storage.sending import Sending
from storage.staff import StaffMember
from storage.vault import Vault

LAST_TIDYING = 5.0
"""Seconds that a closing memory takes for it at the most."""
DOUBT_LASTS = 60.0
"""Seconds after which what a broken connection had asked for is done or never will be."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before a batch is handled: ids seen before, people by address, who has taken part, who is staff.

    Of people met just now it is not looked which ids were seen.
    """

    seen: set[str]
    people: Mapping[Address, Person]
    took_part: frozenset[Address]
    staff: Mapping[Address, tuple[int, str]]


class Memory:
    """Storage as dispatch, outbox and handlers see it. `process` is the id of the process that is asked about.

    `reach` is called with the names of places at which tests end the process.
    """

    def __init__(
        self, database: Database, vault: Vault, process: str, reach: Callable[[str], None] = lambda _name: None
    ) -> None:
        self._database = database
        self._vault = vault
        self._process = process
        self._reach = reach
        self._marks = Marks(vault, b"")
        self._met = Met()
        self._leftovers = False
        self._asked_for = False
        """Whether somebody asked for what was erased."""
        self._just_asked = False
        """Whether it was not tried since."""
        self._left_open = -DOUBT_LASTS
        """When it stayed open last whether something was written."""
        self.newsroom = Newsroom(database, vault, self._who_took_part, reach)
        self.diary = Diary(database, vault, process, reach)
        self.results = Results(database, vault, self._voice)
        self.sending = Sending(database, vault, reach)

    async def open(self, repeatable: Container[str] = (), now: datetime | None = None) -> None:
        """Ready the database for writing; `repeatable` are the channels on which a repeat is no second message.

        Raises DatabaseUnusable, or WrongKey where it was sealed with another key.
        """

        def ready(connection: Connection) -> bytes:
            outbox.recover(connection, self._vault, repeatable, now or datetime.now(UTC))
            return responses.process_key(connection, self._vault, self._process)

        await self._database.open(to_write=True)
        self._marks = Marks(self._vault, await self._database.write(ready))
        # Whatever a killed process had left there to be tidied.
        self._leftovers = True
        if self._database.tidies_at_once:
            await self.tidy()

    def socket(self) -> Path:
        """Where the process that writes takes requests of other commands on its machine."""
        return self._database.socket

    async def overtaken(self) -> None:
        """Return once another bot writes to the database instead of this one; usually never."""
        await self._database.overtaken()

    async def open_to_read(self) -> None:
        """Ready the database for reading beside a process that writes. Raises DatabaseUnusable."""
        await self._database.open(to_write=False)
        key = await self._database.read(lambda c: responses.known_process_key(c, self._vault, self._process))
        self._marks = Marks(self._vault, key)

    async def close(self) -> None:
        """Give back every connection."""
        try:
            # Where that is slow, only for somebody who asked for it: all else the next start does, beside its work.
            if self._database.tidies_at_once or self._asked_for:
                async with asyncio.timeout(LAST_TIDYING):
                    await self.tidy()
        except (Unavailable, TimeoutError):
            pass  # the next start does it
        finally:
            await self._database.close()

    async def known(self, channel: str, ids: Sequence[str], senders: Sequence[Address]) -> Known:
        """What is known about the messages of a batch and their senders.

        Where all of them were met just now it is not looked whether a message is handled: `write` notices if it is.
        """
        # What is in doubt may still be written, and is then not what was remembered.
        met = {} if self.in_doubt() else self._met.known(senders, self._database.written)
        people_met = {address: citizen.person for address, citizen in met.items()}
        have_taken_part = frozenset(address for address, citizen in met.items() if citizen.took_part)
        if len(met) == len(senders):
            return Known(set(), people_met, have_taken_part, {})
        strangers = [sender for sender in senders if sender not in met]
        lookups = {address: self._vault.lookup(address.channel, address.user) for address in strangers}
        marks = {self._marks.of(lookup): address for address, lookup in lookups.items()}

        def find(connection: Connection) -> Known:
            seen = received.known(connection, channel, ids)
            found = people.find(connection, self._vault, lookups)
            took_part = responses.took_part(connection, self._process, list(marks))
            roles = staff.roles(connection, list(lookups.values()))
            paired = {address: roles[lookup] for address, lookup in lookups.items() if lookup in roles}
            return Known(seen, people_met | found, have_taken_part | {marks[mark] for mark in took_part}, paired)

        return await self._database.read_to_write(find)

    async def write(self, changes: Changes, remembered: Mapping[Who, Citizen | None] | None = None) -> list[OutboxRow]:
        """Write a batch in one transaction; the outbox rows that are now to be sent. Raises Overtaken.

        `remembered` is how it leaves those it spoke with, where that is all that it changes about anybody.
        Where it raises Unavailable it may be written nevertheless: a connection can break after the server has done
        what it was asked. The same batch handed over again is then known by its ids, and its replies are `left`.
        """
        along: list[Fate] = []
        try:
            with self.sending.taken_along() as along:

                def work(connection: Connection) -> list[OutboxRow]:
                    self.sending.write(connection, along)
                    return write(connection, self._vault, self._process, self._marks, changes, self._reach)

                rows = await self._database.write(work)
        except Unavailable:
            self._left_open = asyncio.get_running_loop().time()
            raise
        except Exception as error:
            if not along or isinstance(error, Overtaken):
                raise
            return await self.write(changes, remembered)  # alone: it may have been what went along
        if remembered is not None:
            self._met.remember(remembered, self._database.written)
        self._just_asked |= bool(changes.erased or changes.codes)
        self._asked_for |= self._just_asked
        self._leftovers |= bool(self._asked_for or changes.ended or changes.supported)
        return rows

    def _who_took_part(self, connection: Connection, lookups: Sequence[bytes]) -> set[bytes]:
        marks = {self._marks.of(lookup): lookup for lookup in lookups}
        return {marks[mark] for mark in responses.took_part(connection, self._process, list(marks))}

    def _voice(self, wish: str, lookup: bytes) -> bytes:
        return self._marks.voice(wish, lookup)

    async def tidy(self, *, at_once: bool = False) -> None:
        """Take what was erased or submitted out of the database's own files, too. Slow, so it comes after the reply.

        With `at_once` only what somebody asked for, and where that is quick enough to follow a batch: it holds up
        everybody for a while, and a log that was emptied grows slowly at first. All else is for the minute's duties.
        """
        if not self._leftovers or (at_once and not (self._asked_for and self._database.tidies_at_once)):
            return
        asked_for, is_tidy = self._asked_for, False
        self._leftovers = self._asked_for = False  # what is erased meanwhile is for the next time
        self._reach("before_tidying")
        try:
            is_tidy = await self._database.forget_deleted()
        finally:
            if not is_tidy:
                self._leftovers = True
                self._asked_for |= asked_for
        self._reach("after_tidying")

    async def tidy_after_batch(self) -> None:
        """Tidy what somebody has just asked for, once: where the database is being read the duties try again."""
        if self._just_asked:
            self._just_asked = False
            await self.tidy(at_once=True)

    async def forget_old(self, at: Moment) -> None:
        """What the privacy text promises to be gone by now: looked for beside all writing, block by block."""
        for rule in retention.RULES.values():
            more = await self._database.read(partial(retention.is_due, rule=rule, at=at))
            while more:
                gone = await self._database.write(partial(retention.forget, rule=rule, at=at))
                self._leftovers |= gone > 0
                more = gone >= BLOCK

    async def is_sound(self) -> bool:
        """Whether the database's own check finds nothing wrong."""
        return await self._database.read(is_sound)

    async def failed_since(self, since: datetime) -> int:
        """How many messages could not be handled since an instant."""
        return await self._database.read(lambda connection: received.failed_since(connection, since))

    async def invited_as(self, code: str, now: datetime) -> str | None:
        """The role that a code for staff gives now."""
        return await self._database.read(lambda connection: staff.invited_as(connection, self._vault, code, now))

    async def invite(self, code: str, role: str, now: datetime, until: datetime) -> None:
        """Keep a code for staff until it expires."""
        await self._database.write(lambda connection: staff.invite(connection, self._vault, code, role, now, until))

    async def staff(self) -> list[StaffMember]:
        """Everybody on the staff."""
        return await self._database.read(lambda connection: staff.members(connection, self._vault))

    async def remove_staff(self, member: int, now: datetime) -> bool:
        """Take somebody off the staff; whether there was such a number."""
        return await self._database.write(lambda connection: staff.remove(connection, member, now))

    async def audit(self) -> list[Entry]:
        """What staff did, from the first entry on."""
        return await self._database.read_for_staff(audit.entries)

    async def record_of(self, person: int) -> Record:
        """What is kept about a person beyond what their conversation needs."""
        return await self._database.read(
            lambda connection: Record(*people.record(connection, person), outbox.waiting(connection, person))
        )

    async def bookmark(self, channel: str) -> str | None:
        """How far a network was read."""
        return await self._database.read(lambda connection: received.bookmark(connection, channel))

    async def facts(self, channel: str) -> Mapping[str, str]:
        """A channel's small durable keys."""
        return await self._database.read(lambda connection: received.read_facts(connection, self._vault, channel))

    def in_doubt(self) -> bool:
        """Whether it stayed open lately whether a batch was written."""
        return asyncio.get_running_loop().time() < self._left_open + DOUBT_LASTS
