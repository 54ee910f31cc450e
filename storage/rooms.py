"""Rooms that are reminded of every event: kept as somebody with an address of their own, and nothing else."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select

from bot.core.messages import Address
from bot.core.reminders import ALL, Reminder
from storage import reminders
from storage.people import sealed_address
from storage.reminders import Interest
from storage.tables import people
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class RoomWish:
    """What the admins of a room want: reminders in a language, as planned, or none any more where that is None."""

    channel: str
    room: str
    language: str | None
    plan: tuple[Reminder, ...] = ()


def remind(connection: Connection, vault: Vault, wishes: Sequence[RoomWish], now: datetime, today: date) -> None:
    """Keep or forget rooms."""
    for wish in wishes:
        lookup = vault.lookup(wish.channel, wish.room)
        connection.execute(delete(people).where(people.c.lookup == lookup, people.c.is_room.is_(True)))
        taken = connection.execute(select(people.c.id).where(people.c.lookup == lookup)).first() is not None
        if wish.language is None or taken:
            continue
        room = secrets.randbits(63)
        row = {"channel": wish.channel, "language": wish.language, "stopped": False, "misses": 0, "is_room": True}
        address = sealed_address(vault, Address(wish.channel, "", wish.room))
        connection.execute(insert(people).values(id=room, lookup=lookup, address=address, since=today, **row))
        every = frozenset({ALL})
        kept = frozenset(one.event for one in wish.plan)
        interest = Interest(
            person=room, begun=every, ended=frozenset(), coming={}, uncounted=frozenset(), kept=kept, plan=wish.plan
        )
        reminders.change(connection, [interest], now, today)
