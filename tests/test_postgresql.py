"""A bot on a PostgreSQL server that breaks off, freezes, restarts, or has another bot on it."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot import app as application
from bot.core.messages import Incoming, Outgoing
from bot.problems import UserError
from storage.database import Database, Unavailable, database
from tests import postgres, simulated
from tests.severed import Cut, SeveredWay
from tests.staff import chosen, joined, wants_news
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, OPEN, FrozenClock, Recorder, Talk, config_in, talking

SHORT = ("/umfrage", "1", "nein", "1", "2", "2", "2", "Ein Karussell", "1")
"""Beispielstadt's survey to its end."""


class Insisting(Talk):
    """Somebody whose network hands a batch over again until it is taken, as every network does."""

    async def receive(self, *messages: Incoming) -> list[Outgoing]:
        before = len(self.heard)
        await insist(lambda: self.app.dispatch.receive(messages))
        await self.app.dispatch.afterwards.idle()
        for _ in range(2):
            await self.app.outbox.send_left()
        await self.app.outbox.idle()
        return [message for _, message in self.heard[before:]]

    def another(self, user: str) -> "Talk":
        return Insisting(self.app, self._recorder, user, self.language)


async def insist(work: Callable[[], Awaitable[None]]) -> None:
    """Do something again until the database has taken it."""
    while True:
        try:
            return await work()
        except Unavailable:
            continue


async def pass_time(talk: Talk, until: datetime, step: timedelta) -> None:
    """Let time pass and the jobs run; one that fails is done again at its next time."""
    clock = talk.app.clock
    assert isinstance(clock, FrozenClock)
    while clock.at < until:
        clock.at = min(clock.at + step, until)
        await insist(talk.app.duties.all_at_once)
        for _ in range(2):
            await talk.app.outbox.send_left()
        await talk.app.outbox.idle()


def short_survey(folder: Path, url: str) -> AbstractAsyncContextManager[Insisting]:
    """Somebody in Beispielstadt."""
    return insisting(folder, url, BEISPIELSTADT, BEISPIELSTADT_OPEN)


@asynccontextmanager
async def insisting(folder: Path, url: str, process: Path | None, now: datetime) -> AsyncIterator[Insisting]:
    """A bot on a database, and somebody who talks to it."""
    recorder = Recorder()
    config = config_in(folder, process, url)
    async with application.opened(config, FrozenClock(now), {recorder.name: recorder}, {}) as app:
        yield Insisting(app, recorder)


@pytest.fixture
def way(server: postgres.Cluster) -> SeveredWay:
    """A way to the server that can be cut."""
    return SeveredWay(server.folder / ".s.PGSQL.5432")


@pytest.fixture
async def anna(tmp_path: Path, server: postgres.Cluster, way: SeveredWay) -> AsyncIterator[Insisting]:
    """Somebody in Beispielstadt, whose bot has its database at the end of that way."""
    async with way.to(server.new_database()) as url, short_survey(tmp_path, url) as somebody:
        yield somebody


@dataclass(frozen=True)
class Story:
    """Something that happens between people and the bot; what it writes is cut off or not."""

    process: Path | None
    now: datetime
    prepare: Callable[[Talk], Awaitable[None]]
    happen: Callable[[Talk], Awaitable[None]]


async def _nothing(_talk: Talk) -> None:
    pass


async def _survey(anna: Talk) -> None:
    for words in SHORT:
        await anna.say(words)
    await anna.another("berta").say("/umfrage")


async def _reminders(anna: Talk) -> None:
    await anna.say("/erinnern alle")
    await anna.another("berta").say("/erinnern rathaus")
    await pass_time(anna, OPEN + timedelta(days=20), timedelta(hours=12))


async def _staff(anna: Talk) -> None:
    await joined(anna, "erika", "editor")
    await joined(anna, "otto", "sender")
    await wants_news(anna, *"abcdef")


