"""The bot's memory: everything that is read and written, each in one transaction of the database."""

import asyncio
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.conversation import Person
from bot.core.events import Event
from bot.core.messages import Address, OutboxRow
from bot.core.reminders import Lead, Reminder
from bot.core.statistics import Counted
from storage import (
    audit,
    events,
    outbox,
    people,
    received,
    reminders,
    responses,
    retention,
    staff,
    statistics,
    wishes,
)
from storage.audit import Entry
from storage.changes import Changes, Marks, write
from storage.database import Database, Unavailable, is_sound
from storage.events import KnownEvent
from storage.newsroom import Newsroom
from storage.outbox import Fate
from storage.people import Record
from storage.reminders import BLOCK, Shared, Write
from storage.responses import StoredResponse
from storage.retention import Moment
from storage.staff import StaffMember
from storage.statistics import Participation
from storage.vault import Vault
from storage.wishes import State, Wish

TIDY_APART = 10.0
"""Seconds between two times that submitted drafts are taken out of the files: each holds up everybody for a while."""


LAST_TIDYING = 5.0
"""Seconds that a closing memory takes for it at the most."""
DOUBT_LASTS = 60.0
"""Seconds after which what a broken connection had asked for is done or never will be."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before a batch is handled: ids seen before, people by address, who has taken part, who is staff."""

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
        self._leftovers = False
        self._asked_for = False
        """Whether somebody asked for what was erased."""
        self._tidied = -TIDY_APART
        self._left_open = -DOUBT_LASTS
        """When it stayed open last whether something was written."""
        self._batches = 0
        self._no_batch = asyncio.Event()
        self._no_batch.set()
        self.newsroom = Newsroom(database, vault, self._who_took_part, reach)

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
        await self.tidy(at_once=True)

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

    @contextmanager
    def batch(self) -> Iterator[None]:
        """People wait for the answers to a batch, from reading what is known of them to the commit."""
        self._batches += 1
        self._no_batch.clear()
        try:
            yield
        finally:
            self._batches -= 1
            if not self._batches:
                self._no_batch.set()

    async def between_batches(self, patience: float) -> None:
        """Return once no batch is in hand, or after so many seconds: for what nobody waits for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._no_batch.wait()

    async def known(self, channel: str, ids: Sequence[str], senders: Sequence[Address]) -> Known:
        """What is known about the messages of a batch and their senders."""
        lookups = {address: self._vault.lookup(address.channel, address.user) for address in senders}
        marks = {self._marks.of(lookup): address for address, lookup in lookups.items()}

        def find(connection: Connection) -> Known:
            seen = received.known(connection, channel, ids)
            found = people.find(connection, self._vault, lookups)
            took_part = responses.took_part(connection, self._process, list(marks))
            roles = staff.roles(connection, list(lookups.values()))
            paired = {address: roles[lookup] for address, lookup in lookups.items() if lookup in roles}
            return Known(seen, found, frozenset(marks[mark] for mark in took_part), paired)

        return await self._database.read(find)

    async def write(self, changes: Changes) -> list[OutboxRow]:
        """Write a batch in one transaction; the outbox rows that are now to be sent.

        Where it raises Unavailable it may be written nevertheless: a connection can break after the server has done
        what it was asked. The same batch handed over again is then known by its ids, and its replies are `left`.
        """
        try:
            rows = await self._database.write(
                lambda connection: write(connection, self._vault, self._process, self._marks, changes, self._reach)
            )
        except Unavailable:
            self._left_open = asyncio.get_running_loop().time()
            raise
        self._asked_for |= bool(changes.erased or changes.codes)
        self._leftovers |= bool(self._asked_for or changes.ended or changes.supported)
        return rows

    def _who_took_part(self, connection: Connection, lookups: Sequence[bytes]) -> set[bytes]:
        marks = {self._marks.of(lookup): lookup for lookup in lookups}
        return {marks[mark] for mark in responses.took_part(connection, self._process, list(marks))}

    async def tidy(self, *, at_once: bool = False) -> None:
        """Take what was erased or submitted out of the database's own files, too. Slow, so it comes after the reply.

        With `at_once` only where that is quick enough to follow a batch; submissions share one within ten seconds.
        """
        now = asyncio.get_running_loop().time()
        too_soon = not self._asked_for and now < self._tidied + TIDY_APART
        if not self._leftovers or (at_once and (too_soon or not self._database.tidies_at_once)):
            return
        self._tidied = now
        self._leftovers = self._asked_for = False  # what is erased meanwhile is for the next time
        self._reach("before_tidying")
        try:
            self._leftovers |= not await self._database.forget_deleted()
        except BaseException:
            self._leftovers = True
            raise
        self._reach("after_tidying")

    async def forget_old(self, at: Moment) -> None:
        """What the privacy text promises to be gone by now; it is looked for beside all writing."""
        if not await self._database.read(lambda connection: retention.is_anything_due(connection, at)):
            return
        gone = await self._database.write(lambda connection: retention.forget(connection, at))
        self._leftovers |= gone > 0

    async def is_sound(self) -> bool:
        """Whether the database's own check finds nothing wrong."""
        return await self._database.read(is_sound)

    async def failed_since(self, since: datetime) -> int:
        """How many messages could not be handled since an instant."""
        return await self._database.read(lambda connection: received.failed_since(connection, since))

    async def enqueue_due(self, now: datetime, today: date, first: str, write: Write) -> bool:
        """Make messages of a block of due reminders; whether there may be more. `first`: the undecided's language."""
        if not await self._database.read(lambda connection: reminders.is_due(connection, now)):
            return False

        def enqueue(connection: Connection) -> int:
            dealt_with = reminders.enqueue(connection, self._vault, now, today, first, write)
            self._reach("reminders_written")
            return dealt_with

        return await self._database.write(enqueue) > 0

    async def next_due(self) -> datetime | None:
        """When the next reminder is due."""
        return await self._database.read(reminders.next_due)

    async def nudge(self, survey: str, now: datetime, today: date, until: datetime) -> bool:
        """Plan to remind a block of people of an unfinished survey; whether there may be more."""
        if not await self._database.read(lambda connection: reminders.is_idle_too_long(connection, now)):
            return False
        return await self._database.write(lambda c: reminders.nudge(c, survey, now, today, until)) == BLOCK

    async def call_last(self, survey: str, now: datetime, today: date, until: datetime) -> bool:
        """Plan to tell a block of people that their unfinished survey closes; whether there may be more."""
        return await self._database.write(lambda c: reminders.call_last(c, survey, now, today, until)) == BLOCK

    async def headcount(self, event: str) -> Mapping[str, int]:
        """How many people come to an event, may come, and do not."""
        return await self._database.read(lambda connection: reminders.headcount(connection, event))

    async def planned_of(self, person: int) -> list[Reminder]:
        """What is planned to be sent to a person."""
        return await self._database.read(lambda connection: reminders.planned_of(connection, person))

    async def known_events(self, zone: ZoneInfo) -> dict[str, KnownEvent]:
        """The events as they were last read and told."""
        return await self._database.read(lambda connection: events.known(connection, self._process, zone))

    async def subscribers_of(self, event: str) -> int:
        """How many people want to be reminded of an event."""
        return await self._database.read(lambda connection: reminders.how_many(connection, event))

    async def add_events(self, new: Sequence[Event]) -> None:
        """Keep events that nobody was told anything about yet."""

        def add(connection: Connection) -> None:
            for event in new:
                events.add(connection, self._process, event)

        await self._database.write(add)

    async def adopt_event(
        self, event: Event, planned: Sequence[Reminder], defaults: Sequence[Lead], *, moved: bool
    ) -> None:
        """Plan anew what hangs on an event that is new or has changed, block by block, and then keep its facts.

        Where it has not `moved`, what was about to go out goes out with the new facts. Killed in between, the next
        start finds the change again and begins anew.
        """
        await self._database.write(lambda connection: reminders.supersede(connection, event.id, again=not moved))
        while moved and await self._database.write(lambda c: reminders.forget_plans(c, event.id)) > 0:
            pass
        after = -1

        def plan(connection: Connection) -> int | None:
            """Which people come next, whose reminders are planned if they are not there."""
            block = reminders.subscribers(connection, event.id, after)
            reminders.plan_for(connection, block, planned, defaults)
            return block[-1] if block else None

        while (last := await self._database.write(plan)) is not None:
            after = last

        def keep(connection: Connection) -> None:
            reminders.move_end(connection, event.id, event.starts_at)
            known = events.known(connection, self._process, ZoneInfo("UTC"))
            (events.change if event.id in known else events.add)(connection, self._process, event)

        await self._database.write(keep)

    async def begin_telling(self, event: Event, texts: Sequence[Shared], today: date) -> None:
        """From now on people are told of an event as it now is; what they read is written beforehand."""

        def begin(connection: Connection) -> None:
            for text in texts:
                reminders.text_id(connection, self._vault, text, today)
            events.tell(connection, self._process, event, after=-1)

        await self._database.write(begin)

    async def go_on_telling(self, event: Event, notice: Reminder) -> bool:
        """Plan the notice for the next block of people who are to be told; whether there may be more."""

        def tell(connection: Connection) -> bool:
            known = events.known(connection, self._process, ZoneInfo("UTC")).get(event.id)
            if known is None or known.telling is None:
                return False
            block = reminders.subscribers(connection, event.id, known.telling)
            reminders.plan_for(connection, block, [notice], ())
            if block:
                events.tell(connection, self._process, event, block[-1])
            else:
                events.told(connection, self._process, event.id)
            return bool(block)

        return await self._database.write(tell)

    async def remote_id(self, key: str) -> str | None:
        """The network's id of the message with this key: empty while it is on its way, None where there is none."""
        return await self._database.read(lambda c: outbox.remote_id(c, key))

    async def has_response(self, code: str) -> bool:
        """Whether a deletion code belongs to a response."""
        return await self._database.read(lambda connection: responses.exists(connection, self._vault, code))

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

    async def responses(self) -> list[StoredResponse]:
        """All submitted responses, in the order of their random ids."""
        return await self._database.read_for_staff(responses.read)

    async def counted(self, survey: str, countable: Collection[str]) -> Counted:
        """The answers to a survey, counted."""
        return await self._database.read_for_staff(lambda connection: statistics.counted(connection, survey, countable))

    async def joint(self, survey: str, question: str, by: str) -> dict[tuple[str, str], int]:
        """The people who answered two questions, by both answers."""
        return await self._database.read_for_staff(
            lambda connection: statistics.joint(connection, survey, question, by)
        )

    async def participation(self, survey: str) -> Participation:
        """How many people there are, and how far they have come."""
        return await self._database.read_for_staff(lambda connection: statistics.participation(connection, survey))

    async def wishes(self, state: State, after: str = "", most: int | None = None, skip: int = 0) -> list[Wish]:
        """Wishes in a state, in the order of their random ids."""
        return await self._database.read(lambda connection: wishes.in_state(connection, state, after, most, skip))

    async def most_supported(self) -> list[Wish]:
        """Released wishes, the most supported first."""
        return await self._database.read_for_staff(wishes.most_supported)

    async def wish(self, wish: str) -> Wish | None:
        """The wish with this id."""
        return await self._database.read(lambda connection: wishes.find(connection, wish))

    async def how_many_wishes(self) -> dict[str, int]:
        """How many wishes are in which state."""
        return await self._database.read(wishes.how_many)

    async def supported_by(self, address: Address, among: Sequence[str] | None = None) -> set[str]:
        """The wishes, of these or of all released ones, that somebody supports."""
        lookup = self._vault.lookup(address.channel, address.user)

        def find(connection: Connection) -> set[str]:
            asked = wishes.ids(connection) if among is None else among
            return wishes.supported(connection, {wish: self._marks.voice(wish, lookup) for wish in asked})

        return await self._database.read(find)

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

    async def due(self, now: datetime, most: int) -> list[OutboxRow]:
        """Replies to be sent now."""
        return await self._database.read(lambda connection: outbox.due(connection, self._vault, now, most))

    async def due_unasked(self, now: datetime, most: int, without: Collection[int], channel: str) -> list[OutboxRow]:
        """What the bot sends of its own accord on a network, now."""
        return await self._database.read(lambda c: outbox.due_unasked(c, self._vault, now, most, without, channel))

    def in_doubt(self) -> bool:
        """Whether it stayed open lately whether a batch was written."""
        return asyncio.get_running_loop().time() < self._left_open + DOUBT_LASTS

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
        """Write what became of messages."""

        def settle(connection: Connection) -> None:
            outbox.settle(connection, fates)
            self._reach("fates_written")

        await self._database.write(settle)
