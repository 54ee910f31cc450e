"""What is to be sent, and what became of it. Address and text are sealed, and gone once the row is done."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    func,
    null,
    or_,
    select,
    update,
)

from bot.core.messages import ANNOUNCEMENT, REPLY, Address, OutboxRow, Outgoing, State
from storage.people import opened_address, sealed_address
from storage.statements import Adding, Removing
from storage.tables import announcements, outbox, people, reminders, subscriptions, texts
from storage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A message to be enqueued. `person_id` lets it be taken back; None for one that outlives the person's data."""

    person_id: int | None
    to: Address
    message: Outgoing
    once: bool = False
    due_at: datetime | None = None
    priority: int = REPLY
    key: str | None = None


# In one statement, whose answers may come in any order: the sealed bytes tell which row is which.
_ADD = Adding(
    outbox,
    *("person_id", "address", "message", "state", "once", "due_at", "priority", "attempts", "key", "queued_on"),
    "channel",
    returning=(outbox.c.id, outbox.c.message),
)


def add(connection: Connection, vault: Vault, planned: Sequence[Planned], today: date) -> list[OutboxRow]:
    """Enqueue messages in order; the rows as they can be sent at once."""
    if not planned:
        return []
    addresses = {to: sealed_address(vault, to) for to in {plan.to for plan in planned}}
    rows = [
        {
            "person_id": plan.person_id,
            "address": addresses[plan.to],
            "message": sealed_message(vault, plan.message),
            "state": "queued",
            "once": plan.once,
            "due_at": plan.due_at,
            "priority": plan.priority,
            "attempts": 0,
            "key": plan.key,
            "queued_on": today,
            "channel": plan.to.channel if plan.priority > REPLY else None,
        }
        for plan in planned
    ]
    ids = {row.message: row.id for row in _ADD.add(connection, rows)}
    return [
        OutboxRow(
            id=ids[row["message"]],
            to=plan.to,
            message=plan.message,
            once=plan.once,
            due_at=plan.due_at,
            priority=plan.priority,
            key=plan.key,
        )
        for row, plan in zip(rows, planned, strict=True)
    ]


def due(connection: Connection, vault: Vault, now: datetime, most: int) -> list[OutboxRow]:
    """Queued replies whose time has come, in their order."""
    return _queued(connection, vault, now, most, outbox.c.priority == REPLY)


def queued(connection: Connection, now: datetime, most: int) -> set[int]:
    """The ids of replies whose time has come."""
    here = (outbox.c.state == "queued") & (outbox.c.priority == REPLY)
    when = or_(outbox.c.not_before.is_(None), outbox.c.not_before <= now)
    return set(connection.execute(select(outbox.c.id).where(here, when).limit(most)).scalars())


def due_of(connection: Connection, vault: Vault, now: datetime, ids: Collection[int]) -> list[OutboxRow]:
    """Those of these replies that are still queued, in their order."""
    return _queued(connection, vault, now, len(ids), outbox.c.id.in_(ids))


def due_unasked(  # noqa: PLR0913, PLR0917 - which rows, and which not
    connection: Connection, vault: Vault, now: datetime, most: int, without: Collection[int], channel: str
) -> list[OutboxRow]:
    """What the bot sends of its own accord on a network and is due, reminders before announcements, not yet at hand."""
    here = (outbox.c.channel == channel) & (outbox.c.priority > REPLY)
    rows = _queued(connection, vault, now, most + len(without), here)
    return [row for row in rows if row.id not in without][:most]


def _queued(
    connection: Connection, vault: Vault, now: datetime, most: int, which: ColumnElement[bool]
) -> list[OutboxRow]:
    statement = (
        select(outbox)
        .where(outbox.c.state == "queued", which)
        .where(or_(outbox.c.due_at.is_(None), outbox.c.due_at <= now))
        .where(or_(outbox.c.not_before.is_(None), outbox.c.not_before <= now))
        .where(or_(outbox.c.until_at.is_(None), outbox.c.until_at > now))
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(most)
    )
    found = connection.execute(statement).all()
    # A message to many is read and opened once, with its picture.
    shared = select(texts.c.id, texts.c.message).where(texts.c.id.in_({row.text_id for row in found} - {None}))
    opened = {row.id: opened_message(vault, row.message) for row in connection.execute(shared)}
    rows = []
    for row in found:
        message = opened_message(vault, row.message) if row.text_id is None else opened[row.text_id]
        rows.append(
            OutboxRow(
                id=row.id,
                to=opened_address(vault, row.address),
                message=message,
                state=row.state,
                once=row.once,
                due_at=row.due_at,
                not_before=row.not_before,
                until=row.until_at,
                priority=row.priority,
                attempts=row.attempts,
                key=row.key,
            )
        )
    return rows


