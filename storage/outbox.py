"""What is to be sent, and what became of it. Address and text are sealed, and gone once the row is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.messages import REPLY, Address, OutboxRow, Outgoing
from storage.people import opened_address, sealed_address
from storage.tables import outbox
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


_ADD = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)


async def add(connection: AsyncConnection, vault: Vault, planned: Sequence[Planned]) -> list[OutboxRow]:
    """Enqueue messages in order; the rows as they can be sent at once."""
    if not planned:
        return []
    addresses = {to: sealed_address(vault, to) for to in {plan.to for plan in planned}}
    rows = [
        {
            "person_id": plan.person_id,
            "address": addresses[plan.to],
            "message": vault.seal(msgspec.msgpack.encode(plan.message), "message"),
            "state": "queued",
            "once": plan.once,
            "due_at": plan.due_at,
            "priority": plan.priority,
            "attempts": 0,
            "key": plan.key,
        }
        for plan in planned
    ]
    ids = (await connection.execute(_ADD, rows)).scalars()
    return [
        OutboxRow(
            id=id_,
            to=plan.to,
            message=plan.message,
            once=plan.once,
            due_at=plan.due_at,
            priority=plan.priority,
            key=plan.key,
        )
        for id_, plan in zip(ids, planned, strict=True)
    ]


async def due(connection: AsyncConnection, vault: Vault, now: datetime, most: int) -> list[OutboxRow]:
    """Queued rows whose time has come: replies first, each kind in its order."""
    statement = (
        select(outbox)
        .where(outbox.c.state == "queued")
        .where(or_(outbox.c.due_at.is_(None), outbox.c.due_at <= now))
        .where(or_(outbox.c.not_before.is_(None), outbox.c.not_before <= now))
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(most)
    )
    return [
        OutboxRow(
            id=row.id,
            to=opened_address(vault, row.address),
            message=msgspec.msgpack.decode(vault.open(row.message, "message"), type=Outgoing),
            state=row.state,
            once=row.once,
            due_at=row.due_at,
            not_before=row.not_before,
            priority=row.priority,
            attempts=row.attempts,
            key=row.key,
        )
        for row in await connection.execute(statement)
    ]


async def recover(connection: AsyncConnection) -> None:
    """After a start: what a killed process was sending is sent again, or its fate is open where it goes once only."""
    left = update(outbox).where(outbox.c.state == "sending")
    await connection.execute(left.where(outbox.c.once.is_(False)).values(state="queued"))
    # One try after a start is welcome anywhere, and the clock may have gone back since the pause was noted.
    paused = outbox.c.not_before.is_not(None) & (outbox.c.state == "queued")
    await connection.execute(update(outbox).where(paused).values(not_before=None))
    await connection.execute(
        left.where(outbox.c.once.is_(True)).values(state="unknown", address=None, message=None, error="killed")
    )


async def mark_sending(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Written before a send that must not be repeated."""
    if ids:
        await connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(state="sending"))


_DONE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        state=bindparam("state"),
        error=bindparam("error"),
        remote_id=bindparam("remote_id"),
        attempts=outbox.c.attempts + 1,
        address=None,
        message=None,
        person_id=None,
    )
)


async def mark_done(connection: AsyncConnection, done: Sequence[Mapping[str, object]]) -> None:
    """Rows that need no more sending: `row`, `state`, `error`, `remote_id` each. Text, address and person go."""
    if done:
        await connection.execute(_DONE, list(done))


_AGAIN = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(state="queued", error=bindparam("error"), not_before=bindparam("until"), attempts=outbox.c.attempts + 1)
)


async def put_back(connection: AsyncConnection, again: Sequence[Mapping[str, object]]) -> None:
    """Rows that were certainly not sent: `row`, `error`, `until` each."""
    if again:
        await connection.execute(_AGAIN, list(again))


async def erase_of(connection: AsyncConnection, people: Sequence[int]) -> None:
    """Take back everything that is still to be sent to these people."""
    if people:
        await connection.execute(delete(outbox).where(outbox.c.person_id.in_(people)))


async def cancel_planned(connection: AsyncConnection, people: Sequence[int]) -> None:
    """Take back what the bot would have sent of its own accord; replies stay."""
    if people:
        planned = outbox.c.person_id.in_(people) & (outbox.c.priority > REPLY) & (outbox.c.state == "queued")
        await connection.execute(delete(outbox).where(planned))


async def forget(connection: AsyncConnection) -> None:
    """Drop replies that are done; reminders and announcements stay, their keys keep them from being sent twice."""
    settled = outbox.c.state.in_(["sent", "unknown", "failed"]) & outbox.c.key.is_(None)
    await connection.execute(delete(outbox).where(settled))


async def waiting(connection: AsyncConnection, person: int) -> int:
    """How many messages are still to be sent to a person."""
    counted = select(func.count()).select_from(outbox).where(outbox.c.person_id == person)
    return int((await connection.execute(counted)).scalar_one())
