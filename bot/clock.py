"""The one clock of the bot, and what it does by itself at certain times: `JOBS`.

Only content and due rows ask the clock. Ticks, waiting, back-off and rate limits use the event loop's time.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.announcing import Announcing
from bot.core.messages import Address, OutboxRow, Outgoing
from bot.core.reminders import Kind, QuietHours, last_call
from bot.problems import UserError
from bot.reloading import Content, notice_name
from handlers import unasked
from storage.changes import Changes
from storage.memory import Memory
from storage.outbox import Planned
from storage.reminders import Shared
from storage.retention import Moment

log = structlog.get_logger(__name__)


class Clock:
    """Runs from `start` at `speed` times the real pace; without `start` it is the real time."""

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        self.rehearsed = start is not None or speed != 1.0
        """Whether this is not the real time: what is done by it must not destroy what is real."""
        self.speed = speed
        self._start = start or datetime.now(UTC)
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The instant it is, in UTC."""
        if not self.rehearsed:
            return datetime.now(UTC)  # what only counts seconds would be late after the machine has slept
        return (self._start + timedelta(seconds=(time.monotonic() - self._began) * self.speed)).astimezone(UTC)


def parse_instant(text: str, zone: ZoneInfo, option: str = "--now") -> datetime:
    """An ISO instant; without an offset it is local time of the zone. Raises UserError."""
    try:
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UserError(f"{option} {text}: not a date and time. Write it like 2025-11-10T10:00:00+01:00.") from error
    if not 1970 < parsed.year < 2200:
        raise UserError(f"{option} {text}: no year of ours. Write it like 2025-11-10T10:00:00+01:00.")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


