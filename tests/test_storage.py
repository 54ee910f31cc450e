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
from sqlalchemy import Connection, Engine, event, insert, inspect, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.channels.terminal import Terminal
from bot.core.messages import ANNOUNCEMENT, Address, Outgoing
from bot.problems import UserError
from storage import tables
from storage.changes import Changes
from storage.database import Unavailable, database, version
from storage.migrations import NEWEST
from storage.outbox import Fate, Planned
from tests import postgres
from tests.staff import joined
from tests.stored import rows
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

    assert await stored.write(pragmas) == wanted | {"query_only": 0}
    assert await stored.read(pragmas) == wanted | {"query_only": 1}
    # What became of a message is as good as unsaid in a power cut: its note does not wait for the disk.
    assert await stored.note(pragmas) == wanted | {"query_only": 0, "synchronous": 1}
    await stored.read_to_write(pragmas)
    assert await stored.write(pragmas) == wanted | {"query_only": 0}
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


async def test_a_wish_of_1000_wide_characters_can_be_submitted(tmp_path: Path, database_url: str) -> None:
    wide = "".join(chr(0x4E00 + number * 7) for number in range(1000))
    config = config_in(tmp_path, None, database_url)
    async with talking(config) as anna:
        await anna.say_all("/umfrage", "1", "Nein", "1", "1", "1", wide, "ja", *["überspringen"] * 3)
        said = await anna.say("1")
        assert said[0].text.startswith("Vielen Dank")
        (response,) = await anna.app.memory.results.responses()
        assert response.answers["wish"] == [(wide, False)]