async def _announcement(anna: Talk) -> None:
    erika, otto = anna.another("erika"), anna.another("otto")
    await erika.say("/rundnachricht")
    await erika.tap(chosen(await erika.say("Es gibt Neues"), "Zur Freigabe"))
    said = await otto.say("/rundnachricht")
    said = await otto.tap(chosen(said, "Nr.")) if any(c.label.startswith("Nr.") for c in said[-1].choices) else said
    await otto.tap(chosen(said, "Freigeben"))
    await pass_time(anna, OPEN + timedelta(minutes=5), timedelta(minutes=1))


STORIES = {
    "survey": Story(BEISPIELSTADT, BEISPIELSTADT_OPEN, _nothing, _survey),
    "reminders": Story(None, OPEN, _nothing, _reminders),
    "announcement": Story(None, OPEN, _staff, _announcement),
}


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("name", STORIES)
async def test_whatever_commit_the_connection_breaks_in_everything_is_said_and_stored_once(
    tmp_path: Path, server: postgres.Cluster, way: SeveredWay, name: str, cut: Cut
) -> None:
    """About half of the commits of a story are cut off: the same is heard, by the same, as without any cut."""
    heard, responses = [], []
    for cutting in (None, cut):
        folder = tmp_path / str(cutting)
        story, url = STORIES[name], server.new_database()
        async with way.to(url) as severed, insisting(folder, severed, story.process, story.now) as anna:
            await story.prepare(anna)
            way.cut = cutting
            await story.happen(anna)
            way.cut = None
            heard.append(sorted((to.user, _without_codes(said.text)) for to, said in anna.heard))
            responses.append([response.answers for response in await anna.app.memory.results.responses()])
            assert await anna.app.memory.sending.queued(anna.app.clock.now(), 100) == set()
    assert way.cuts > 4
    assert heard[0] == heard[1]
    assert responses[0] == responses[1]


def _without_codes(said: str) -> str:
    return re.sub(r"[A-Z0-9]{4,}(-[A-Z0-9]{4,})+", "CODE", said)


async def test_connections_that_were_lost_while_nobody_used_them_cost_nothing(anna: Insisting, way: SeveredWay) -> None:
    for words in SHORT[:4]:
        way.hang_up()
        await asyncio.sleep(0.05)
        await Talk.receive(anna, anna.incoming(text=words))
    assert len(anna.heard) > 4


async def test_a_network_that_swallows_everything_holds_nobody_up_for_long(anna: Insisting, way: SeveredWay) -> None:
    """The cable is pulled: what was tried fails after a while, and works again once it is back."""
    await anna.say("/umfrage")
    way.frozen = True
    answer = anna.incoming(text="1")
    with pytest.raises(Unavailable):
        await anna.app.dispatch.receive([answer])
    way.frozen = False
    assert (await anna.receive(answer))[0].text


async def test_what_staff_have_counted_may_take_longer_than_what_citizens_wait_for(
    tmp_path: Path, server: postgres.Cluster
) -> None:
    """The answers are to be had after seven seconds: the file comes, while work that is waited for fails after five."""
    url = server.new_database()
    async with talking(config_in(tmp_path, url=url)) as anna:
        await simulated.fill(anna.app.memory, anna.app.process.survey, 30)
        analyst = await joined(anna, "stefan", "analyst")
        other: Database = database(url, tmp_path)
        holding = asyncio.create_task(other.write(_hold_the_answers))
        while not await other.read(_are_held):
            await asyncio.sleep(0.01)
        waited_for = asyncio.create_task(other.read(lambda connection: connection.execute(text("SELECT pg_sleep(30)"))))
        (data,) = await analyst.say("/export")
        assert holding.done()
        assert data.attachment is not None
        with pytest.raises(Unavailable):
            await waited_for
        await holding
        await other.close()


def _hold_the_answers(connection: Connection) -> None:
    for statement in (
        "SET LOCAL statement_timeout = 0",
        "LOCK TABLE response_answers IN ACCESS EXCLUSIVE MODE",
        "SELECT pg_sleep(7)",
    ):
        connection.execute(text(statement))


def _are_held(connection: Connection) -> bool:
    held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted"
    return bool(connection.execute(text(held)).scalar())


