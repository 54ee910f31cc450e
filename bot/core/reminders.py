"""When somebody is reminded of an event: instants computed once from wall time, kept out of the night."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from bot.core.events import Event

Lead = Literal["week", "day", "two_hours"]
"""How long before an event a reminder is due."""
LEADS: tuple[Lead, ...] = get_args(Lead)
ALL = "*"
"""Stands for every event of the process, those that are added later included."""
Coming = Literal["yes", "maybe", "no"]
COMING: tuple[Coming, ...] = get_args(Coming)
Kind = Literal["week", "day", "two_hours", "snooze", "nudge", "last_call", "changed"]
"""Why the bot writes of its own accord: a lead time, put off, an unfinished survey (twice), new facts."""

ROOM_TO_SEND = timedelta(hours=1)
"""What would fall into the quiet hours is due this long before them, so that it is out when they begin: at 30 messages
a second an hour is enough for 100,000 people."""


MORNING = time(8)
"""When a day begins where no hours are quiet."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of the night, in wall time, in which nobody is disturbed; `begin` equal to `end` is none."""

    begin: time
    end: time
    zone: ZoneInfo

    @property
    def morning(self) -> time:
        """When a day begins for people."""
        return MORNING if self.begin == self.end else self.end

    def holds(self, instant: datetime) -> bool:
        """Whether an instant lies in the quiet hours; their first moment does, their end does not."""
        local = instant.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end

    def before(self, instant: datetime) -> datetime:
        """The instant itself, or where it lies in the quiet hours one shortly before them. In UTC."""
        if not self.holds(instant):
            return instant.astimezone(UTC)
        local = instant.astimezone(self.zone)
        day = local.date() - timedelta(days=local.time() < self.begin)
        awake = timedelta(days=1) - self._length()
        return datetime.combine(day, self.begin, self.zone).astimezone(UTC) - min(ROOM_TO_SEND, awake / 2)

    def after(self, instant: datetime) -> datetime:
        """The instant itself, or where it lies in the quiet hours their end. In UTC."""
        if not self.holds(instant):
            return instant.astimezone(UTC)
        local = instant.astimezone(self.zone)
        day = local.date() + timedelta(days=local.time() >= self.end)
        return datetime.combine(day, self.end, self.zone).astimezone(UTC)

    def _length(self) -> timedelta:
        begin, end = (timedelta(hours=one.hour, minutes=one.minute) for one in (self.begin, self.end))
        return (end - begin) % timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to be sent of the bot's own accord: from `due_at` on, and not any more from `until` on. In UTC."""

    kind: Kind
    event: str
    due_at: datetime
    until: datetime


def due_at(event: Event, lead: Lead, quiet: QuietHours) -> datetime:
    """When a reminder of an event is due, in UTC. A day before 18:00 is 18:00, whatever the clocks do in between."""
    local = event.starts_at.astimezone(quiet.zone)
    if lead == "two_hours":
        return quiet.before(event.starts_at.astimezone(UTC) - timedelta(hours=2))
    days = timedelta(days=7 if lead == "week" else 1)
    return quiet.before(datetime.combine(local.date() - days, local.time(), quiet.zone).astimezone(UTC))


def of_event(event: Event, leads: Iterable[Lead], quiet: QuietHours, now: datetime) -> list[Reminder]:
    """The reminders of an event that are still to be made: what was due before now is not made any more."""
    starts_at = event.starts_at.astimezone(UTC)
    if event.cancelled or starts_at <= now:
        return []
    due = ((lead, due_at(event, lead, quiet)) for lead in leads)
    return [Reminder(lead, event.id, at, starts_at) for lead, at in due if at > now]


def wanted(events: Iterable[Event], subscribed: Iterable[str], coming: Mapping[str, Coming]) -> list[Event]:
    """The events that somebody is reminded of: subscribed to, alone or with all, and not declined."""
    named = set(subscribed)
    return [event for event in events if (ALL in named or event.id in named) and coming.get(event.id) != "no"]


def put_off(by: Literal["hour", "morning"], event: Event, quiet: QuietHours, now: datetime) -> Reminder | None:
    """A reminder that somebody wants again later; None where the event begins before. The night is left out."""
    if by == "hour":
        at = quiet.after(now + timedelta(hours=1))
    else:
        tomorrow = now.astimezone(quiet.zone).date() + timedelta(days=1)
        at = quiet.after(datetime.combine(tomorrow, quiet.morning, quiet.zone))
    starts_at = event.starts_at.astimezone(UTC)
    return Reminder("snooze", event.id, at, starts_at) if at < starts_at and not event.cancelled else None


def last_call(closes_at: datetime, quiet: QuietHours) -> datetime:
    """When people with an unfinished survey are told that it closes: a day before, by daylight. In UTC."""
    noon = datetime.combine(closes_at.astimezone(quiet.zone).date() - timedelta(days=1), time(12), quiet.zone)
    return quiet.before(noon)
