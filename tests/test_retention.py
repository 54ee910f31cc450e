"""What has to be gone, table by table, on a clock of the test's own; and what has to stay a moment longer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, insert, select

from bot.core.messages import Address, Outgoing
from storage import tables
from storage.changes import Changes
from storage.database import Database, database
from storage.memory import Memory
from storage.outbox import Planned
from storage.reminders import Shared, text_id
from storage.retention import RULES, Moment, forget, is_due
from storage.vault import Vault
from tests.talk import FrozenClock, config_in, talking

NOW = datetime.fromisoformat("2025-11-10T10:00:00+01:00")
OVER = datetime.fromisoformat("2025-12-15T00:00:00+01:00")
"""When Hannover's process has ended."""


@dataclass(frozen=True)
class Case:
    """Somebody did something at `at`; the rows of a table that it left are gone from `gone` on, and not before."""

    table: Table
    said: tuple[str, ...]
    gone: datetime
    at: datetime = NOW


CASES = {
    "ids of messages": Case(tables.seen, ("/hilfe",), NOW + timedelta(hours=48, minutes=1)),
    "an unfinished survey": Case(tables.drafts, ("/umfrage", "1", "1"), datetime(2025, 12, 11, tzinfo=UTC)),
    "a wish to be reminded": Case(
        tables.subscriptions, ("/erinnern misburg",), datetime.fromisoformat("2025-12-26T18:01:00+01:00")
    ),
    "a wish to be reminded of all": Case(tables.subscriptions, ("/erinnern alle",), OVER + timedelta(days=30)),
    "who comes": Case(
        tables.attendance, ("/termine misburg", "Ich komme"), datetime.fromisoformat("2025-12-26T18:01:00+01:00")
    ),
    "a planned reminder": Case(
        tables.reminders, ("/erinnern misburg",), datetime.fromisoformat("2025-11-26T18:00:00+01:00")
    ),
    "somebody who only chose a language": Case(tables.people, ("/sprache English",), OVER + timedelta(days=30)),
    "that somebody took part": Case(
        tables.participations, ("/umfrage", "1", "Nein", "1", "1", "1", *["überspringen"] * 4, "1"), OVER
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_has_to_be_gone_is_gone_and_no_sooner(tmp_path: Path, database_url: str, name: str) -> None:
    case = CASES[name]
    async with talking(config_in(tmp_path, None, database_url), case.at) as anna:
        await anna.say_all(*case.said)
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.at = case.gone - timedelta(minutes=2 if case.table is not tables.drafts else 24 * 60)
        await anna.app.duties.forget()
        assert await count(tmp_path, database_url, case.table) > 0
        clock.at = case.gone
        await anna.app.duties.forget()
        assert await count(tmp_path, database_url, case.table) == 0


async def count(folder: Path, url: str, table: Table) -> int:
    stored = database(url, folder)
    counted = select(func.count()).select_from(table)
    found = await stored.read(lambda connection: connection.execute(counted).scalar_one())
    await stored.close()
    return int(found)


async def kept_after(folder: Path, url: str, table: Table, fill: Callable[[Connection], None], after: timedelta) -> int:
    """How many rows of a table are left so long after it was filled."""
    async with talking(config_in(folder, None, url), NOW):
        pass
    stored = database(url, folder)
    await stored.write(fill)
    at = Moment(NOW + after, "buergeraemter-der-zukunft", OVER.tzinfo, OVER, OVER)  # type: ignore[arg-type]
    for rule in RULES.values():
        due = await stored.read(partial(is_due, rule=rule, at=at))
        gone = await stored.write(partial(forget, rule=rule, at=at))
        assert due == (gone > 0), "what is due is done, and nothing else"
    await stored.close()
    return await count(folder, url, table)


def failed_message(connection: Connection) -> None:
    row = {"channel": "telegram", "message_id": "1", "error": "KeyError", "at": NOW}
    connection.execute(insert(tables.dead_letters).values(row))


def invitation(connection: Connection) -> None:
    row = {"code_hash": b"0" * 32, "role": "admin", "expires_at": NOW + timedelta(minutes=10)}
    connection.execute(insert(tables.invitations).values(row))


def message(**more: Any) -> Callable[[Connection], None]:
    row = {"state": "queued", "once": True, "priority": 1, "attempts": 0, "queued_on": NOW.date(), "address": b"x"}
    return lambda connection: (connection.execute(insert(tables.outbox).values(row | more)), None)[1]


def shared_text(connection: Connection) -> None:
    text_id(connection, Vault(b"k" * 32), Shared("reminder:x", "x", Outgoing(text="Hallo")), NOW.date())


def announcement(**more: Any) -> Callable[[Connection], None]:
    row = {"id": 1, "revision": 1, "state": "draft", "content": b"x", "author": 1, "changed_on": NOW.date()}
    row |= {"after": -1, "enqueued": False}
    return lambda connection: (connection.execute(insert(tables.announcements).values(row | more)), None)[1]


def somebody_curious(connection: Connection) -> None:
    row = {"id": 1, "lookup": b"x" * 16, "channel": "terminal", "address": b"x", "stopped": False, "misses": 0}
    connection.execute(insert(tables.people).values(row | {"since": NOW.date(), "news_on": NOW.date()}))


def voice(connection: Connection) -> None:
    response = {"id": "r", "survey": "s", "version": 1, "language": "de", "day": NOW.date(), "deletion_hash": b"x" * 32}
    connection.execute(insert(tables.responses).values(response))
    row = {"id": "w", "response_id": "r", "question": "wish", "state": "released", "voices": 0}
    connection.execute(insert(tables.wishes).values(row))
    connection.execute(insert(tables.wish_voices).values(wish_id="w", mark=b"x" * 32))


ROWS: dict[str, tuple[Table, Callable[[Connection], None], timedelta, timedelta]] = {
    "a message that failed": (tables.dead_letters, failed_message, timedelta(hours=48), timedelta(hours=49)),
    "a code for staff": (tables.invitations, invitation, timedelta(minutes=9), timedelta(minutes=10)),
    "an unsent message": (tables.outbox, message(), timedelta(days=7), timedelta(days=8)),
    "one that is too late": (
        tables.outbox,
        message(until_at=NOW + timedelta(hours=2)),
        timedelta(hours=1),
        timedelta(hours=2),
    ),
    "what is left of a sent one": (
        tables.outbox,
        message(state="sent", key="reminder:1", address=None),
        timedelta(days=30),
        timedelta(days=31),
    ),
    "one of which nobody knows": (
        tables.outbox,
        message(state="unknown", key="reminder:1", address=None),
        timedelta(days=30),
        timedelta(days=31),
    ),
    "a draft that nobody goes on with": (tables.announcements, announcement(), timedelta(days=30), timedelta(days=31)),
    "an announcement that is over": (
        tables.announcements,
        announcement(state="done", done_at=NOW),
        timedelta(days=90),
        timedelta(days=91),
    ),
    "who supports a wish": (
        tables.wish_voices,
        voice,
        OVER - NOW - timedelta(minutes=1),
        OVER - NOW,
    ),
    "somebody who wants news": (tables.people, somebody_curious, timedelta(days=399), timedelta(days=400)),
    "a text that goes to nobody any more": (tables.texts, shared_text, timedelta(days=7), timedelta(days=8)),
}


@pytest.mark.parametrize("name", ROWS)
async def test_what_nobody_typed_is_gone_in_time_as_well(tmp_path: Path, name: str) -> None:
    table, fill, kept, gone = ROWS[name]
    url = "sqlite:///data/mitreden.db"
    assert await kept_after(tmp_path / "kept", url, table, fill, kept) == 1
    assert await kept_after(tmp_path / "gone", url, table, fill, gone) == 0


def test_every_table_about_people_has_a_rule_or_is_kept_on_purpose() -> None:
    """A new table is forgotten on purpose or not at all."""
    answers = {"responses", "response_answers", "wishes"}
    on_purpose = answers | {"bookmarks", "facts", "events", "staff", "audit", "sources"}
    ruled = {name for rule in RULES for name in rule.split(" and ")}
    assert ruled | on_purpose == {table.name for table in tables.metadata.sorted_tables}


@pytest.fixture
async def stored(tmp_path: Path, database_url: str) -> AsyncIterator[Database]:
    """A database with its tables, and nothing in them that is due."""
    async with talking(config_in(tmp_path, None, database_url), NOW):
        pass
    opened = database(database_url, tmp_path)
    yield opened
    await opened.close()


LONG_OVER = Moment(OVER + timedelta(days=40), "p", NOW.tzinfo, OVER, OVER)  # type: ignore[arg-type]


async def test_whoever_writes_waits_for_a_block_of_what_has_to_be_gone_and_not_for_all_of_it(stored: Database) -> None:
    """Many idle people went in one write: a server cancelled it, again and again, and nobody was answered meanwhile."""
    somebody = {"channel": "terminal", "address": b"x", "stopped": False, "misses": 0, "since": NOW.date()}
    many = [somebody | {"id": number, "lookup": number.to_bytes(16)} for number in range(2_500)]
    await stored.write(lambda connection: connection.execute(insert(tables.people), many))
    forgetting = asyncio.create_task(Memory(stored, Vault(b"k" * 32), "p").forget_old(LONG_OVER))
    counted, left = select(func.count()).select_from(tables.people), set()
    while not forgetting.done():
        left.add(await stored.write(lambda connection: connection.execute(counted).scalar_one()))
    await forgetting
    assert left & {1_500, 500}
    assert await stored.read(lambda connection: connection.execute(counted).scalar_one()) == 0


async def test_a_process_killed_while_it_forgets_who_supports_a_wish_loses_and_doubles_no_voice(
    stored: Database,
) -> None:
    def fill(connection: Connection) -> None:
        voice(connection)
        marks = [{"wish_id": "w", "mark": number.to_bytes(32)} for number in range(2_499)]
        connection.execute(insert(tables.wish_voices), marks)

    def voices(connection: Connection) -> tuple[int, int]:
        counted = connection.execute(select(tables.wishes.c.voices)).scalar_one()
        return counted, connection.execute(select(func.count()).select_from(tables.wish_voices)).scalar_one()

    await stored.write(fill)
    rule = RULES["participations and process_keys and wish_voices"]
    assert await stored.write(partial(forget, rule=rule, at=LONG_OVER)) == 1_000
    assert await stored.read(voices) == (1_000, 1_500)
    await Memory(stored, Vault(b"k" * 32), "p").forget_old(LONG_OVER)  # the next process
    assert await stored.read(voices) == (2_500, 0)


async def test_people_stay_as_long_as_something_hangs_on_them(tmp_path: Path) -> None:
    url = "sqlite:///data/mitreden.db"
    async with talking(config_in(tmp_path), OVER + timedelta(days=29)) as anna:
        await anna.say("/sprache English")
        await anna.another("berta").say("/sprache English")
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.pass_time(hours=12)
        await anna.app.duties.forget()
        assert await count(tmp_path, url, tables.people) == 2


async def test_a_rehearsed_clock_erases_nothing(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        await anna.say("/erinnern misburg")
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.rehearsed = True
        clock.at = OVER + timedelta(days=400)
        await anna.app.duties.forget()
        assert await count(tmp_path, "sqlite:///data/mitreden.db", tables.subscriptions) == 1


async def test_what_is_taken_back_before_it_is_sent_is_never_sent(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        await anna.say("/erinnern misburg")
        person = (await anna.app.memory.known("terminal", [], [Address("terminal", "anna", "anna")])).people
        planned = Planned(
            person_id=next(iter(person.values())).id,
            to=Address("terminal", "anna", "anna"),
            message=Outgoing(text="Rundnachricht"),
            once=True,
            priority=2,
            key="announcement:1:1",
        )
        changes = Changes(channel="terminal", now=NOW, today=NOW.date(), planned=[planned])
        await anna.app.memory.write(changes)
        await anna.say("/stop")
        assert await anna.wait_until(datetime.fromisoformat("2025-11-27T12:00:00+01:00"), timedelta(hours=6)) == []
