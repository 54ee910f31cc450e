"""Submitted responses: no person, no time, no order of arrival."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Delete, Update, bindparam, delete, insert, select

from bot.core.conversation import Submit
from bot.core.values import Missing, Value
from storage import wishes
from storage.statements import Adding, Among
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


_RESPONSES = Adding(responses, "id", "survey", "version", "language", "day", "deletion_hash")
_ANSWERS = Adding(response_answers, "response_id", "question", "position", "value", "missing")


def add(connection: Connection, vault: Vault, submitted: Sequence[Submit]) -> None:
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
        {"response_id": submit.response.id, "question": question, "position": place, "value": text, "missing": missing}
        for submit in submitted
        for question, value in submit.response.answers.items()
        for place, (text, missing) in enumerate(_rows(value))
    ]
    _RESPONSES.add(connection, heads)
    if rows:
        _ANSWERS.add(connection, rows)
    wishes.add(connection, {submit.response.id: submit.wishes for submit in submitted})


def _rows(value: Value) -> list[tuple[str, bool]]:
    if isinstance(value, Missing):
        return [(value.value, True)]
    return [(one, False) for one in value] if isinstance(value, tuple) else [(str(value), False)]


def read(connection: Connection) -> list[StoredResponse]:
    """All responses, in the order of their random ids."""
    statement = (
        select(responses, response_answers.c.question, response_answers.c.value, response_answers.c.missing)
        .outerjoin(response_answers)
        .order_by(responses.c.id, response_answers.c.question, response_answers.c.position)
    )
    found: list[StoredResponse] = []
    for row in connection.execute(statement):
        if not found or found[-1].id != row.id:
            found.append(StoredResponse(row.id, row.survey, row.version, row.language, row.day, {}))
        if row.question is not None:
            found[-1].answers.setdefault(row.question, []).append((row.value, row.missing))
    return found


def exists(connection: Connection, vault: Vault, code: str) -> bool:
    """Whether a deletion code belongs to a response."""
    found = select(responses.c.id).where(responses.c.deletion_hash == vault.code_hash(code))
    return (connection.execute(found)).first() is not None


def erase(connection: Connection, vault: Vault, codes: Sequence[str]) -> None:
    """Remove the responses that these codes belong to."""
    if codes:
        hashes = [vault.code_hash(code) for code in codes]
        connection.execute(delete(responses).where(responses.c.deletion_hash.in_(hashes)))


def known_process_key(connection: Connection, vault: Vault, process: str) -> bytes:
    """The random key of a process; empty where it has none. Raises WrongKey."""
    found = (connection.execute(select(process_keys.c.wrapped).where(process_keys.c.process == process))).scalar()
    return vault.open(found, "process key") if found is not None else b""


def process_key(connection: Connection, vault: Vault, process: str) -> bytes:
    """The random key of a process, made at first need. Raises WrongKey."""
    if known := known_process_key(connection, vault, process):
        return known
    key = vault.new_process_key()
    connection.execute(insert(process_keys).values(process=process, wrapped=vault.seal(key, "process key")))
    return key


def forgetting_participations(process: str) -> list[Delete | Update]:
    """Erases the key of a process that has ended: from then on nobody can compute who took part or supports what."""
    return [
        *wishes.forgetting_marks(),
        *(delete(table).where(table.c.process == process) for table in (process_keys, participations)),
    ]


# Statements of every batch are built once: SQLAlchemy takes longer to build one than SQLite to run it.
_TOOK_PART = select(participations.c.mark).where(
    participations.c.process == bindparam("process"), Among(participations.c.mark, "marks")
)


def took_part(connection: Connection, process: str, marks: Sequence[bytes]) -> set[bytes]:
    """Those of these marks that are of people who took part."""
    return set(connection.execute(_TOOK_PART, {"process": process, "marks": list(marks)}).scalars())


def note_participations(connection: Connection, process: str, marks: Sequence[bytes]) -> None:
    """Keep that these people took part. A mark that is there already is an error: one response each."""
    if marks:
        connection.execute(insert(participations), [{"process": process, "mark": mark} for mark in marks])
