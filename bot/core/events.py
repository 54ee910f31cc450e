"""An evening of the process: when, where, and what it is also called."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `starts_at` is an instant with its zone; nothing is known about its end."""

    id: str
    starts_at: datetime
    place: str
    address: str
    aliases: tuple[str, ...] = ()
    cancelled: bool = False