def sealed_message(vault: Vault, message: Outgoing) -> bytes:
    """A message as it is stored."""
    return vault.seal(msgspec.msgpack.encode(message), "message")


def opened_message(vault: Vault, sealed: bytes) -> Outgoing:
    """A stored message. Raises WrongKey."""
    return msgspec.msgpack.decode(vault.open(sealed, "message"), type=Outgoing)


REPEATABLE_FOR = timedelta(hours=20)
"""How long a network that knows repeats by their key is relied upon for it: Synapse forgets after 24 hours."""


# That somebody was among the recipients of an announcement is nobody's business afterwards: they are counted, no more.
_KEY_LEFT = case((outbox.c.announcement_id.is_(None), outbox.c.key), else_=null())


def recover(connection: Connection, vault: Vault, repeatable: Container[str], now: datetime) -> None:
    """After a start: what a killed process was sending is sent again, or its fate is open where it goes once only.

    On `repeatable` channels it may always be sent again, for some hours.
    """
    left = update(outbox).where(outbox.c.state == "sending")
    connection.execute(left.where(outbox.c.once.is_(False)).values(state="queued"))
    recent = select(outbox.c.id, outbox.c.address).where(
        outbox.c.state == "sending", outbox.c.due_at > now - REPEATABLE_FOR
    )
    again = [row.id for row in connection.execute(recent) if opened_address(vault, row.address).channel in repeatable]
    connection.execute(left.where(outbox.c.id.in_(again)).values(state="queued"))
    # One try after a start is welcome anywhere, and the clock may have gone back since the pause was noted.
    paused = outbox.c.not_before.is_not(None) & (outbox.c.state == "queued")
    connection.execute(update(outbox).where(paused).values(not_before=None))
    connection.execute(
        left.where(outbox.c.once.is_(True)).values(
            state="unknown",
            address=None,
            message=None,
            text_id=None,
            person_id=None,
            key=_KEY_LEFT,
            error="killed",
        )
    )


def mark_sending(connection: Connection, ids: Sequence[int], *, again: bool = False) -> set[int]:
    """Written before a send that must not be repeated: the rows that may go. One taken back meanwhile may not.

    `again`: the same was tried before, and it stayed open whether it was written.
    """
    states = ["queued", "sending"] if again else ["queued"]
    waiting = outbox.c.id.in_(ids) & outbox.c.state.in_(states)
    marked = update(outbox).where(waiting).values(state="sending").returning(outbox.c.id)
    return set(connection.execute(marked).scalars())


BLOCKED = "Blocked"
"""The error of a row whose person does not want messages any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a row: `state` "queued" puts it back, not to be tried before `until`."""

    row: OutboxRow
    state: State
    error: str | None = None
    remote_id: str | None = None
    until: datetime | None = None


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_BLANK = {"state": "failed", "person_id": None, "address": None, "text_id": None, "key": None}
AS_ITS_ANNOUNCEMENT: Mapping[str, Mapping[str, str | None]] = {
    "paused": {"state": "held"},
    "stopped": {**_BLANK, "error": "stopped"},
    "done": {**_BLANK, "error": "late"},
}
"""What becomes of a message that waits once its announcement is in a state. That it is not sent any more is counted, to
whom it was not is forgotten."""
_GONE = Removing(outbox, "id")
_DONE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        state=bindparam("state"),
        error=bindparam("error"),
        remote_id=bindparam("remote_id"),
        key=_KEY_LEFT,
        attempts=outbox.c.attempts + 1,
        address=None,
        message=None,
        text_id=None,
        person_id=None,
    )
)
_AGAIN = (
    update(outbox)
    # Written a second time, because it stayed open whether it was, it must not undo what has become of the row since.
    .where(outbox.c.id == bindparam("row"), outbox.c.attempts == bindparam("tried"), outbox.c.state != "held")
    .values(state="queued", error=bindparam("error"), not_before=bindparam("until"), attempts=outbox.c.attempts + 1)
)


