"""People and their drafts: found by a keyed hash, kept without a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, case, delete, func, null, select, update

from bot.core.conversation import Consent, Person, Waiting
from bot.core.messages import Address
from bot.core.reminders import LEADS
from bot.core.survey import Progress
from bot.core.values import Missing, Value
from storage.statements import Adding, Among, Changing, Removing
from storage.tables import attendance, drafts, people, subscriptions
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept about a person beyond what a conversation needs; None where there is no such row."""

    since: date | None
    draft_changed_on: date | None
    nudge_at: datetime | None
    messages_waiting: int


class _Draft(msgspec.Struct):
    """The part of a draft that is sealed."""

    answers: dict[str, Any]
    ticked: tuple[str, ...] = ()
    said: dict[str, str] = {}
    asked_back: str = ""


_FOUND = (
    select(
        people.c.id,
        people.c.lookup,
        people.c.address,
        people.c.language,
        people.c.consent_version,
        people.c.consent_day,
        people.c.stopped,
        people.c.waiting,
        people.c.waiting_then,
        people.c.misses,
        drafts.c.survey,
        drafts.c.version,
        drafts.c.question,
        drafts.c.answers,
        people.c.leads,
        people.c.news_on,
        select(func.aggregate_strings(subscriptions.c.event, ","))
        .where(subscriptions.c.person_id == people.c.id)
        .scalar_subquery()
        .label("reminded"),
        select(func.aggregate_strings(attendance.c.event + "=" + attendance.c.coming, ","))
        .where(attendance.c.person_id == people.c.id)
        .scalar_subquery()
        .label("coming"),
    )
    .select_from(people.outerjoin(drafts))
    .where(Among(people.c.lookup, "lookups"))
)


def find(connection: Connection, vault: Vault, lookups: Mapping[Address, bytes]) -> dict[Address, Person]:
    """The people known under these addresses, with their drafts; `lookups` are the addresses' keyed hashes."""
    rows = {row.lookup: row for row in connection.execute(_FOUND, {"lookups": list(set(lookups.values()))})}
    # Somebody may write in two rooms at once: two addresses, one person.
    return {address: _person(rows[lookup], vault) for address, lookup in lookups.items() if lookup in rows}


def _person(row: Any, vault: Vault) -> Person:
    draft = None
    if row.survey is not None:
        kept = msgspec.json.decode(vault.open(row.answers, "draft"), type=_Draft)
        draft = Progress(
            row.survey, row.version, row.question, read(kept.answers), kept.ticked, kept.said, kept.asked_back
        )
    return Person(
        id=row.id,
        address=opened_address(vault, row.address),
        language=row.language,
        consent=None if row.consent_version is None else Consent(row.consent_version, row.consent_day),
        stopped=row.stopped,
        waiting=None if row.waiting is None else Waiting(row.waiting, row.waiting_then or ""),
        misses=row.misses,
        draft=draft,
        leads=None if row.leads is None else tuple(lead for lead in LEADS if lead in row.leads.split(",")),
        news=row.news_on,
        reminded=frozenset(row.reminded.split(",")) if row.reminded else frozenset(),
        coming=dict(one.split("=") for one in row.coming.split(",")) if row.coming else {},
    )


def record(connection: Connection, person: int) -> tuple[date | None, date | None, datetime | None]:
    """Since when a person is known, when their draft was last changed, and when they may be reminded of it."""
    kept = select(people.c.since, drafts.c.changed_on, drafts.c.nudge_at).select_from(people.outerjoin(drafts))
    row = (connection.execute(kept.where(people.c.id == person))).first()
    return (row.since, row.changed_on, row.nudge_at) if row else (None, None, None)


def add(connection: Connection, vault: Vault, new: Sequence[Person], today: date) -> None:
    """Write people for the first time."""
    rows = [
        {
            "id": person.id,
            "lookup": vault.lookup(person.address.channel, person.address.user),
            "channel": person.address.channel,
            "address": sealed_address(vault, person.address),
            "since": today,
            **_state(person),
        }
        for person in new
    ]
    if rows:
        _ADD.add(connection, rows)


_STATE = (
    *("language", "consent_version", "consent_day", "stopped", "waiting", "waiting_then", "misses", "leads"),
    "news_on",
)
_ADD = Adding(people, "id", "lookup", "channel", "address", "since", *_STATE)
_CHANGE = Changing(people, "id", *_STATE)


