"""What is to be sent, as it is stored: found quickly, noted once, and read by whom it is meant for."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, inspect, text

from bot.channels.terminal import Terminal
from bot.core.messages import ANNOUNCEMENT, Address, Memory, OutboxRow, Outgoing, Receive
from bot.outbox import Outbox
from bot.pace import UNASKED_AT_ONCE, Limits, Pace
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


async def test_what_cannot_be_noted_costs_nothing_else_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Many are noted in one statement; the one that the database does not take stays as it was, and it alone."""
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        memory, now = anna.app.memory, anna.app.clock.now()
        reply = Planned(person_id=None, to=Address("terminal", "anna", "anna"), message=Outgoing(text="Guten Tag"))
        rows = await memory.write(Changes(channel="", now=now, today=now.date(), planned=[reply] * 3))
        remove = type(outbox._GONE).remove  # noqa: SLF001 - what a database may not take, whatever it is

        def fails_for_one(removing: Any, connection: Connection, ids: Sequence[int]) -> None:
            remove(removing, connection, ids)
            if rows[1].id in ids:
                raise ValueError

        monkeypatch.setattr(type(outbox._GONE), "remove", fails_for_one)  # noqa: SLF001
        for row in rows:
            memory.sending.leave(Fate(row=row, state="sent"))
        await memory.sending.settle()
        assert memory.sending.unwritten() == set()
        assert await memory.sending.queued(now, 9) == {rows[1].id}


async def test_a_reply_that_its_writer_hands_over_in_the_last_moment_is_not_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts as left at the second look; while its text is read, whoever wrote it goes on."""
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        memory, app = anna.app.memory, anna.app
        reply = Planned(person_id=None, to=Address("terminal", "anna", "anna"), message=Outgoing(text="Guten Tag"))
        now = app.clock.now()
        rows = await memory.write(Changes(channel="", now=now, today=now.date(), planned=[reply]))
        monkeypatch.setattr(memory, "in_doubt", lambda: True)
        await app.outbox.send_left()
        due_of = memory.sending.due_of

        async def meanwhile(at: datetime, ids: Collection[int]) -> list[OutboxRow]:
            found = await due_of(at, ids)
            await app.outbox.take(rows)
            return found

        monkeypatch.setattr(memory.sending, "due_of", meanwhile)
        await app.outbox.send_left()
        await app.outbox.idle()
        assert len(anna.heard) == 1


class Slow:
    """A network that takes long for every message; what it has been handed."""

    name = "terminal"
    repeatable = False

    def __init__(self) -> None:
        self.begun: list[str] = []

    def serves(self, _to: Address) -> bool:
        """Everybody."""
        return True

    async def run(self, _receive: Receive, _memory: Memory) -> None:
        """Nobody writes."""

    async def send(self, _to: Address, _message: Outgoing, key: str) -> str:
        """Begin, and not end."""
        self.begun.append(key)
        await asyncio.sleep(60)
        return "1"


async def test_a_clean_stop_leaves_open_only_what_the_network_has_been_handed(
    tmp_path: Path, database_url: str
) -> None:
    """What is noted as going once and still waits for its turn is sent by the next process, and not given up."""
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        memory, now, slow = anna.app.memory, anna.app.clock.now(), Slow()
        planned = [
            Planned(
                person_id=None,
                to=Address("terminal", f"u{number}", f"u{number}"),
                message=Outgoing(text="Nur einmal"),
                once=True,
                priority=ANNOUNCEMENT,
                key=f"once-{number}",
            )
            for number in range(60)
        ]
        await memory.write(Changes(channel="", now=now, today=now.date(), planned=planned))
        stopped = Outbox(memory, {slow.name: slow}, {slow.name: Pace(Limits(overall=1000))}, anna.app.clock.now)
        sending = asyncio.create_task(stopped.send_unasked())
        while len(slow.begun) < UNASKED_AT_ONCE:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # the others have been noted, and wait at the gate
        await stopped.close(patience=0.1)
        sending.cancel()
        assert memory.sending.unwritten() == set()
        left = await memory.sending.due_unasked(now, 99, (), "terminal")
        assert {row.key for row in left} == {one.key for one in planned} - set(slow.begun)


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