class Sender(Protocol):
    """The outbox, as the jobs see it."""

    async def take(self, rows: Sequence[OutboxRow]) -> None: ...

    async def send_left(self) -> None: ...

    async def send_unasked(self) -> None: ...

    async def idle(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Duties:
    """What the jobs are done with. `is_silent` tells on which days nothing makes a sound."""

    clock: Clock
    memory: Memory
    outbox: Sender
    content: Content
    quiet: QuietHours
    is_silent: Callable[[date], bool]
    announcing: Announcing
    unfinished_survey: bool = True
    looked_at: datetime
    """When it was last looked whether messages have failed; at first the start."""
    called_last: bool = False

    def today(self) -> date:
        """The day it is where the process takes place."""
        return self.clock.now().astimezone(self.content.process.zone).date()

    async def remind(self) -> None:
        """Make messages of the reminders that are due, in blocks between which replies are written."""
        first = self.content.process.languages[0]
        while not self.quiet.holds(now := self.clock.now()):
            if not await self.memory.diary.enqueue_due(now, self.today(), first, self._written):
                return

    async def announce(self) -> None:
        """Go on with announcements."""
        await self.announcing.go_on()

    async def report(self) -> None:
        """Tell staff how far announcements have come."""
        await self.announcing.report()

    async def send(self) -> None:
        """Send what is due of the bot's own accord."""
        await self.outbox.send_unasked()

    async def send_left(self) -> None:
        """Send replies of which a broken connection had left open whether they were written."""
        await self.outbox.send_left()

    async def nudge(self) -> None:
        """Plan to remind people of a survey they began a day ago, and once more before it closes."""
        process, now = self.content.process, self.clock.now()
        if not self.unfinished_survey or process.stage(now) != "open" or self.quiet.holds(now):
            return
        until = process.survey_ends_at()
        if not self.called_last and now >= last_call(until - timedelta(seconds=1), self.quiet):
            while await self.memory.diary.call_last(process.survey.id, now, self.today(), until):
                pass
            self.called_last = True
        while await self.memory.diary.nudge(process.survey.id, now, self.today(), until):
            pass

    async def go_on_telling(self) -> None:
        """Plan notices of changed events that a killed process left off with."""
        await self.content.go_on_telling()

    async def forget(self, *, starting: bool = False) -> None:
        """Keep what the privacy text promises. A rehearsed clock never erases. Nobody waits for a start to tidy up."""
        process = self.content.process
        if not self.clock.rehearsed:
            at = Moment(self.clock.now(), process.id, process.zone, process.survey_ends_at(), process.ends_at())
            await self.memory.forget_old(at)
        await self.memory.tidy(at_once=starting)

    async def look_at_failures(self) -> None:
        """Tell staff of messages that could not be handled since the last look."""
        since, self.looked_at = self.looked_at, self.clock.now()
        if failed := await self.memory.failed_since(since):
            log.error("dead_letters", messages=failed)
            await self.tell_staff("alarm.failed", failed)

    async def examine(self) -> None:
        """Let the database look whether it is sound."""
        if not await self.memory.is_sound():
            log.error("database_damaged")
            await self.tell_staff("alarm.database", 1)

    async def tell_staff(self, name: str, count: int = 1, **values: str) -> None:
        """Say something to everybody who administers."""
        t = self.content.languages[self.content.process.languages[0]]
        admins = [member.address for member in await self.memory.staff() if member.role == "admin"]
        await self.say(admins, t.counted(name, count, **values))

    async def tell_of_halt(self, channel: str) -> None:
        """Tell those who can still be reached that a network waits for an operator."""
        try:
            await self.tell_staff("alarm.halted", channel=channel.capitalize())
        except Exception as error:  # noqa: BLE001 - a lost database: the log says it, and the other networks go on
            log.error("staff_not_told", error=type(error).__name__)

    async def say(self, to: Sequence[Address], text: str) -> None:
        """Say something to these at once, beside what they are doing."""
        message = Outgoing(text=text, aside=True)
        planned = [Planned(person_id=None, to=address, message=message) for address in to]
        rows = await self.memory.write(Changes(channel="", now=self.clock.now(), today=self.today(), planned=planned))
        await self.outbox.take(rows)

    async def all_at_once(self) -> None:
        """Everything that people notice, once: for a rehearsal, and where no scheduler runs."""
        for job in (self.go_on_telling, self.nudge, self.remind, self.announce, self.send):
            await job()
        await self.outbox.idle()
        for job in (self.announce, self.report):
            await job()
        await self.outbox.idle()

    def _written(self, kind: Kind, name: str, language: str, in_room: bool) -> Shared | None:
        """What is said, under a name that is the same for all who get the same."""
        process = self.content.process
        t = self.content.languages.get(language) or self.content.languages[process.languages[0]]
        silent = self.is_silent(self.today())
        mark = "silent" if silent else "aloud"
        if kind in {"nudge", "last_call"}:
            text = unasked.nudge(process, t, last=kind == "last_call", silent=silent)
            return Shared(f"{kind}:{process.survey.id}:{process.survey.closes}:{t.language}:{mark}", "", text)
        event = process.find_event(name)
        if event is None or (event.cancelled and kind != "changed"):
            return None
        if kind == "changed":
            text = unasked.changed(event, event, process, t, self.clock.now())
            return Shared(notice_name(event, t.language), event.id, text)
        if in_room:
            text = unasked.room_reminder(event, process, t, silent=silent)
        else:
            text = unasked.reminder(event, kind, process, t, silent=silent)
        ways = "room" if in_room else "once" if kind == "two_hours" else "both"
        return Shared(f"reminder:{event.id}:{event.sequence}:{t.language}:{mark}:{ways}", event.id, text)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done again and again: every so many seconds of the bot's clock."""

    every: float
    run: Callable[[Duties], Awaitable[None]]
    side_by_side: int = 1
    """How often it may run at the same time."""


NETWORKS = 8
"""More networks than there are: a run sends on those on which no earlier one still does."""
JOBS: dict[str, Job] = {
    "reminders": Job(1, Duties.remind),
    "announcements": Job(1, Duties.announce),
    "messages": Job(1, Duties.send, side_by_side=NETWORKS),
    "replies_left": Job(1, Duties.send_left),
    "progress": Job(5, Duties.report),
    "nudges": Job(60, Duties.nudge),
    "notices": Job(60, Duties.go_on_telling),
    "retention": Job(60, Duties.forget),
    "dead_letters": Job(600, Duties.look_at_failures),
    "soundness": Job(24 * 3600, Duties.examine),
}
QUICKEST = 0.2
"""Seconds of the event loop between two runs of a job, however fast the clock."""
FIRST_AFTER = 60.0
"""Seconds after which a job has run for the first time: a process may not live for a day."""


@asynccontextmanager
async def ticking(duties: Duties, jobs: dict[str, Job] = JOBS) -> AsyncIterator[None]:
    """Run the jobs as long as the block lasts. One that fails is tried again at its next time."""
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415 - a terminal does not need it

    # "Skipped, still running" is what we want of a job that sends for hours.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    busy: set[asyncio.Task[None]] = set()

    async def run(name: str, job: Job) -> None:
        if (task := asyncio.current_task()) is None:
            return
        busy.add(task)
        try:
            await job.run(duties)
        except Exception as error:  # noqa: BLE001 - a busy or lost database: the next round does it
            log.warning("job_failed", job=name, error=type(error).__name__)
        finally:
            busy.discard(task)

    defaults = {"misfire_grace_time": None, "coalesce": True}
    scheduler = AsyncIOScheduler(job_defaults=defaults, timezone=UTC)
    for name, job in jobs.items():
        seconds = max(job.every / duties.clock.speed, QUICKEST)
        first = datetime.now(UTC) + timedelta(seconds=min(seconds, FIRST_AFTER))
        most = job.side_by_side
        scheduler.add_job(run, "interval", (name, job), seconds=seconds, next_run_time=first, max_instances=most)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        # Cancelled, a job waits for no more; what it had handed to the database is still written.
        for task in list(busy):
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