async def test_behind_a_pooler_that_lends_sessions_for_a_transaction_all_is_the_same(
    tmp_path: Path, server: postgres.Cluster
) -> None:
    """With statement_cache_size=0 in the URL: prepared statements, settings and the lock outlast no transaction."""
    if shutil.which("pgbouncer") is None:
        pytest.skip("PgBouncer is not installed here: apt-get install pgbouncer makes this test real")
    with postgres.pooler(server, server.new_database()) as url:
        for person in ("anna", "berta"):  # the second time on a database that is there, the first one's lock is gone
            async with short_survey(tmp_path, url) as anna:
                with pytest.raises(UserError, match="in use by another"):
                    async with short_survey(tmp_path, url):
                        pass
                people = [anna.another(f"{person}{number}") for number in range(6)]
                for words in SHORT:
                    await asyncio.gather(*(somebody.say(words) for somebody in people))
                await anna.app.memory.tidy()
        async with short_survey(tmp_path, url) as anna:
            assert len(await anna.app.memory.results.responses()) == 12


async def test_tidying_does_not_queue_for_a_table_that_is_read_for_long(
    tmp_path: Path, server: postgres.Cluster
) -> None:
    """Everybody else would queue behind it. A pooler takes no limits for a session: each transaction brings its own."""
    url = server.new_database()
    async with short_survey(tmp_path, f"{url}&statement_cache_size=0") as anna:
        await anna.say_all(*SHORT)
        other: Database = database(url, tmp_path)
        reading = asyncio.create_task(other.read(_read_the_answers_for_long))
        while not await other.read(_answers_are_read):
            await asyncio.sleep(0.01)
        with pytest.raises(Unavailable):
            await anna.app.memory.tidy()
        assert not reading.done()
        await reading
        await other.close()


def _read_the_answers_for_long(connection: Connection) -> None:
    for statement in ("SET LOCAL statement_timeout = 0", "SELECT * FROM responses", "SELECT pg_sleep(6)"):
        connection.execute(text(statement))


def _answers_are_read(connection: Connection) -> bool:
    held = "SELECT count(*) FROM pg_locks WHERE relation = 'responses'::regclass AND pid <> pg_backend_pid()"
    return bool(connection.execute(text(held)).scalar())


async def test_options_of_the_url_are_those_that_operators_know_and_others_are_refused_in_a_sentence(
    tmp_path: Path, server: postgres.Cluster
) -> None:
    url = server.new_database()
    async with short_survey(tmp_path, f"{url}&sslmode=prefer") as anna:
        assert await anna.say("/hilfe")
    for wrong in ("colour=red", "prepared=no"):
        with pytest.raises(UserError, match="option that is not known"):
            async with short_survey(tmp_path, f"{url}&{wrong}"):
                pass


async def test_no_second_bot_writes_to_a_database_and_the_first_goes_on_when_its_lock_breaks(
    tmp_path: Path, server: postgres.Cluster, way: SeveredWay
) -> None:
    url = server.new_database()
    async with way.to(url) as severed, short_survey(tmp_path, severed) as anna:
        for _ in range(2):
            with pytest.raises(UserError, match="in use by another"):
                async with short_survey(tmp_path, url):
                    pass
            way.hang_up()  # the lock goes with its connection
            await anna.say("/umfrage")


async def test_a_bot_that_has_lost_its_lock_to_another_writes_nothing_and_learns_of_it(
    tmp_path: Path, server: postgres.Cluster, way: SeveredWay
) -> None:
    url = server.new_database()
    async with way.to(url) as severed:
        first = database(severed, tmp_path)
        second = database(url, tmp_path)
        await first.open(to_write=True)
        way.frozen = True  # the first one's network is cut, and its server gives up on it
        await _end_connections(url, tmp_path)
        await second.open(to_write=True)
        way.frozen = False
        with pytest.raises(Unavailable):
            await first.write(lambda connection: connection.execute(text("DELETE FROM people")))
        async with asyncio.timeout(60):
            await first.overtaken()
        await second.write(lambda connection: connection.execute(text("DELETE FROM people")))
        await first.close()
        await second.close()


async def _end_connections(url: str, folder: Path) -> None:
    looking: Database = database(url, folder)
    ended = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await looking.read(lambda connection: connection.execute(ended).all())
    await looking.close()