def settle(connection: Connection, fates: Sequence[Fate]) -> None:
    """Write what became of rows. One that is done loses text, address and person.

    A reply that is done goes altogether: nothing is asked of it any more, and a busy bot would keep millions.
    """
    gone = [fate.row.id for fate in fates if fate.state != "queued" and fate.row.key is None]
    done = [fate for fate in fates if fate.state != "queued" and fate.row.key is not None]
    again = [fate for fate in fates if fate.state == "queued"]
    _silence(connection, [fate.row.id for fate in fates if fate.error == BLOCKED])
    if gone:
        _GONE.remove(connection, gone)
    if done:
        rows = [
            {"row": fate.row.id, "state": fate.state, "error": fate.error, "remote_id": fate.remote_id} for fate in done
        ]
        connection.execute(_DONE, rows)
    if again:
        connection.execute(_AGAIN, [_again(fate) for fate in again])
        _follow(connection, [fate.row.id for fate in again if fate.row.priority == ANNOUNCEMENT])


def _follow(connection: Connection, rows: Sequence[int]) -> None:
    """What is put back goes the way of its announcement, which may have been paused or ended while it was tried."""
    if not rows:
        return
    mine = (outbox.c.id.in_(rows), outbox.c.state == "queued")
    for state, values in AS_ITS_ANNOUNCEMENT.items():
        those = select(announcements.c.id).where(announcements.c.state == state)
        connection.execute(update(outbox).where(*mine, outbox.c.announcement_id.in_(those)).values(values))


def not_again(connection: Connection, which: ColumnElement[bool]) -> None:
    """What is being sent just now and has been taken back is not tried again, if it does not arrive."""
    connection.execute(update(outbox).where(which, outbox.c.state == "sending").values(until_at=LONG_AGO))


def _again(fate: Fate) -> dict[str, object]:
    return {"row": fate.row.id, "tried": fate.row.attempts, "error": fate.error, "until": fate.until}


def _silence(connection: Connection, rows: Sequence[int]) -> None:
    """People who blocked the bot or have gone: nothing more is sent to them, until they write again."""
    if not rows:
        return
    ids = connection.execute(select(outbox.c.person_id).where(outbox.c.id.in_(rows))).scalars()
    gone = [person for person in ids if person is not None]
    connection.execute(update(people).where(people.c.id.in_(gone)).values(stopped=True, news_on=None))
    waiting_too = outbox.c.person_id.in_(gone) & outbox.c.id.not_in(rows)
    connection.execute(delete(outbox).where(waiting_too))
    for table in (reminders, subscriptions):
        connection.execute(delete(table).where(table.c.person_id.in_(gone)))


def erase_of(connection: Connection, people: Sequence[int]) -> None:
    """Take back everything that is still to be sent to these people."""
    if people:
        connection.execute(delete(outbox).where(outbox.c.person_id.in_(people)))


def cancel_planned(connection: Connection, people: Sequence[int]) -> None:
    """Take back what the bot would have sent of its own accord; replies stay."""
    if people:
        # Found by the person: "priority > REPLY" would have SQLite look through all that waits for anybody.
        planned = (outbox.c.priority != REPLY) & outbox.c.state.in_(["queued", "held"])
        connection.execute(delete(outbox).where(outbox.c.person_id.in_(people), planned))
        not_again(connection, outbox.c.person_id.in_(people) & (outbox.c.priority != REPLY))


def cancel_news(connection: Connection, people: Sequence[int]) -> None:
    """Take back announcements to people who do not want to hear news any more."""
    if people:
        waiting = outbox.c.announcement_id.is_not(None) & outbox.c.state.in_(["queued", "held"])
        connection.execute(delete(outbox).where(outbox.c.person_id.in_(people), waiting))
        not_again(connection, outbox.c.person_id.in_(people) & outbox.c.announcement_id.is_not(None))


def waiting(connection: Connection, person: int) -> int:
    """How many messages are still to be sent to a person."""
    counted = select(func.count()).select_from(outbox).where(outbox.c.person_id == person)
    return int((connection.execute(counted)).scalar_one())


def remote_id(connection: Connection, key: str) -> str | None:
    """The network's id of the message with this key: empty as long as it is on its way, None where there is none."""
    row = connection.execute(select(outbox.c.remote_id).where(outbox.c.key == key)).first()
    return (row.remote_id or "") if row else None
