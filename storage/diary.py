"""Events and reminders as handlers and the clock see them: what is planned for whom, who is told of what."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.events import Event
from bot.core.reminders import Lead, Reminder
from storage import events, reminders
from storage.database import Database
from storage.events import KnownEvent
from storage.reminders import BLOCK, Shared, Write
from storage.vault import Vault


class Diary:
    """What the memory knows of events, and of what is to be said about them."""

    def __init__(self, database: Database, vault: Vault, process: str, reach: Callable[[str], None]) -> None:
        self._database = database
        self._vault = vault
        self._process = process
        self._reach = reach

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