async def test_a_database_that_does_not_answer_costs_no_message(tmp_path: Path, server: postgres.Cluster) -> None:
    """Somebody holds a lock: the batch fails as a whole, and the same batch is handled once the lock is gone."""
    url = server.new_database()
    async with talking(config_in(tmp_path, BEISPIELSTADT, url), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all("/umfrage", "1")
        other = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        answer = anna.incoming(text="nein")
        async with other.connect() as blocker:
            await blocker.execute(text("LOCK TABLE drafts"))
            with pytest.raises(Unavailable):
                await anna.receive(answer)
        await other.dispose()
        assert "Was fehlt" in (await anna.receive(answer))[0].text


async def test_what_staff_asked_for_in_a_batch_that_was_not_written_is_done_once(
    tmp_path: Path, server: postgres.Cluster
) -> None:
    """The batch comes again with the same order in it: the files are read, and told of, when it is written."""
    url = server.new_database()
    async with talking(config_in(tmp_path, BEISPIELSTADT, url), BEISPIELSTADT_OPEN) as anna:
        sabine = await joined(anna, "sabine", "sender")
        other = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        order = sabine.incoming(text="/neu_laden")
        async with other.connect() as blocker:
            await blocker.execute(text("LOCK TABLE seen IN EXCLUSIVE MODE"))  # may be read, not written
            with pytest.raises(Unavailable):
                await sabine.receive(order)
        await other.dispose()
        begun, read = await sabine.receive(order)
        assert begun.text == "Ich lese die Dateien neu."
        assert "Es gibt nichts mitzuteilen" in read.text


async def test_what_became_of_a_message_is_noted_once_however_often_it_is_written(
    tmp_path: Path, database_url: str
) -> None:
    """It stayed open whether "not sent" was noted, and meanwhile it is on its way again: that is not undone."""
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        memory, now = anna.app.memory, anna.app.clock.now()
        once = Planned(
            person_id=None,
            to=Address("terminal", "anna", "anna"),
            message=Outgoing(text="Nur einmal"),
            once=True,
            priority=ANNOUNCEMENT,
            key="once",
        )
        await memory.write(Changes(channel="", now=now, today=now.date(), planned=[once]))
        (row,) = await memory.sending.due_unasked(now, 9, (), "terminal")
        assert await memory.sending.mark_sending([row.id]) == {row.id}
        not_sent = Fate(row=row, state="queued", error="not sent")
        await memory.sending.settle([not_sent])
        assert await memory.sending.mark_sending([row.id]) == {row.id}
        await memory.sending.settle([not_sent])
        assert await memory.sending.mark_sending([row.id]) == set()


async def test_replies_are_in_no_index_of_what_is_sent_unasked(tmp_path: Path, database_url: str) -> None:
    """The migration: in a database of the version before they were, and each reply went in and out of both."""
    config = config_in(tmp_path, None, database_url)
    async with talking(config) as anna:
        await anna.say("/umfrage")
    stored = database(database_url, tmp_path)

    def back(connection: Connection) -> None:
        for statement in (
            "DROP INDEX ix_outbox_announcement_id",
            "DROP INDEX ix_outbox_channel",
            "CREATE INDEX ix_outbox_announcement_id ON outbox (announcement_id, state)",
            "CREATE INDEX ix_outbox_channel ON outbox (channel, state, priority, id)",
            "INSERT INTO outbox (person_id, state, once, priority, attempts) VALUES (7, 'failed', false, 0, 0)",
            "UPDATE alembic_version SET version_num = '0005'",
        ):
            connection.execute(text(statement))

    def partial(connection: Connection) -> dict[str | None, str]:
        where = f"{connection.dialect.name}_where"
        indexes = inspect(connection).get_indexes("outbox")
        return {one["name"]: str(one["dialect_options"][where]) for one in indexes if where in one["dialect_options"]}

    await stored.write(back)
    assert await stored.read(partial) == {}
    await stored.close()
    async with talking(config):
        pass
    stored = database(database_url, tmp_path)
    found = await stored.read(partial)
    assert set(found) == {"ix_outbox_announcement_id", "ix_outbox_channel"}
    assert all("IS NOT NULL" in where for where in found.values())
    assert await stored.read(lambda c: c.execute(text("SELECT person_id FROM outbox")).scalars().all()) == [7]
    await stored.close()


async def test_what_is_sent_unasked_is_found_by_its_network_however_many_replies_wait(tmp_path: Path) -> None:
    """An index that leaves rows out is used only where the question leaves them out as well."""
    plans: list[str] = []

    def explain(
        connection: Connection, _cursor: object, statement: str, given: Sequence[Any], _context: object, many: bool
    ) -> None:
        if "FROM outbox" in statement and not many:
            plan = connection.connection.cursor()
            plan.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.extend(how for *_, how in plan.fetchall())
            plan.close()

    async with talking(config_in(tmp_path)) as anna:
        event.listen(Engine, "before_cursor_execute", explain)
        try:
            await anna.app.memory.sending.due_unasked(anna.app.clock.now(), 1, (), "terminal")
            await anna.app.memory.newsroom.waiting_of(1)
        finally:
            event.remove(Engine, "before_cursor_execute", explain)
    assert [how for how in plans if "ix_outbox_channel" in how]
    assert [how for how in plans if "ix_outbox_announcement_id" in how]


async def test_what_nobody_waits_for_gives_way_to_batches_but_not_for_ever(tmp_path: Path) -> None:
    """Two networks may have a batch in hand at a time; one that takes long holds nothing up for longer than agreed."""
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        memory = anna.app.memory
        with memory.batch():
            waiting = asyncio.create_task(memory.between_batches(60))
            with memory.batch():
                await asyncio.sleep(0)
            await asyncio.sleep(0.01)
            assert not waiting.done()
            await memory.between_batches(0.01)
        await waiting
        await memory.between_batches(60)


async def test_what_is_meant_for_one_user_is_not_read_by_the_next(tmp_path: Path) -> None:
    config = config_in(tmp_path, BEISPIELSTADT)
    async with talking(config, BEISPIELSTADT_OPEN) as anna:
        waiting = Planned(person_id=None, to=Address("terminal", "anna", "anna"), message=Outgoing(text="geheim"))
        changes = Changes(
            channel="terminal", now=anna.app.clock.now(), today=BEISPIELSTADT_OPEN.date(), planned=[waiting]
        )
        await anna.app.memory.write(changes)
        assert not Terminal("bob", None, interactive=False).serves(waiting.to)
        assert Terminal("anna", None, interactive=False).serves(waiting.to)
        await anna.app.outbox.send_due()
        await anna.app.outbox.idle()
        assert await anna.app.memory.sending.due(anna.app.clock.now(), 10) == []


async def test_a_batch_is_handled_in_order_and_each_message_once(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        batch = [anna.incoming(text=typed) for typed in (*SHORT, "Ein Karussell", "1")]
        said = await anna.receive(*batch)
        assert said[-2].text.startswith("Vielen Dank")
        assert await anna.receive(*batch) == []
        responses = await anna.app.memory.results.responses()
        assert [response.answers["idea"] for response in responses] == [[("Ein Karussell", False)]]


async def test_a_message_that_fails_costs_only_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A handler that raises, in the middle of a batch: its sender gets an apology, everybody else an answer."""
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        berta, carla = anna.another("berta"), anna.another("carla")
        broken = berta.incoming(text="/umfrage")
        object.__setattr__(broken, "text", 4711)  # what no channel should ever hand over
        said = await anna.receive(anna.incoming(text="/umfrage"), broken, carla.incoming(text="/umfrage"))
        assert sum("Entschuldigung" in message.text for message in said) == 1
        assert sum("Darf ich" in message.text for message in said) == 2
        assert len(await rows(tmp_path, tables.dead_letters)) == 1


async def test_two_people_of_the_same_name_in_two_channels_are_two_people(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all("/umfrage", "1")
        assert "Darf ich" in (await anna.another("Anna").say("/umfrage"))[1].text


async def test_a_text_may_hold_what_databases_stumble_over(tmp_path: Path, database_url: str) -> None:
    hostile = 'NUL \0 and \x1b[31m and \u202e turned, it\'s "quoted"; DROP TABLE people; 🙂 مرحبا'
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all(*SHORT, hostile, "1")
        responses = await anna.app.memory.results.responses()
        kept = 'NUL  and [31m and  turned, it\'s "quoted"; DROP TABLE people; 🙂 مرحبا'
        assert responses[0].answers["idea"] == [(kept, False)]
