"""Events as a calendar file (RFC 5545), which a phone's calendar opens and keeps up to date."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.core.events import Event
from bot.core.messages import Attachment
from bot.core.process import Process
from bot.core.reminders import Lead
from bot.core.texts import Texts

_BEFORE: dict[Lead, timedelta] = {
    "week": timedelta(days=7),
    "day": timedelta(days=1),
    "two_hours": timedelta(hours=2),
}


def calendar_file(
    events: Iterable[Event], process: Process, leads: Iterable[Lead], t: Texts, now: datetime
) -> Attachment:
    """A file with these events. An event keeps its UID for ever; the newer of two files has the higher SEQUENCE.

    Instants are in UTC. An end is there only where it is known; a cancelled event says so and rings no more.
    """
    import icalendar  # noqa: PLC0415 - a tenth of a second that only who wants a calendar waits for

    events, leads = list(events), list(leads)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Mitreden//DE")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for event in events:
        entry = icalendar.Event()
        entry.add("uid", f"{event.id}@{process.id}")
        entry.add("sequence", event.sequence)
        entry.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
        entry.add("dtstart", event.starts_at.astimezone(UTC))
        if event.ends_at is not None:
            entry.add("dtend", event.ends_at.astimezone(UTC))
        entry.add("summary", t.of(process.title))
        entry.add("location", f"{event.place}, {event.address}")
        if event.latitude is not None and event.longitude is not None:
            entry.add("geo", (event.latitude, event.longitude))
        entry.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
        for lead in () if event.cancelled else leads:
            alarm = icalendar.Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", t.of(process.title))
            alarm.add("trigger", -_BEFORE[lead])
            entry.add_component(alarm)
        calendar.add_component(entry)
    name = f"{events[0].id}.ics" if len(events) == 1 else f"{process.id}.ics"
    return Attachment(name, "text/calendar", calendar.to_ical())
