"""An evening of the process: when, where, and what it is also called."""

from dataclasses import dataclass
from datetime import datetime, time

from bot.core.recognition import fold, fold_label
from bot.core.texts import Text

OVER_FROM = time(20, 0)
"""No end is known; from this hour of its day an event counts as past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `starts_at` is an instant with its zone; what organisers did not write is None, and is not said.

    `sequence` counts how often its facts have changed since people were first told of it.
    """

    id: str
    starts_at: datetime
    place: str
    address: str
    aliases: tuple[str, ...] = ()
    cancelled: bool = False
    ends_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    capacity: int | None = None
    registration: Text | None = None
    accessibility: Text | None = None
    sequence: int = 0


def event_named(typed: str, events: tuple[Event, ...]) -> Event | None:
    """The event that is typed by its id, place, address or another name of it; None where it could be two."""
    wanted = fold(typed)
    meant = [
        event
        for event in events
        if wanted and wanted in {fold_label(name) for name in (event.id, event.place, event.address, *event.aliases)}
    ]
    return meant[0] if len(meant) == 1 else None


def over(event: Event, now: datetime) -> bool:
    """Whether an event is past; `event.starts_at` is in the zone of the place."""
    evening = datetime.combine(event.starts_at.date(), OVER_FROM, event.starts_at.tzinfo)
    return now >= max(event.ends_at or event.starts_at, evening)
