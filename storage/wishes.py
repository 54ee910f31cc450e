"""Own words that their authors let the city publish: read by staff, released or held, supported by others."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Delete, Select, Update, delete, func, insert, select, tuple_, update

from storage.reminders import BLOCK
from storage.tables import response_answers, responses, wish_voices, wishes

AT_ONCE = 10_000
State = Literal["new", "released", "held"]


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish: its id, its words, the language its author chose, how many support it."""

    id: str
    question: str
    text: str
    language: str
    state: str
    voices: int


def add(connection: Connection, agreed: Mapping[str, Sequence[str]]) -> None:
    """Note what may be published: the questions of each response."""
    rows = [
        {"id": secrets.token_hex(8), "response_id": response, "question": question, "state": "new", "voices": 0}
        for response, questions in agreed.items()
        for question in questions
    ]
    if rows:
        connection.execute(insert(wishes), rows)


_VOICES = (
    select(func.count()).select_from(wish_voices).where(wish_voices.c.wish_id == wishes.c.id).scalar_subquery()
    + wishes.c.voices
).label("supporters")
_WISHES = (
    select(wishes, response_answers.c.value, responses.c.language, _VOICES)
    .select_from(wishes.join(responses))
    .join(
        response_answers,
        (response_answers.c.response_id == wishes.c.response_id)
        & (response_answers.c.question == wishes.c.question)
        & response_answers.c.missing.is_(False),
    )
)


def _read(connection: Connection, statement: Select[tuple[object, ...]]) -> list[Wish]:
    return [
        Wish(row.id, row.question, row.value, row.language, row.state, row.supporters)
        for row in connection.execute(statement)
    ]


def in_state(
    connection: Connection, state: State, after: str = "", most: int | None = None, skip: int = 0
) -> list[Wish]:
    """Wishes in the order of their random ids, those behind `after`."""
    found = _WISHES.where(wishes.c.state == state, wishes.c.id > after).order_by(wishes.c.id)
    return _read(connection, found.limit(most).offset(skip))


def most_supported(connection: Connection) -> list[Wish]:
    """Released wishes, the most supported first."""
    return _read(connection, _WISHES.where(wishes.c.state == "released").order_by(_VOICES.desc(), wishes.c.id))


def find(connection: Connection, wish: str) -> Wish | None:
    """The wish with this id."""
    found = _read(connection, _WISHES.where(wishes.c.id == wish))
    return found[0] if found else None


def how_many(connection: Connection) -> dict[str, int]:
    """How many wishes are in which state."""
    counted = select(wishes.c.state, func.count().label("wishes")).group_by(wishes.c.state)
    return {row.state: row.wishes for row in connection.execute(counted)}


def judge(connection: Connection, wish: str, state: State) -> None:
    """Release or hold a wish."""
    connection.execute(update(wishes).where(wishes.c.id == wish).values(state=state))


def supported(connection: Connection, marks: Mapping[str, bytes]) -> set[str]:
    """Those of these wishes that have these marks."""
    found: set[str] = set()
    for block in _blocks(list(marks.values())):
        given = select(wish_voices.c.wish_id).where(wish_voices.c.mark.in_(block))
        found |= set(connection.execute(given).scalars())
    return found


def support(connection: Connection, wish: str, mark: bytes) -> None:
    """Add a voice, once. A wish that is not released, or not any more, takes none."""
    released = select(wishes.c.id).where(wishes.c.id == wish, wishes.c.state == "released")
    there = select(wish_voices.c.wish_id).where(wish_voices.c.wish_id == wish, wish_voices.c.mark == mark)
    if connection.execute(released).first() and not connection.execute(there).first():
        connection.execute(insert(wish_voices).values(wish_id=wish, mark=mark))


def withdraw(connection: Connection, marks: Sequence[bytes]) -> None:
    """Take voices back."""
    for block in _blocks(marks):
        connection.execute(delete(wish_voices).where(wish_voices.c.mark.in_(block)))


def _blocks(marks: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """As many as a statement may name at once."""
    return (marks[start : start + AT_ONCE] for start in range(0, len(marks), AT_ONCE))


def ids(connection: Connection) -> list[str]:
    """The ids of all released wishes."""
    return list(connection.execute(select(wishes.c.id).where(wishes.c.state == "released")).scalars())


def forgetting_marks() -> list[Delete | Update]:
    """Keeps how many voices each wish has, and forgets by what they are known.

    Of a block of voices, in one write: counted without being forgotten they would count again.
    """
    of_a_voice = wish_voices.c.wish_id, wish_voices.c.mark
    block = select(*of_a_voice).order_by(*of_a_voice).limit(BLOCK).subquery()
    counted = select(func.count()).select_from(block).where(block.c.wish_id == wishes.c.id).scalar_subquery()
    return [
        update(wishes).where(wishes.c.id.in_(select(block.c.wish_id))).values(voices=wishes.c.voices + counted),
        delete(wish_voices).where(tuple_(*of_a_voice).in_(select(block))),
    ]
