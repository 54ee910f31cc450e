"""Whoever has just written is not looked up again, and nothing that happens meanwhile is missed for it.

That what is remembered is what the database has, `tests/talk.py` compares after every message of every test.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.conversation import Person
from bot.core.messages import Address, Outgoing
from storage import met, sqlite
from storage.changes import Changes
from storage.met import Citizen, Met
from storage.outbox import BLOCKED, Fate, Planned
from tests.staff import joined
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, SHORT, FrozenClock, Talk, config_in, talking


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every look for what is known, from here on."""
    taken: list[object] = []
    look = sqlite.SqliteDatabase.read_to_write

    async def noted(database: sqlite.SqliteDatabase, work: object) -> object:
        taken.append(work)
        return await look(database, work)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite.SqliteDatabase, "read_to_write", noted)
    return taken


async def handed_over(talk: Talk, *texts: str) -> None:
    """Messages of somebody, each in a batch of its own, without the look that the test itself takes."""
    for text in texts:
        await talk.app.dispatch.receive([talk.incoming(text=text)])


async def person(talk: Talk) -> Person | None:
    """Somebody as a batch would find them, if they are known."""
    address = talk.incoming().sender
    return (await talk.app.memory.known(address.channel, [], [address])).people.get(address)


async def known(talk: Talk) -> Person:
    """The same of somebody who surely is."""
    found = await person(talk)
    assert found is not None
    return found


async def test_a_survey_is_taken_with_one_look(tmp_path: Path, looks: list[object]) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        await handed_over(anna, *SHORT)
        assert len(looks) == 1
        await handed_over(anna.another("berta"), "/umfrage")
        assert len(looks) == 2
        await handed_over(anna, "Ein Karussell", "1")
        assert len(looks) == 2
        assert len(await anna.app.memory.results.responses()) == 1


async def test_a_message_that_comes_again_is_noticed_without_a_look_before(tmp_path: Path, database_url: str) -> None:
    """A network repeats what it has handed over; here after its sender has gone on, and together with something new."""
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        again = anna.incoming(text="1")
        await anna.say("/umfrage")
        await anna.receive(again)
        await anna.say("nein")
        assert await anna.receive(again) == []
        before = (await known(anna)).draft
        (said,) = await anna.receive(again, anna.incoming(text="1"))
        assert said.text
        assert before != (await known(anna)).draft


async def test_who_has_blocked_the_bot_is_known_to_have(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        await anna.say("/umfrage")
        memory, now = anna.app.memory, anna.app.clock.now()
        here = await known(anna)
        said = Planned(person_id=here.id, to=here.address, message=Outgoing(text="Guten Tag"))
        (row,) = await memory.write(Changes(channel="", now=now, today=now.date(), planned=[said]))
        await anna.say("1")
        memory.sending.leave(Fate(row=row, state="failed", error=BLOCKED))
        await memory.write(Changes(channel="", now=now, today=now.date()))  # a batch does not take it along
        assert memory.sending.unwritten() == {row.id}
        await memory.sending.settle()
        assert (await known(anna)).stopped


async def test_who_leaves_the_chat_is_not_reminded_any_more_and_known_not_to_be(
    tmp_path: Path, database_url: str
) -> None:
    async with talking(config_in(tmp_path, url=database_url)) as anna:
        await anna.say("/erinnern misburg")
        assert (await known(anna)).reminded == {"misburg"}
        await anna.receive(replace(anna.incoming(), kind="membership"))
        assert (await known(anna)).stopped
        assert not (await known(anna)).reminded


async def test_who_joins_the_staff_or_leaves_it_is_nobody_else_at_once(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        await anna.say("/umfrage")
        await joined(anna, "anna", "analyst")
        sender = anna.incoming().sender
        assert (await anna.app.memory.known("terminal", [], [sender])).staff[sender][1] == "analyst"
        (member,) = await anna.app.memory.staff()
        await anna.app.memory.remove_staff(member.id, BEISPIELSTADT_OPEN)
        assert not (await anna.app.memory.known("terminal", [], [sender])).staff


async def test_nothing_is_remembered_of_who_is_forgotten(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all("/umfrage", "1", "/loeschen", "ja")
        assert await person(anna) is None
        await anna.say_all("/umfrage", "1", "nein")
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.pass_time(days=400)
        await anna.app.duties.forget()
        assert await person(anna) is None


def citizen(user: str) -> Citizen:
    return Citizen(Person(id=int(user), address=Address("telegram", user, user)), took_part=False)


def test_the_latest_are_kept_and_no_more_than_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(met, "AT_MOST", 3)
    known, written = Met(), 0
    senders = [Address("telegram", str(number), str(number)) for number in range(6)]
    assert not known.known(senders, written)
    for number in (0, 1, 2, 0, 3):  # the first one writes a second time
        written += 1
        known.remember({senders[number].who: citizen(str(number))}, written)
    assert set(known.known(senders, written)) == {senders[number] for number in (2, 0, 3)}


def test_everybody_is_looked_up_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    known, sender, now = Met(), Address("telegram", "1", "1"), 1000.0
    monkeypatch.setattr(met, "monotonic", lambda: now)
    known.known([sender], 0)
    known.remember({sender.who: citizen("1")}, 1)
    now += met.FOR - 1
    assert known.known([sender], 1)
    now += 1
    assert not known.known([sender], 1)


def test_after_anything_else_was_written_nobody_is_known() -> None:
    known, sender = Met(), Address("telegram", "1", "1")
    known.known([sender], 7)
    known.remember({sender.who: citizen("1")}, 8)
    assert known.known([sender], 8)
    assert not known.known([sender], 9)
    known.remember({sender.who: citizen("1")}, 11)  # while this batch was written, something else was
    assert not known.known([sender], 11)
