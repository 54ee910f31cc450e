"""What staff did, in a chain: each entry holds a hash of the one before, so that none can be changed unseen."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from storage.tables import audit


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done: when, by whom, what, to what. No names and no texts."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    sound: bool
    """Whether its hash fits its content and the entry before."""


def note(connection: Connection, at: datetime, actor: str, action: str, subject: str) -> None:
    """Add an entry; entries are never changed."""
    before = connection.execute(select(audit.c.chain).order_by(audit.c.id.desc()).limit(1)).scalar() or b""
    chain = _chain(before, at, actor, action, subject)
    connection.execute(insert(audit).values(at=at, actor=actor, action=action, subject=subject, chain=chain))


def entries(connection: Connection) -> list[Entry]:
    """All entries from the first on, each checked."""
    before, found = b"", []
    for row in connection.execute(select(audit).order_by(audit.c.id)):
        sound = row.chain == _chain(before, row.at, row.actor, row.action, row.subject)
        found.append(Entry(row.id, row.at, row.actor, row.action, row.subject, sound))
        before = row.chain
    return found


def _chain(before: bytes, at: datetime, actor: str, action: str, subject: str) -> bytes:
    parts = (at.astimezone(UTC).isoformat(timespec="microseconds"), actor, action, subject)
    return sha256(before + "\0".join(parts).encode()).digest()
