"""Who hears an announcement: people who want to hear news, chosen and counted block by block, and rooms that asked."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, true

from bot.core.audience import Audience, Count
from bot.core.reminders import ALL
from storage.reminders import BLOCK
from storage.tables import attendance, drafts, people, subscriptions

Took = Callable[[Connection, Sequence[bytes]], set[bytes]]
"""Those of these people, by their keyed hashes, who have taken part."""


def count(  # noqa: PLR0913, PLR0917 - the moment, and what only the caller can say
    connection: Connection, audience: Audience, survey: str, first: str, took: Took, after: int | None = None
) -> tuple[list[Count], int | None]:
    """How many there are by channel and language; `first` is the language of the undecided.

    With a stage a block at a time, and where the next one begins; None at the end.
    """
    language = func.coalesce(people.c.language, first)
    counts: list[Count] = []
    if after is None and audience.rooms != "none":
        by_room = select(people.c.channel, language, func.count()).where(*in_rooms(audience, first))
        grouped = by_room.group_by(people.c.channel, language)
        counts += [Count(row[0], row[1], row[2], room=True) for row in connection.execute(grouped)]
    if not audience.people:
        return counts, None
    which = _people(audience, first)
    if not audience.stage:
        which += [] if after is None else [people.c.id > after]
        by_person = select(people.c.channel, language, func.count()).where(*which).group_by(people.c.channel, language)
        return [*counts, *(Count(row[0], row[1], row[2]) for row in connection.execute(by_person))], None
    block = block_of(connection, audience, survey, first, -1 if after is None else after)
    chosen = of_stage(connection, audience, block, took)
    many: dict[tuple[str, str], int] = {}
    for row in chosen:
        place = (row.channel, row.language)
        many[place] = many.get(place, 0) + 1
    counts += [Count(channel, spoken, number) for (channel, spoken), number in many.items()]
    return counts, block[-1].id if len(block) == BLOCK else None


def in_rooms(audience: Audience, first: str) -> list[ColumnElement[bool]]:
    """The rooms that an audience chooses."""
    return [*_reached(audience, first), people.c.is_room.is_(true())]


def _reached(audience: Audience, first: str) -> list[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = [people.c.news_on.is_not(None), people.c.stopped.is_(False)]
    if audience.channel:
        which.append(people.c.channel == audience.channel)
    if audience.language:
        which.append(func.coalesce(people.c.language, first) == audience.language)
    return which


def _people(audience: Audience, first: str) -> list[ColumnElement[bool]]:
    """Those among the people who want to hear news that an audience chooses, but for how far they have come."""
    which = [*_reached(audience, first), people.c.is_room.is_not(true())]
    if audience.event:
        mine = subscriptions.c.person_id == people.c.id
        wanted = select(subscriptions.c.event).where(mine, subscriptions.c.event.in_([audience.event, ALL]))
        declined = select(attendance.c.event).where(
            attendance.c.person_id == people.c.id,
            attendance.c.event == audience.event,
            attendance.c.coming == "no",
        )
        which += [wanted.exists(), ~declined.exists()]
    return which


def block_of(connection: Connection, audience: Audience, survey: str, first: str, after: int) -> Sequence[Any]:
    """The next people in the order of their ids: with what is needed to know how far each has come."""
    begun = select(drafts.c.person_id).where(drafts.c.person_id == people.c.id, drafts.c.survey == survey).exists()
    columns = (
        people.c.id,
        people.c.lookup,
        people.c.channel,
        func.coalesce(people.c.language, first).label("language"),
        begun.label("begun"),
    )
    block = select(*columns).where(*_people(audience, first), people.c.id > after)
    return connection.execute(block.order_by(people.c.id).limit(BLOCK)).all()


def of_stage(connection: Connection, audience: Audience, block: Sequence[Any], took: Took) -> list[Any]:
    """Those of a block who have come so far. Who has finished is computed, person by person, and kept nowhere."""
    if not audience.stage:
        return list(block)
    done = took(connection, [row.lookup for row in block])
    stage = {row.id: "finished" if row.lookup in done else "unfinished" if row.begun else "not_begun" for row in block}
    return [row for row in block if stage[row.id] == audience.stage]
