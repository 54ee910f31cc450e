"""An evening of the process: when, where, and what it is also called."""

from dataclasses import dataclass
from datetime import datetime, time

OVER_FROM = time(20, 0)
"""No end is known; from this hour of its day an event counts as past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `starts_at` is an instant with its zone; nothing is known about its end."""

    id: str
    starts_at: datetime
    place: str
    address: str
    aliases: tuple[str, ...] = ()
    cancelled: bool = False


def over(event: Event, now: datetime) -> bool:
    """Whether an event is past; `event.starts_at` is in the zone of the place."""
    return now >= datetime.combine(event.starts_at.date(), OVER_FROM, event.starts_at.tzinfo)
