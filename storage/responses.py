"""Submitted responses: no person, no time, no order of arrival."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.conversation import Submit
from bot.core.values import Missing, Value
from storage.tables import participations, process_keys, response_answers, responses
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response as it lies in the database: every value as text, with whether it is a marker."""

    id: str
    survey: str
    version: int
    language: str
    day: date
    answers: dict[str, list[tuple[str, bool]]]


async def add(connection: AsyncConnection, vault: Vault, submitted: Sequence[Submit]) -> None:
    """Write responses with the hashes of their deletion codes."""
    if not submitted:
        return
    heads = [
        {
            "id": submit.response.id,
            "survey": submit.response.survey,
            "version": submit.response.version,
            "language": submit.response.language,
            "day": submit.response.day,
            "deletion_hash": vault.code_hash(submit.deletion_code),
        }
        for submit in submitted
    ]
    rows = [
        {"response_id": submit.response.id, "question": question, "value": text, "missing": missing}
        for submit in submitted
        for question, value in submit.response.answers.items()
        for text, missing in _rows(value)
    ]
    await connection.execute(insert(responses), heads)
    if rows:
        await connection.execute(insert(response_answers), rows)


def _rows(value: Value) -> list[tuple[str, bool]]:
    if isinstance(value, Missing):
        return [(value.value, True)]
    return [(one, False) for one in value] if isinstance(value, tuple) else [(str(value), False)]


async def read(connection: AsyncConnection) -> AsyncIterator[StoredResponse]:
    """All responses, in the order of their random ids."""
    statement = (
        select(responses, response_answers.c.question, response_answers.c.value, response_answers.c.missing)
        .outerjoin(response_answers)
        .order_by(responses.c.id)
    )
    current: StoredResponse | None = None
    async with connection.stream(statement) as rows:
        async for row in rows:
            if current is None or current.id != row.id:
                if current:
                    yield current
                current = StoredResponse(row.id, row.survey, row.version, row.language, row.day, {})
            if row.question is not None:
                current.answers.setdefault(row.question, []).append((row.value, row.missing))
    if current:
        yield current


async def exists(connection: AsyncConnection, vault: Vault, code: str) -> bool:
    """Whether a deletion code belongs to a response."""
    found = select(responses.c.id).where(responses.c.deletion_hash == vault.code_hash(code))
    return (await connection.execute(found)).first() is not None


async def erase(connection: AsyncConnection, vault: Vault, codes: Sequence[str]) -> None:
    """Remove the responses that these codes belong to."""
    if codes:
        hashes = [vault.code_hash(code) for code in codes]
        await connection.execute(delete(responses).where(responses.c.deletion_hash.in_(hashes)))


async def process_key(connection: AsyncConnection, vault: Vault, process: str) -> bytes:
    """The random key of a process, made at first need. Raises WrongKey."""
    found = (await connection.execute(select(process_keys.c.wrapped).where(process_keys.c.process == process))).scalar()
    if found is not None:
        return vault.open(found, "process key")
    key = vault.new_process_key()
    await connection.execute(insert(process_keys).values(process=process, wrapped=vault.seal(key, "process key")))
    return key


async def forget_participations(connection: AsyncConnection, process: str) -> None:
    """Erase the key of a process that has ended: from then on nobody can compute who took part."""
    await connection.execute(delete(process_keys).where(process_keys.c.process == process))
    await connection.execute(delete(participations).where(participations.c.process == process))


async def took_part(connection: AsyncConnection, process: str, marks: Sequence[bytes]) -> set[bytes]:
    """Those of these marks that are of people who took part."""
    found = select(participations.c.mark).where(participations.c.process == process, participations.c.mark.in_(marks))
    return set((await connection.execute(found)).scalars())


async def note_participations(connection: AsyncConnection, process: str, marks: Sequence[bytes]) -> None:
    """Keep that these people took part. A mark that is there already is an error: one response each."""
    if marks:
        await connection.execute(insert(participations), [{"process": process, "mark": mark} for mark in marks])
