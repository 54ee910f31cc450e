"""Encrypted messages that came before their keys: they wait until the key comes, or until it is too late for it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from bot.channels.matrix.events import Ciphertext, Event, read

MOST, MOST_IN_ROOM = 1_000, 50
"""Messages that wait at most; of more, those that came first."""
FACT = "pending "


@dataclass(frozen=True, slots=True)
class Kept:
    """A message to try again. `fact` is how it is remembered; None as event where that cannot be read any more."""

    fact: str
    room: str
    event: Event | None
    late: bool


class _Pending(msgspec.Struct):
    """An encrypted event whose key has not come yet."""

    room: str
    event: msgspec.Raw
    at: float


class Waiting:
    """What waits for its key. `patience`: seconds until it is too late.

    `pending` are its facts that the channel remembers, and no others: they are looked through with every sync.
    """

    def __init__(self, pending: Mapping[str, str], patience: float) -> None:
        self._pending = pending
        self._patience = patience

    def kept(self, room: str, event: Event, noted: Mapping[str, str]) -> dict[str, str]:
        """The fact to note so that an event waits; none where too many do. `noted` are facts not remembered yet."""
        waiting = [*self._pending, *(name for name in noted if name.startswith(FACT))]
        here = sum(name.startswith(f"{FACT}{room} ") for name in waiting)
        if len(waiting) >= MOST or here >= MOST_IN_ROOM:
            return {}
        pending = _Pending(room, msgspec.Raw(msgspec.json.encode(event)), time.time())
        return {f"{FACT}{room} {event.event_id}": msgspec.json.encode(pending).decode()}

    def due(self, arrived: set[tuple[str, str]]) -> Iterator[Kept]:
        """What can be tried again, the first first: its key is among those of rooms and sessions, or it is late."""
        pending = [(name, read(value.encode(), _Pending)) for name, value in self._pending.items()]
        for name, waiting in sorted(pending, key=lambda one: one[1].at if one[1] else 0.0):
            event = read(waiting.event, Event) if waiting else None
            if waiting is None or event is None:
                yield Kept(name, "", None, late=True)
                continue
            late = time.time() - waiting.at > self._patience
            content = read(event.content, Ciphertext)
            if late or (content is not None and (waiting.room, content.session_id) in arrived):
                yield Kept(name, waiting.room, event, late)
