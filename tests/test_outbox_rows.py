"""What is to be sent, as it is stored: found quickly, noted once, and read by whom it is meant for."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, inspect, text

from bot.channels.terminal import Terminal
from bot.core.messages import ANNOUNCEMENT, Address, Outgoing
from storage import outbox
from storage.changes import Changes
from storage.database import Unavailable, database
from storage.outbox import Fate, Planned
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, config_in, talking


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
        memory.sending.leave(not_sent)
        await memory.sending.settle()
        assert await memory.sending.mark_sending([row.id]) == {row.id}
        memory.sending.leave(not_sent)
        await memory.sending.settle()
        assert await memory.sending.mark_sending([row.id]) == set()


async def test_a_batch_writes_along_what_became_of_messages(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        memory, now = anna.app.memory, anna.app.clock.now()
        reply = Planned(person_id=None, to=Address("terminal", "anna", "anna"), message=Outgoing(text="Guten Tag"))
        (row,) = await memory.write(Changes(channel="", now=now, today=now.date(), planned=[reply]))
        memory.sending.leave(Fate(row=row, state="sent"))
        assert row.id in await memory.sending.queued(now, 9)
        await memory.write(Changes(channel="", now=now, today=now.date()))
        assert row.id not in await memory.sending.queued(now, 9)
        assert memory.sending.left_since is None


async def test_what_cannot_be_noted_costs_no_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with it: batches go on without it, until it has been noted by itself."""
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        memory, now = anna.app.memory, anna.app.clock.now()
        reply = Planned(person_id=None, to=Address("terminal", "anna", "anna"), message=Outgoing(text="Guten Tag"))
        (row,) = await memory.write(Changes(channel="", now=now, today=now.date(), planned=[reply]))
        memory.sending.leave(Fate(row=row, state="sent"))
        nothing = Changes(channel="", now=now, today=now.date())
        with monkeypatch.context() as broken:
            broken.setattr(outbox, "_GONE", None)
            await memory.write(nothing)
            await memory.write(nothing)
        assert memory.sending.unwritten() == {row.id}
        await memory.sending.settle()
        assert row.id not in await memory.sending.queued(now, 9)


async def test_a_batch_that_fails_leaves_nothing_unnoted(tmp_path: Path, database_url: str) -> None:
    """It has what became of messages in hand when a message turns out to have come before: once somebody lost them."""
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        memory, app = anna.app.memory, anna.app
        again = anna.incoming(text="/umfrage")
        slow = asyncio.Event()
        write = type(memory._database).write  # noqa: SLF001 - as slow as a disk may be

        async def slowly(database: Any, work: Any) -> Any:
            slow.set()
            await asyncio.sleep(0.1)
            return await write(database, work)

        dispatch = app.dispatch
        dispatch._send = app.outbox.take  # noqa: SLF001 - as networks have it
        await dispatch.receive([again])
        while memory.sending.left_since is None:
            await asyncio.sleep(0)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(type(memory._database), "write", slowly)  # noqa: SLF001
            await dispatch.receive([again])
        assert slow.is_set()
        await app.outbox.idle()
        assert memory.sending.unwritten() == set()
        assert await memory.sending.queued(app.clock.now(), 9) == set()


async def test_a_database_that_fails_a_batch_leaves_nothing_unnoted(tmp_path: Path) -> None:
    """The batch had in hand what became of a message, longer than it is waited for one; no other batch comes."""
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        memory, app = anna.app.memory, anna.app
        app.dispatch._send = app.outbox.take  # noqa: SLF001 - as networks have it

        async def slowly_in_vain(_database: Any, _work: Any) -> Any:
            await asyncio.sleep(0.15)
            raise Unavailable

        await app.dispatch.receive([anna.incoming(text="/umfrage")])
        while memory.sending.left_since is None:
            await asyncio.sleep(0)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(type(memory._database), "write", slowly_in_vain)  # noqa: SLF001
            with pytest.raises(Unavailable):
                await app.dispatch.receive([anna.incoming(text="1")])
        await app.outbox.idle()
        assert memory.sending.unwritten() == set()


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
