"""Rooms that are reminded of every event or hear news: kept as somebody with an address of their own, no more."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.core.messages import MOVED, Address, place_of
from bot.core.reminders import ALL, Reminder
from storage import received, reminders
from storage.people import sealed_address
from storage.reminders import Interest
from storage.tables import outbox, people, subscriptions
from storage.tables import reminders as planned
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class RoomWish:
    """What the admins of a room want: reminders in a language, as planned, or none any more where that is None."""

    channel: str
    room: str
    language: str | None
    plan: tuple[Reminder, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomNews:
    """What the admins of a room want: news in a language, or none any more where that is None."""

    channel: str
    room: str
    language: str | None


def move(connection: Connection, vault: Vault, channel: str, facts: Iterable[str]) -> None:
    """Keep rooms as those that have taken their place, where some of these facts say that they have moved."""
    for old in (name.removeprefix(MOVED) for name in facts if name.startswith(MOVED)):
        new = _place_of(connection, vault, channel, old)
        before, there = (_kept(connection, vault.lookup(channel, room)) for room in (old, new))
        if new == old or before is None or not before.is_room:
            continue
        if there is None:
            address = sealed_address(vault, Address(channel, "", new))
            moved = update(people).where(people.c.id == before.id)
            connection.execute(moved.values(lookup=vault.lookup(channel, new), address=address))
        elif there.is_room:
            _merge(connection, before, there)


def _place_of(connection: Connection, vault: Vault, channel: str, room: str) -> str:
    return place_of(room, lambda name: received.fact(connection, vault, channel, name))


def _kept(connection: Connection, lookup: bytes) -> Any:
    """What is kept under a lookup, if anything is."""
    return connection.execute(
        select(people.c.id, people.c.is_room, people.c.news_on).where(people.c.lookup == lookup)
    ).first()


def _merge(connection: Connection, old: Any, new: Any) -> None:
    """Of two rooms that are one now, the new one is kept, and wants what either did."""
    wanted = select(subscriptions.c.person_id).where(subscriptions.c.person_id == new.id)
    hands_over = [outbox] if connection.execute(wanted).first() else [outbox, subscriptions, planned]
    for table in hands_over:
        connection.execute(update(table).where(table.c.person_id == old.id).values(person_id=new.id))
    connection.execute(update(people).where(people.c.id == new.id).values(news_on=new.news_on or old.news_on))
    connection.execute(delete(people).where(people.c.id == old.id))


def remind(connection: Connection, vault: Vault, wishes: Sequence[RoomWish], now: datetime, today: date) -> None:
    """Keep or forget rooms."""
    for wish in wishes:
        room = _found(connection, vault, wish.channel, wish.room, wish.language, today)
        if room is None:
            continue
        reminders.cancel(connection, [room])
        if wish.language is None:
            _forget_idle(connection, room)
            continue
        every = frozenset({ALL})
        kept = frozenset(one.event for one in wish.plan)
        interest = Interest(
            person=room, begun=every, ended=frozenset(), coming={}, uncounted=frozenset(), kept=kept, plan=wish.plan
        )
        reminders.change(connection, [interest], now, today)


def tell_news(connection: Connection, vault: Vault, wishes: Sequence[RoomNews], today: date) -> None:
    """Keep which rooms hear news."""
    for wish in wishes:
        room = _found(connection, vault, wish.channel, wish.room, wish.language, today)
        if room is None:
            continue
        news_on = None if wish.language is None else today
        connection.execute(update(people).where(people.c.id == room).values(news_on=news_on))
        if wish.language is None:
            _forget_idle(connection, room)


def _found(  # noqa: PLR0913, PLR0917 - how a room is named, and what it is kept with
    connection: Connection, vault: Vault, channel: str, room: str, language: str | None, today: date
) -> int | None:
    """The number of a room, which is kept from now on where it has a language; None where it is not a room's."""
    move(connection, vault, channel, [MOVED + room])  # older versions noted that without moving what was kept
    room = _place_of(connection, vault, channel, room)
    lookup = vault.lookup(channel, room)
    if (row := _kept(connection, lookup)) is not None:
        if row.is_room and language is not None:
            connection.execute(update(people).where(people.c.id == row.id).values(language=language, stopped=False))
        return int(row.id) if row.is_room else None
    if language is None:
        return None
    number = secrets.randbits(63)
    values = {"channel": channel, "language": language, "stopped": False, "misses": 0, "is_room": True}
    address = sealed_address(vault, Address(channel, "", room))
    connection.execute(insert(people).values(id=number, lookup=lookup, address=address, since=today, **values))
    return number


def _forget_idle(connection: Connection, room: int) -> None:
    """A room that wants neither reminders nor news is nobody's business."""
    wanted = select(subscriptions.c.person_id).where(subscriptions.c.person_id == room).exists()
    connection.execute(delete(people).where(people.c.id == room, people.c.news_on.is_(None), ~wanted))