def change(connection: Connection, changed: Sequence[Person]) -> None:
    """Write what has changed about people."""
    if changed:
        _CHANGE.change(connection, [{"of_row": person.id, **_state(person)} for person in changed])


def readdress(connection: Connection, vault: Vault, moved: Sequence[Person]) -> None:
    """Write where people are reached from now on."""
    for person in moved:
        address = sealed_address(vault, person.address)
        connection.execute(update(people).where(people.c.id == person.id).values(address=address))


def _state(person: Person) -> dict[str, object]:
    return {
        "language": person.language,
        "consent_version": person.consent.version if person.consent else None,
        "consent_day": person.consent.day if person.consent else None,
        "stopped": person.stopped,
        "waiting": person.waiting.menu if person.waiting else None,
        "waiting_then": person.waiting.then if person.waiting else None,
        "misses": person.misses,
        "leads": None if person.leads is None else ",".join(person.leads),
        "news_on": person.news,
    }


def lookups(connection: Connection, ids: Sequence[int]) -> list[bytes]:
    """The keyed hashes of the addresses of people."""
    return list(connection.execute(select(people.c.lookup).where(people.c.id.in_(ids))).scalars())


def erase(connection: Connection, ids: Sequence[int]) -> None:
    """Remove people; their drafts go with them."""
    if ids:
        connection.execute(delete(people).where(people.c.id.in_(ids)))


def begin_drafts(
    connection: Connection, vault: Vault, begun: Mapping[int, Progress], today: date, nudge_at: datetime
) -> None:
    """Write drafts that did not exist; `nudge_at` is when their people may be reminded of them."""
    if begun:
        rows = [{"person_id": person, **_draft(vault, draft, today, nudge_at)} for person, draft in begun.items()]
        _BEGIN_DRAFTS.add(connection, rows)


_DRAFT = ("survey", "version", "question", "answers", "changed_on", "nudge_at")
_BEGIN_DRAFTS = Adding(drafts, "person_id", *_DRAFT)
_CHANGE_DRAFTS = Changing(
    drafts,
    "person_id",
    *_DRAFT,
    # Once only: whoever was reminded of a draft is not reminded of it again.
    follows={"nudge_at": lambda nudge_at: case((drafts.c.nudged_on.is_(None), nudge_at), else_=null())},
)


def change_drafts(
    connection: Connection, vault: Vault, changed: Mapping[int, Progress], today: date, nudge_at: datetime
) -> None:
    """Write drafts that have moved on."""
    if changed:
        rows = [{"of_row": person, **_draft(vault, draft, today, nudge_at)} for person, draft in changed.items()]
        _CHANGE_DRAFTS.change(connection, rows)


_END_DRAFTS = Removing(drafts, "person_id")


def end_drafts(connection: Connection, ids: Sequence[int]) -> None:
    """Remove drafts that were submitted or given up."""
    if ids:
        _END_DRAFTS.remove(connection, ids)


def _draft(vault: Vault, draft: Progress, today: date, nudge_at: datetime) -> dict[str, object]:
    return {
        "survey": draft.survey,
        "version": draft.version,
        "question": draft.question,
        "answers": vault.seal(
            msgspec.json.encode(_Draft(written(draft.answers), draft.ticked, dict(draft.said), draft.asked_back)),
            "draft",
        ),
        "changed_on": today,
        # To the hour, and rounded up: when exactly somebody answered is nobody's business.
        "nudge_at": nudge_at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1),
    }


def written(answers: Mapping[str, Value]) -> dict[str, object]:
    """Answers as JSON knows them; a marker becomes an object, which no answer is."""
    return {
        question: {"missing": value.value} if isinstance(value, Missing) else value
        for question, value in answers.items()
    }


def read(stored: Mapping[str, Any]) -> dict[str, Value]:
    """Answers as they were before `written`."""
    return {question: _value(value) for question, value in stored.items()}


def _value(stored: Any) -> Value:
    if isinstance(stored, dict):
        return Missing(stored["missing"])
    return tuple(stored) if isinstance(stored, list) else stored


def sealed_address(vault: Vault, address: Address) -> bytes:
    """An address as it is stored."""
    return vault.seal(msgspec.json.encode([address.channel, address.user, address.room]), "address")


def opened_address(vault: Vault, sealed: bytes) -> Address:
    """A stored address. Raises WrongKey."""
    return Address(*msgspec.json.decode(vault.open(sealed, "address"), type=tuple[str, str, str]))
