"""The database: its schema, its files, and how what is read and written meets."""

import asyncio
import re
import resource
import stat
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, event, insert, text, update
from sqlalchemy.exc import DBAPIError

from bot.problems import UserError
from storage import tables
from storage.database import Unavailable, database, version
from storage.migrations import NEWEST
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, SHORT, config_in, talking


async def test_the_migrations_make_exactly_the_tables(tmp_path: Path, database_url: str) -> None:
    stored = database(database_url, tmp_path)
    await stored.open(to_write=True)

    def differences(connection: Connection) -> list[Any]:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(found, tables.metadata))

    assert await stored.read(differences) == []
    assert await stored.read(version) == NEWEST
    await stored.close()


async def test_sqlite_is_opened_durable_with_one_writer_and_readers_that_cannot_write(tmp_path: Path) -> None:
    stored = database("sqlite:///data/m.db", tmp_path)
    await stored.open(to_write=True)
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}

    def pragmas(connection: Connection) -> dict[str, object]:
        return {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in (*wanted, "query_only")}

    await stored.forget_deleted()
    assert await stored.write(pragmas) == wanted | {"query_only": 0}
    assert await stored.read(pragmas) == wanted | {"query_only": 1}
    await stored.close()


async def test_a_full_disk_costs_what_was_to_be_done_on_it_and_nothing_afterwards(tmp_path: Path) -> None:
    """The writer's only connection once was not given back: all that was to be written then waited for it in vain."""
    stored = database("sqlite:///data/m.db", tmp_path)
    await stored.open(to_write=True)
    await stored.forget_deleted()

    def note(connection: Connection) -> None:
        connection.execute(text("INSERT INTO sources (name, people) VALUES (:name, 0)"), {"name": "x" * 50_000})

    await stored.write(note)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Files that may not grow are to SQLite what a full disk is.
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "data" / "m.db").stat().st_size, before[1]))
    try:
        with pytest.raises(Unavailable):
            await stored.forget_deleted()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    async with asyncio.timeout(20):
        await stored.write(lambda connection: connection.execute(text("DELETE FROM sources")))
        assert await stored.forget_deleted()
    await stored.close()


async def test_what_is_read_before_a_write_changes_nothing(tmp_path: Path, database_url: str) -> None:
    """It may be read by whoever writes; nothing is written by it nevertheless."""
    stored = database(database_url, tmp_path)
    await stored.open(to_write=True)
    add = text("INSERT INTO sources (name, people) VALUES ('poster', 1)")
    with suppress(Unavailable, DBAPIError):  # a server refuses it
        await stored.read_to_write(lambda connection: connection.execute(add))
    count = text("SELECT count(*) FROM sources")
    assert await stored.read_to_write(lambda connection: connection.execute(count).scalar()) == 0
    await stored.write(lambda connection: connection.execute(add))
    assert await stored.read_to_write(lambda connection: connection.execute(count).scalar()) == 1
    await stored.close()


COUNTED = Path("/proc/self/io")
"""What a process has read so far, where the system counts it."""


@pytest.mark.skipif(not COUNTED.exists(), reason="the system does not count what a process reads")
async def test_what_one_batch_has_read_the_next_need_not_read_from_the_file_again(tmp_path: Path) -> None:
    """Among a million people it is pages of their own that each of them, and the way to them, is read from."""
    stored = database("sqlite:///data/m.db", tmp_path)
    await stored.open(to_write=True)
    names = [{"name": f"{number:040}", "people": 1} for number in range(20_000)]
    await stored.write(lambda connection: connection.execute(insert(tables.sources), names))

    def kilobytes() -> int:
        return int(COUNTED.read_text(encoding="ascii").split()[1]) // 1024

    async def read_for(read: Callable[[Callable[[Connection], Any]], Awaitable[Any]]) -> int:
        """Kilobytes that all of it costs after somebody has written."""
        more = update(tables.sources).where(tables.sources.c.name == names[0]["name"]).values(people=2)
        await stored.write(lambda connection: connection.execute(more))
        before = kilobytes()
        every = text("SELECT name FROM sources NOT INDEXED")
        assert len(await read(lambda connection: connection.execute(every).all())) == len(names)
        return kilobytes() - before

    await read_for(stored.read_to_write)
    assert await read_for(stored.read) > 500
    assert await read_for(stored.read_to_write) < 100
    await stored.close()


async def test_only_the_owner_can_read_what_is_stored(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await anna.say("/umfrage")
        for path in (tmp_path / "data").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["mitreden.db", "mitreden.key"])
async def test_files_that_others_may_read_are_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    async with talking(config_in(tmp_path)):
        pass
    (tmp_path / "data" / name).chmod(0o644)
    with pytest.raises(UserError, match=rf"chmod 600 .*{name}"):
        async with talking(config_in(tmp_path)):
            pass


async def test_another_key_is_refused_in_a_sentence(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)):
        pass
    (tmp_path / "data" / "mitreden.key").write_text("A" * 43 + "=")
    with pytest.raises(UserError, match="does not open the database"):
        async with talking(config_in(tmp_path)):
            pass


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)):
        pass
    stored = database("sqlite:///data/mitreden.db", tmp_path)
    await stored.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await stored.close()
    with pytest.raises(UserError, match="newer Mitreden"):
        async with talking(config_in(tmp_path)):
            pass


GROWING = "people|drafts|seen|responses|response_answers|participations|outbox|subscriptions|attendance|reminders"
SEARCHED = re.compile(rf"SCAN ({GROWING})|SEARCH (seen|participations) .*\((channel|process)=\?\)$")
"""Rows of one of these tables are looked through: all, or those of one network or process, which is as many."""


async def test_nothing_that_people_say_has_the_database_look_through_what_is_kept_of_everybody(tmp_path: Path) -> None:
    """Where a statement finds its rows without an index, a million people make everybody wait for a second."""
    slow, asked = set(), 0

    def explain(
        connection: Connection, _cursor: object, statement: str, given: Sequence[Any], _context: object, many: bool
    ) -> None:
        nonlocal asked
        if not statement.startswith(("SELECT", "UPDATE", "DELETE")):
            return
        asked += 1
        plan = connection.connection.cursor()
        plan.execute(f"EXPLAIN QUERY PLAN {statement}", given[0] if many else given)
        for *_, how in plan.fetchall():
            if SEARCHED.match(how) or (how.endswith("(state=? AND priority>?)") and "person_id IN" in statement):
                slow.add((how, statement))
        plan.close()

    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        event.listen(Engine, "before_cursor_execute", explain)
        try:
            await anna.say_all(*SHORT, "Ein Karussell", "1", "/termine", "/erinnern alle", "/neuigkeiten ja", "/stop")
            await anna.say_all("/meine_daten", "/loeschen", "1", "/umfrage", "1", "1", "abbrechen", "1")
        finally:
            event.remove(Engine, "before_cursor_execute", explain)
        assert len(await anna.app.memory.results.responses()) == 1
    assert asked > 100
    assert slow == set()
