"""The events as reminders were planned for them and as people were last told, so that a change is noticed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, Update, insert, select, update

from bot.core.events import Event
from storage.tables import events


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event as it was last read, and as people were last told of it. `telling`: they are being told now."""

    event: Event
    told: Event
    telling: int | None


def known(connection: Connection, process: str, zone: ZoneInfo) -> dict[str, KnownEvent]:
    """All events that were ever read, by id."""
    rows = connection.execute(select(events).where(events.c.process == process))
    return {
        row.id: KnownEvent(
            replace(_read(row.facts, zone), sequence=row.sequence), _read(row.told, zone), row.notice_after
        )
        for row in rows
    }


def add(connection: Connection, process: str, event: Event) -> None:
    """Keep an event that is new; nobody was told otherwise."""
    facts = _written(event)
    connection.execute(insert(events).values(process=process, id=event.id, sequence=0, facts=facts, told=facts))


def change(connection: Connection, process: str, event: Event) -> None:
    """Keep new facts with their sequence; whoever was being told of older ones is not told of those any more."""
    values = {"facts": _written(event), "sequence": event.sequence, "notice_after": None}
    connection.execute(_of(process, event.id).values(values))


def tell(connection: Connection, process: str, event: Event, after: int) -> None:
    """Note that people are being told of an event as it now is, up to this person."""
    connection.execute(_of(process, event.id).values(told=_written(event), notice_after=after))


def told(connection: Connection, process: str, event: str) -> None:
    """Note that everybody is told."""
    connection.execute(_of(process, event).values(notice_after=None))


def _of(process: str, event: str) -> Update:
    return update(events).where(events.c.process == process, events.c.id == event)


def comparable(event: Event) -> Mapping[str, object]:
    """What of an event people are told, as JSON knows it; what it is also called and its sequence are not."""
    facts = msgspec.to_builtins(event)
    for name in ("aliases", "sequence"):
        del facts[name]
    for name in ("starts_at", "ends_at"):
        instant = getattr(event, name)
        facts[name] = None if instant is None else instant.timestamp()
    return dict(facts)


def _written(event: Event) -> str:
    return msgspec.json.encode(event).decode()


def _read(facts: str, zone: ZoneInfo) -> Event:
    event = msgspec.json.decode(facts, type=Event)
    ends_at = event.ends_at.astimezone(zone) if event.ends_at else None
    return replace(event, starts_at=event.starts_at.astimezone(zone), ends_at=ends_at)


def past(connection: Connection, process: str, zone: ZoneInfo, before: datetime) -> list[str]:
    """The ids of the events that began before an instant."""
    return [name for name, one in known(connection, process, zone).items() if one.event.starts_at < before]
