"""Who wants to be reminded of what and when, who comes, and how what is due becomes messages to be sent."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    String,
    Table,
    and_,
    cast,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)

from bot.core.messages import REMINDER, Outgoing
from bot.core.reminders import ALL, LEADS, Coming, Kind, Lead, Reminder
from storage.outbox import not_again, sealed_message
from storage.tables import attendance, drafts, outbox, people, reminders, subscriptions, texts
from storage.vault import Vault

BLOCK = 1_000
"""Rows of one write: replies wait no longer than one of them takes."""
OF_EVENTS = (*LEADS, "snooze")
"""Kinds of which only the last counts where several were missed for one event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """How a person's wishes have changed in a batch: events begun and ended, and the reminders that follow from all.

    `kept` are the events they still want to be reminded of.
    """

    person: int
    begun: frozenset[str]
    ended: frozenset[str]
    coming: Mapping[str, Coming]
    uncounted: frozenset[str]
    kept: frozenset[str]
    plan: tuple[Reminder, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """A message to many: its name, under which it is made only once, and the event that it is about."""

    name: str
    event: str
    message: Outgoing


Write = Callable[[Kind, str, str, bool], Shared | None]
"""(kind, event, language, in a room): what is said; None where there is nothing to say any more."""


def change(connection: Connection, interests: Sequence[Interest], now: datetime, today: date) -> None:
    """Write how wishes have changed, and plan anew. What is due already stays due."""
    for interest in interests:
        mine = interest.person
        _forget(connection, subscriptions.c.person_id == mine, subscriptions.c.event, interest.ended)
        _forget(connection, attendance.c.person_id == mine, attendance.c.event, {*interest.coming, *interest.uncounted})
        _insert(connection, subscriptions, [{"person_id": mine, "event": e, "since": today} for e in interest.begun])
        coming = interest.coming.items()
        _insert(
            connection, attendance, [{"person_id": mine, "event": e, "coming": c, "since": today} for e, c in coming]
        )
        unwanted = reminders.c.kind.in_([*OF_EVENTS, "changed"]) & reminders.c.event.not_in(interest.kept)
        ahead = reminders.c.kind.in_(LEADS) & (reminders.c.due_at > now)
        connection.execute(delete(reminders).where(reminders.c.person_id == mine, or_(unwanted, ahead)))
        kept = select(reminders.c.event, reminders.c.kind).where(reminders.c.person_id == mine)
        there = {tuple(row) for row in connection.execute(kept)}
        _plan(connection, [(mine, one) for one in interest.plan if (one.event, one.kind) not in there])


def put_off(connection: Connection, later: Sequence[tuple[int, Reminder]]) -> None:
    """Plan reminders that people want again later; one per event."""
    for person, one in {(person, one.event): (person, one) for person, one in later}.values():
        same = and_(reminders.c.person_id == person, reminders.c.event == one.event, reminders.c.kind == one.kind)
        connection.execute(delete(reminders).where(same))
        _plan(connection, [(person, one)])


def cancel(connection: Connection, ids: Sequence[int]) -> None:
    """Forget every wish to be reminded, and all that was planned, of these people."""
    if ids:
        for table in (reminders, subscriptions):
            connection.execute(delete(table).where(table.c.person_id.in_(ids)))


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether there is anything to enqueue."""
    return connection.execute(select(reminders.c.id).where(reminders.c.due_at <= now).limit(1)).first() is not None


def is_idle_too_long(connection: Connection, now: datetime) -> bool:
    """Whether anybody is to be reminded of an unfinished survey."""
    return connection.execute(select(drafts.c.person_id).where(drafts.c.nudge_at <= now).limit(1)).first() is not None


def next_due(connection: Connection) -> datetime | None:
    """When the next reminder or nudge is due."""
    planned = connection.execute(select(func.min(reminders.c.due_at))).scalar()
    nudge = connection.execute(select(func.min(drafts.c.nudge_at))).scalar()
    return min((at for at in (planned, nudge) if at is not None), default=None)


def enqueue(  # noqa: PLR0913, PLR0917 - the moment in two forms, and what only the caller can say
    connection: Connection, vault: Vault, now: datetime, today: date, first: str, write: Write
) -> int:
    """Make outbox rows of a block of due reminders; how many were dealt with. `first` is the language of the undecided.

    Of several for one event only the last is sent, and none from `until_at` on.
    """
    if connection.dialect.name == "postgresql":
        # What others plan meanwhile is not part of this block, in none of its statements.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    due = select(reminders.c.due_at, reminders.c.id).where(reminders.c.due_at <= now)
    block = connection.execute(due.order_by(reminders.c.due_at, reminders.c.id).limit(BLOCK)).all()
    if not block:
        return 0
    # Up to the last one in order: a thousand ids would cost more to hand over than the work itself.
    last = block[-1]
    ours = or_(reminders.c.due_at < last.due_at, (reminders.c.due_at == last.due_at) & (reminders.c.id <= last.id))
    later = reminders.alias("later")
    followed = (
        select(later.c.id)
        .where(later.c.person_id == reminders.c.person_id, later.c.event == reminders.c.event)
        .where(later.c.kind.in_(OF_EVENTS), later.c.due_at <= now)
        .where(
            or_(
                later.c.due_at > reminders.c.due_at,
                (later.c.due_at == reminders.c.due_at) & (later.c.id > reminders.c.id),
            )
        )
        .exists()
    )
    superseded = reminders.c.kind.in_(OF_EVENTS) & followed
    connection.execute(delete(reminders).where(ours, or_(reminders.c.until_at <= now, superseded)))
    language, in_room = func.coalesce(people.c.language, first), func.coalesce(people.c.is_room, false())
    joined = reminders.join(people, people.c.id == reminders.c.person_id)
    groups = (
        select(reminders.c.kind, reminders.c.event, language, in_room)
        .select_from(joined)
        .where(ours, people.c.stopped.is_(False))
        .distinct()
    )
    for kind, event, spoken, together in connection.execute(groups).all():
        shared = write(kind, event, spoken, bool(together))
        if shared is not None:
            group = [ours, reminders.c.kind == kind, reminders.c.event == event, language == spoken]
            group.append(in_room.is_(true()) if together else in_room.is_(false()))
            which = and_(*group, people.c.stopped.is_(False))
            _to_outbox(connection, text_id(connection, vault, shared, today), today, which)
    connection.execute(delete(reminders).where(ours))
    return len(block)


_COLUMNS = ("person_id", "address", "text_id", "state", "once", "due_at", "until_at")
_MORE = ("priority", "attempts", "key", "queued_on", "channel")


def _to_outbox(connection: Connection, shared: int, today: date, which: ColumnElement[bool]) -> None:
    """A row for each person, in one statement; the sealed address is copied, never opened."""
    key = literal("reminder:") + cast(reminders.c.id, String)
    rows = (
        select(
            people.c.id,
            people.c.address,
            literal(shared),
            literal("queued"),
            literal(value=True),
            reminders.c.due_at,
            reminders.c.until_at,
            literal(REMINDER),
            literal(0),
            key,
            literal(today),
            people.c.channel,
        )
        .select_from(reminders.join(people, people.c.id == reminders.c.person_id))
        .where(which, ~select(outbox.c.id).where(outbox.c.key == key).exists())
        .order_by(reminders.c.id)
    )
    connection.execute(insert(outbox).from_select([*_COLUMNS, *_MORE], rows))


def text_id(connection: Connection, vault: Vault, shared: Shared, today: date) -> int:
    """The id of a message to many, which is written at its first use."""
    found = connection.execute(select(texts.c.id).where(texts.c.name == shared.name)).scalar()
    if found is not None:
        return int(found)
    row = {"name": shared.name, "event": shared.event, "made_on": today}
    sealed = sealed_message(vault, shared.message)
    return int(connection.execute(insert(texts).values(message=sealed, **row).returning(texts.c.id)).scalar_one())


def supersede(connection: Connection, event: str, *, again: bool) -> None:
    """Take back what was enqueued about an event and has not gone out: its facts have changed.

    With `again` those people are reminded all the same, in new words.
    """
    old = select(texts.c.id).where(texts.c.event == event, texts.c.name.not_like("changed:%"))
    waiting = (outbox.c.state == "queued") & outbox.c.text_id.in_(old)
    if again:
        there = select(reminders.c.id).where(
            reminders.c.person_id == outbox.c.person_id, reminders.c.event == event, reminders.c.kind == "snooze"
        )
        values = (literal("snooze"), literal(event), func.min(outbox.c.due_at), func.min(outbox.c.until_at))
        rows = select(outbox.c.person_id, *values).where(waiting, ~there.exists()).group_by(outbox.c.person_id)
        connection.execute(insert(reminders).from_select(["person_id", "kind", "event", "due_at", "until_at"], rows))
    about = outbox.c.text_id.in_(select(texts.c.id).where(texts.c.event == event))
    connection.execute(delete(outbox).where(outbox.c.state == "queued", about))
    not_again(connection, about)
    connection.execute(delete(reminders).where(reminders.c.event == event, reminders.c.kind == "changed"))
    # Killed before these facts were kept, the next ones have the same number, and their words the same name.
    going_out = select(outbox.c.text_id).where(outbox.c.state == "sending", about)
    connection.execute(delete(texts).where(texts.c.event == event, texts.c.id.not_in(going_out)))


def subscribers(connection: Connection, event: str, after: int) -> list[int]:
    """The next block of people who want to be reminded of an event and have not declined it, in the order of ids."""
    found = select(subscriptions.c.person_id).where(_of(event), subscriptions.c.person_id > after).distinct()
    return list(connection.execute(found.order_by(subscriptions.c.person_id).limit(BLOCK)).scalars())


def how_many(connection: Connection, event: str) -> int:
    """How many people want to be reminded of an event and have not declined it."""
    found = select(func.count(subscriptions.c.person_id.distinct())).where(_of(event))
    return int(connection.execute(found).scalar_one())


def _of(event: str) -> ColumnElement[bool]:
    declined = select(attendance.c.person_id).where(
        attendance.c.person_id == subscriptions.c.person_id, attendance.c.event == event, attendance.c.coming == "no"
    )
    return subscriptions.c.event.in_([event, ALL]) & ~declined.exists()


def forget_plans(connection: Connection, event: str) -> int:
    """Take back a block of the reminders of an event; how many there were."""
    mine = select(reminders.c.id).where(reminders.c.event == event, reminders.c.kind.in_(LEADS)).limit(BLOCK)
    return int(connection.execute(delete(reminders).where(reminders.c.id.in_(mine))).rowcount)


def plan_for(connection: Connection, ids: Sequence[int], planned: Sequence[Reminder], defaults: Sequence[Lead]) -> None:
    """Plan reminders of one event for a block of its subscribers, as each has chosen to be reminded."""
    for one in planned:
        which: list[ColumnElement[bool]] = [people.c.id.in_(ids)]
        if one.kind in LEADS:
            chosen = people.c.leads.like(f"%{one.kind}%")
            which.append(or_(chosen, people.c.leads.is_(None)) if one.kind in defaults else chosen)
        there = select(reminders.c.id).where(
            reminders.c.person_id == people.c.id, reminders.c.event == one.event, reminders.c.kind == one.kind
        )
        values = (literal(one.kind), literal(one.event), _at(one.due_at), _at(one.until))
        rows = select(people.c.id, *values).where(*which, ~there.exists())
        connection.execute(insert(reminders).from_select(["person_id", "kind", "event", "due_at", "until_at"], rows))


def move_end(connection: Connection, event: str, until: datetime) -> None:
    """What was put off goes out until the event's new beginning at the latest."""
    connection.execute(update(reminders).where(reminders.c.event == event).values(until_at=until))


def nudge(connection: Connection, survey: str, now: datetime, today: date, until: datetime) -> int:
    """Plan to remind a block of people of a survey that they have begun; how many."""
    due = select(drafts.c.person_id).where(drafts.c.survey == survey, drafts.c.nudge_at <= now).limit(BLOCK)
    block = list(connection.execute(due).scalars())
    if block:
        plan_for(connection, block, [Reminder("nudge", "", now, until)], ())
        mine = drafts.c.person_id.in_(block)
        connection.execute(update(drafts).where(mine).values(nudge_at=None, nudged_on=today))
    return len(block)


def call_last(connection: Connection, survey: str, now: datetime, today: date, until: datetime) -> int:
    """Plan to tell a block of people with an unfinished survey that it closes soon; how many."""
    mine = (drafts.c.survey == survey) & drafts.c.last_call_on.is_(None)
    block = list(connection.execute(select(drafts.c.person_id).where(mine).limit(BLOCK)).scalars())
    if block:
        plan_for(connection, block, [Reminder("last_call", "", now, until)], ())
        told = update(drafts).where(drafts.c.person_id.in_(block))
        connection.execute(told.values(last_call_on=today, nudge_at=None, nudged_on=today))
    return len(block)


def headcount(connection: Connection, event: str) -> dict[str, int]:
    """How many people come to an event, may come, and do not."""
    counted = select(attendance.c.coming, func.count()).where(attendance.c.event == event)
    return {row.coming: row[1] for row in connection.execute(counted.group_by(attendance.c.coming))}


def planned_of(connection: Connection, person: int) -> list[Reminder]:
    """What is planned to be sent to a person, in order of time."""
    mine = select(reminders).where(reminders.c.person_id == person).order_by(reminders.c.due_at, reminders.c.id)
    return [Reminder(row.kind, row.event, row.due_at, row.until_at) for row in connection.execute(mine)]


def _forget(connection: Connection, mine: ColumnElement[bool], column: Column[str], names: Collection[str]) -> None:
    if names:
        connection.execute(delete(column.table).where(mine, column.in_(names)))


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _at(instant: datetime) -> ColumnElement[datetime]:
    return literal(instant, type_=reminders.c.due_at.type)


def _plan(connection: Connection, planned: Sequence[tuple[int, Reminder]]) -> None:
    rows = [
        {"person_id": person, "kind": one.kind, "event": one.event, "due_at": one.due_at, "until_at": one.until}
        for person, one in planned
    ]
    _insert(connection, reminders, rows)
