"""Counts of what is stored, made by the database: answers, people, where they stand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from bot.core.equations import ASKED
from bot.core.statistics import Counted
from storage.tables import attendance, drafts, outbox, people, response_answers, responses, sources, subscriptions


@dataclass(frozen=True, slots=True)
class Participation:
    """How it goes: people by channel and language, drafts by the question that waits, responses by language.

    People without a language have not chosen one; a draft without a question waits at the review. `headcounts` are by
    event and answer, `reminded` are people by the event they want to be reminded of ("*" is all of them), `unclear` the
    messages of which nobody knows whether they arrived.
    """

    channels: Mapping[str, int]
    languages: Mapping[str, int]
    unfinished: Mapping[str, int]
    finished: Mapping[str, int]
    sources: Mapping[str, int]
    headcounts: Mapping[str, Mapping[str, int]]
    reminded: Mapping[str, int]
    unclear: int


def counted(connection: Connection, survey: str, countable: Collection[str]) -> Counted:
    """The answers to a survey; only those to `countable` questions by their value, the others are own words."""
    answers = response_answers.join(responses)
    given = select(response_answers.c.question, func.count()).select_from(answers).where(responses.c.survey == survey)
    substance = given.where(response_answers.c.missing.is_(False))
    by_value = (
        substance.add_columns(response_answers.c.value)
        .where(response_answers.c.question.in_(list(countable)))
        .group_by(response_answers.c.question, response_answers.c.value)
    )
    values: dict[str, dict[str, int]] = {}
    for question, count, value in connection.execute(by_value):
        values.setdefault(question, {})[value] = count
    first = substance.where(response_answers.c.position == 0).group_by(response_answers.c.question)
    missed = (
        given.where(response_answers.c.missing.is_(True))
        .add_columns(response_answers.c.value)
        .group_by(response_answers.c.question, response_answers.c.value)
    )
    missing: dict[str, dict[str, int]] = {}
    for question, count, marker in connection.execute(missed):
        missing.setdefault(question, {})[marker] = count
    everybody = select(func.count()).select_from(responses).where(responses.c.survey == survey)
    persons = {row[0]: row[1] for row in connection.execute(first)}
    return Counted(connection.execute(everybody).scalar_one(), values, persons, missing)


def joint(connection: Connection, survey: str, question: str, by: str) -> dict[tuple[str, str], int]:
    """People who answered both questions, by (option, group); with option ASKED each person once."""
    one, other = response_answers.alias("one"), response_answers.alias("other")
    both = (
        select(other.c.value, func.count())
        .select_from(one.join(other, one.c.response_id == other.c.response_id).join(responses))
        .where(responses.c.survey == survey, one.c.question == question, other.c.question == by)
        .where(one.c.missing.is_(False), other.c.missing.is_(False))
    )
    options = both.add_columns(one.c.value).group_by(one.c.value, other.c.value)
    found = {(option, group): count for group, count, option in connection.execute(options)}
    persons = both.where(one.c.position == 0).group_by(other.c.value)
    return found | {(ASKED, group): count for group, count in connection.execute(persons)}


def participation(connection: Connection, survey: str) -> Participation:
    """How many people there are, and how far they have come."""

    def tally(column: object, *conditions: object) -> dict[str, int]:
        counting = select(column, func.count()).where(*conditions).group_by(column)  # type: ignore[call-overload]
        return {name or "": count for name, count in connection.execute(counting)}

    coming: dict[str, dict[str, int]] = {}
    answers = select(attendance.c.event, attendance.c.coming, func.count().label("people"))
    for row in connection.execute(answers.group_by(attendance.c.event, attendance.c.coming)):
        coming.setdefault(row.event, {})[row.coming] = row.people
    return Participation(
        channels=tally(people.c.channel, people.c.is_room.is_not(True)),
        languages=tally(people.c.language, people.c.is_room.is_not(True)),
        unfinished=tally(drafts.c.question, drafts.c.survey == survey),
        finished=tally(responses.c.language, responses.c.survey == survey),
        sources={row.name: row.people for row in connection.execute(select(sources))},
        headcounts=coming,
        reminded=tally(subscriptions.c.event),
        unclear=sum(tally(outbox.c.state, outbox.c.state == "unknown").values()),
    )
