"""What is stored under load: nothing lost, nothing refused, and quick to begin and to end, on both databases."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.growth import fill
from bot import app as application
from bot.config import Config, StorageSection
from bot.core.messages import Incoming
from storage.database import database
from storage.retention import Moment
from tests.channels.fake_telegram import FakeTelegram
from tests.conftest import Figures
from tests.ordeal.canary import CANARY
from tests.ordeal.scale import scaled
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, FrozenClock, Recorder, Talk, config_in

INCREMENTS = scaled(10_000, 1_000)
PEOPLE = scaled(10_000, 500)
RESPONSES = scaled(3_125, 100)
"""Of sixteen answers each."""
CITIZENS = scaled(500, 50)
LOAD = scaled(600, 4)
"""Seconds."""
OPEN = "2025-11-10T10:00:00+01:00"


async def test_of_many_who_read_and_then_write_at_the_same_time_none_overwrites_another(
    tmp_path: Path, database_url: str, figures: Figures
) -> None:
    stored = database(database_url, tmp_path)
    await stored.open(to_write=True)

    def begin(connection: Connection) -> None:
        connection.execute(text("INSERT INTO sources (name, people) VALUES ('plakat', 0)"))

    def count_on(connection: Connection) -> None:
        known = connection.execute(text("SELECT people FROM sources WHERE name = 'plakat'")).scalar_one()
        connection.execute(text("UPDATE sources SET people = :people WHERE name = 'plakat'"), {"people": known + 1})

    await stored.write(begin)
    time = asyncio.get_running_loop().time
    began = time()
    async with asyncio.TaskGroup() as all_of_them:
        for _ in range(INCREMENTS):
            all_of_them.create_task(stored.write(count_on))
    took = time() - began
    counted = await stored.read(lambda connection: connection.execute(text("SELECT people FROM sources")).scalar_one())
    await stored.close()
    figures(f"{INCREMENTS} increments, {INCREMENTS - counted} lost, {INCREMENTS / took:,.0f} durable ones a second")
    assert counted == INCREMENTS


async def test_under_load_from_all_sides_the_database_refuses_nothing(
    tmp_path: Path, database_url: str, figures: Figures
) -> None:
    """Batches of answers beside everything else that reads, writes and tidies; what is refused raises."""
    recorder = Recorder()
    config = config_in(tmp_path, BEISPIELSTADT, database_url)
    async with application.opened(config, FrozenClock(BEISPIELSTADT_OPEN), {recorder.name: recorder}, {}) as app:
        anna = Talk(app, recorder)
        time = asyncio.get_running_loop().time
        began, answers, others = time(), 0, 0
        until = began + LOAD

        async def take_the_survey() -> None:
            nonlocal answers
            number = 0
            while time() < until:
                people = [anna.another(f"p{number + place}") for place in range(CITIZENS)]
                number += CITIZENS
                for words in ("/umfrage", "1", "nein", "1", "2", "2", "2", f"Ein {CANARY}", "1"):
                    for place in range(0, CITIZENS, 100):
                        batch: list[Incoming] = [one.incoming(text=words) for one in people[place : place + 100]]
                        await app.dispatch.receive(batch)
                        answers += len(batch)

        async def do_everything_else() -> None:
            nonlocal others
            at = Moment(
                app.clock.now(), app.process.id, app.process.zone, app.process.survey_ends_at(), app.process.ends_at()
            )
            while time() < until:
                await app.duties.all_at_once()
                await app.memory.forget_old(at)
                await app.memory.tidy()
                await app.memory.results.participation(app.process.survey.id)
                await app.memory.results.counted(app.process.survey.id, ("idea",))
                await app.memory.invite(f"TEAM-{others}", "editor", app.clock.now(), app.clock.now() + timedelta(1))
                others += 1

        async with asyncio.TaskGroup() as both:
            both.create_task(take_the_survey())
            both.create_task(do_everything_else())
        took = time() - began
        responses, entries = len(await app.memory.results.responses()), await app.memory.audit()
    figures(
        f"{answers} answers in {took:.0f} s, {answers / took:,.0f} a second, {others} rounds of all else; 0 refused"
    )
    assert responses == answers // 9
    assert all(entry.sound for entry in entries)


async def test_with_many_people_and_answers_a_process_answers_soon_and_ends_soon(
    telegram: FakeTelegram, tmp_path: Path, database_url: str, figures: Figures
) -> None:
    """From its start to the first answer, and from SIGTERM in the middle of a crowd to its end; all are answered."""
    await fill(Config(base=tmp_path, storage=StorageSection(url=database_url)), PEOPLE, RESPONSES)
    citizens = [telegram.citizen(f"c{number}") for number in range(CITIZENS)]
    await citizens[0].say(f"/hilfe {CANARY}")
    time = asyncio.get_running_loop().time
    began = time()
    running = await start(telegram, tmp_path, database_url)
    await citizens[0].answers(timeout=60)
    first = time() - began
    for citizen in citizens:
        await citizen.say(f"/termine {CANARY}")
    await citizens[0].answers(timeout=60)
    began = time()
    running.send_signal(signal.SIGTERM)
    assert await running.wait() == 0
    ended = time() - began
    running = await start(telegram, tmp_path, database_url)
    for citizen in citizens:
        await citizen.answers(timeout=60)
    running.kill()
    await running.wait()
    told_again = sum(len(citizen.private.sent) for citizen in citizens) - CITIZENS - 1
    figures(
        f"{PEOPLE} people, {RESPONSES * 16} answers: first answer {first:.1f} s after the start; ended {ended:.1f} s"
        f" after SIGTERM; {CITIZENS} people answered, {told_again} of them twice"
    )
    assert told_again == 0


async def start(telegram: FakeTelegram, folder: Path, url: str) -> asyncio.subprocess.Process:
    """`mitreden run` on a database."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "MITREDEN_TELEGRAM_TOKEN": telegram.token,
        "MITREDEN_TELEGRAM_API_URL": telegram.url,
        "MITREDEN_STORAGE_URL": url,
    }
    with (folder / "log").open("ab") as log:
        arguments = (sys.executable, "-m", "bot", "run", "--now", OPEN)
        return await asyncio.create_subprocess_exec(*arguments, cwd=folder, env=environment, stderr=log)
