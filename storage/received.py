"""What the networks handed over: ids already handled, how far each network was read, messages that failed."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.database import Overtaken
from storage.statements import Adding, Among, Changing
from storage.tables import bookmarks, dead_letters, facts, seen, sources
from storage.vault import Vault


def known(connection: Connection, channel: str, ids: Sequence[str]) -> set[str]:
    """Those of these message ids that were handled before."""
    return set(connection.execute(_KNOWN, {"channel": channel, "ids": list(ids)}).scalars())


_KNOWN = select(seen.c.message_id).where(seen.c.channel == bindparam("channel"), Among(seen.c.message_id, "ids"))


_NOTE = Adding(seen, "channel", "message_id", "at")


def note(connection: Connection, channel: str, ids: Sequence[str], now: datetime) -> None:
    """Remember that these messages are handled. Raises Overtaken where one of them was before."""
    if ids:
        # To the hour: when exactly somebody wrote, perhaps to submit, is nobody's business.
        hour = now.replace(minute=0, second=0, microsecond=0)
        try:
            _NOTE.add(connection, [{"channel": channel, "message_id": id_, "at": hour} for id_ in ids])
        except IntegrityError as error:
            raise Overtaken from error


def note_failed(connection: Connection, channel: str, failed: Sequence[tuple[str, str]], now: datetime) -> None:
    """Keep ids and error classes of messages that could not be handled."""
    if failed:
        rows = [{"channel": channel, "message_id": id_, "error": error[:128], "at": now} for id_, error in failed]
        connection.execute(insert(dead_letters), rows)


def failed_since(connection: Connection, since: datetime) -> int:
    """How many messages could not be handled since an instant."""
    counted = select(func.count()).select_from(dead_letters).where(dead_letters.c.at > since)
    return int(connection.execute(counted).scalar_one())


MOST_SOURCES = 500
"""Names of sources come from anybody; more than a city prints posters are not kept."""


def count_sources(connection: Connection, names: Sequence[str]) -> None:
    """Count people by the poster or link they came through."""
    for name in names:
        counted = connection.execute(
            update(sources).where(sources.c.name == name).values(people=sources.c.people + 1)
        ).rowcount
        known = connection.execute(select(func.count()).select_from(sources)).scalar_one()
        if not counted and known < MOST_SOURCES:
            connection.execute(insert(sources).values(name=name, people=1))


def bookmark(connection: Connection, channel: str) -> str | None:
    """How far a network was read."""
    return (connection.execute(select(bookmarks.c.value).where(bookmarks.c.channel == channel))).scalar()


_MOVE = Changing(bookmarks, "channel", "value")


def move_bookmark(connection: Connection, channel: str, value: str) -> None:
    """Remember how far a network was read."""
    if _MOVE.change(connection, [{"of_row": channel, "value": value}]) == 0:
        connection.execute(insert(bookmarks).values(channel=channel, value=value))


def read_facts(connection: Connection, vault: Vault, channel: str) -> dict[str, str]:
    """A channel's small durable keys."""
    sealed = connection.execute(select(facts.c.value).where(facts.c.channel == channel)).scalars()
    return dict(_opened(vault, value) for value in sealed)


def fact(connection: Connection, vault: Vault, channel: str, name: str) -> str | None:
    """One of a channel's small durable keys."""
    mine = (facts.c.channel == channel) & (facts.c.name == _hashed(vault, channel, name))
    sealed = connection.execute(select(facts.c.value).where(mine)).scalar()
    return None if sealed is None else _opened(vault, sealed)[1]


def note_facts(connection: Connection, vault: Vault, channel: str, new: Mapping[str, str]) -> None:
    """Write some of a channel's keys anew; an empty value removes its key. Names and values may be rooms and people."""
    if not new:
        return
    hashes = {name: _hashed(vault, channel, name) for name in new}
    connection.execute(delete(facts).where(facts.c.channel == channel, facts.c.name.in_(list(hashes.values()))))
    rows = [
        {
            "channel": channel,
            "name": hashes[name],
            "value": b64encode(vault.seal(msgspec.json.encode((name, value)), "fact")).decode(),
        }
        for name, value in new.items()
        if value
    ]
    if rows:
        connection.execute(insert(facts), rows)


def _hashed(vault: Vault, channel: str, name: str) -> str:
    return vault.lookup(f"fact {channel}", name).hex()


def _opened(vault: Vault, sealed: str) -> tuple[str, str]:
    """A stored fact: its name and its value."""
    return msgspec.json.decode(vault.open(b64decode(sealed), "fact"), type=tuple[str, str])
