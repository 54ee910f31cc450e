"""The database server breaks off in the middle of everything, again and again: the bot goes on by itself."""

import asyncio
import json
import os
import random
import re
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import postgres
from tests.channels.citizen import Citizen, Seen
from tests.channels.crowd import crowd, differences
from tests.channels.fake_telegram import FakeTelegram
from tests.commands import mitreden
from tests.conftest import Figures
from tests.ordeal.canary import NEWS
from tests.ordeal.scale import FULL, scaled

CITIZENS = scaled(120, 24)
AT_ONCE = scaled(40, 24)
LEISURE = 2.0 if FULL else 0.3
"""Seconds. In full, replies leave room for what is sent to many, which yields to them."""
SUBSCRIBERS = scaled(600, 60)
RESTARTS = scaled(6, 1)
LONG_DOWNTIME = scaled(30, 0)
BACK_WITHIN = 10.0 if FULL else 60.0
"""Seconds after the server's return in which somebody is answered; a busy machine has more patience."""
NOW, SPEED = f"2025-11-12T17:{scaled(45, 56)}:00+01:00", 10
"""Some minutes, here seconds, before people are reminded of what takes place on the next day."""


@pytest.fixture
def own_server() -> Iterator[postgres.Cluster]:
    """A server that nobody else is disturbed by, and that keeps what it has committed."""
    programs = postgres.programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql makes this test real")
    with postgres.cluster(programs, {**postgres.SETTINGS, "fsync": "on"}) as running:
        yield running


@asynccontextmanager
async def run(telegram: FakeTelegram, folder: Path, url: str) -> AsyncIterator[tuple[Process, dict[str, str]]]:
    """`mitreden run` as an operator starts it, and the environment that other commands need."""
    environment = {"MITREDEN_STORAGE_URL": url}
    bot = {"MITREDEN_TELEGRAM_TOKEN": telegram.token, "MITREDEN_TELEGRAM_API_URL": telegram.url, **environment}
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "--now", NOW, "--speed", str(SPEED)),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **bot},
            stderr=log,
        )
        try:
            yield process, environment
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def said_by_now(citizen: Citizen, words: Callable[[Seen], bool], seconds: float = 60) -> Seen:
    """Wait until a message of the bot is like this. Raises AssertionError with the chat."""
    time = asyncio.get_running_loop().time
    until = time() + seconds
    while time() < until:
        for message in reversed(citizen.screen):
            if not message.mine and words(message):
                return message
        await asyncio.sleep(0.02)
    raise AssertionError("\n".join(["never said; the chat:", *citizen.transcript[-12:]]))


def has(words: str) -> Callable[[Seen], bool]:
    """Whether a message has these words."""
    return lambda message: words in message.text


async def subscribe(telegram: FakeTelegram) -> list[Citizen]:
    """People who want to be reminded and to hear news, on Telegram before the crowd comes."""
    people = [telegram.citizen(f"subscriber{number}") for number in range(SUBSCRIBERS)]
    for words in ("/neuigkeiten ja", "/erinnern alle"):
        for person in people:
            await person.say(words)
        for person in people:
            await person.answers(timeout=120)
    return people


async def announce(telegram: FakeTelegram, folder: Path, environment: dict[str, str]) -> Citizen:
    """An announcement from a file, confirmed in the chat by somebody who has joined the staff; who that is."""
    invited = await asyncio.to_thread(mitreden, folder, "staff", "invite", "--role", "sender", environment=environment)
    assert invited.returncode == 0, invited.stderr
    otto = telegram.citizen("otto")
    await otto.say(invited.stdout.split()[0])
    await said_by_now(otto, has("Team"))
    (folder / "news.toml").write_text(f'[text]\nde = "{NEWS}"\n', encoding="utf-8")
    offered = await asyncio.to_thread(mitreden, folder, "announce", "news.toml", environment=environment)
    assert offered.returncode == 0, offered.stderr
    await otto.say("/rundnachricht")
    await said_by_now(otto, has("Rundnachrichten:"))
    await otto.say("1")
    await said_by_now(otto, has(NEWS))
    await otto.say("Freigeben")
    return otto


async def test_a_server_that_restarts_at_once_again_and_again_costs_nobody_anything(
    telegram: FakeTelegram, own_server: postgres.Cluster, tmp_path: Path, figures: Figures
) -> None:
    """A crowd takes the survey, an announcement and a reminder go out, and the server is ended as by a crash.

    Nothing is lost or doubled, the bot is not restarted, people are answered again within seconds.
    """
    chance = random.Random(15)  # noqa: S311 - the same restarts in every run
    async with run(telegram, tmp_path, own_server.new_database()) as (running, environment):
        subscribers = await subscribe(telegram)
        otto = await announce(telegram, tmp_path, environment)
        people = asyncio.create_task(crowd(telegram, CITIZENS, AT_ONCE, leisure=LEISURE))
        back = []
        for number in range(RESTARTS):
            await asyncio.sleep(chance.uniform(5.0, 8.0))
            await asyncio.to_thread(own_server.stop)
            await asyncio.sleep(LONG_DOWNTIME if number == RESTARTS - 1 else chance.uniform(0.0, 1.0))
            await asyncio.to_thread(own_server.start)
            back.append(await answered_after(telegram, f"witness{number}"))
        residents = await people
        for person in subscribers:
            for words in (NEWS, "Erinnerung"):
                await said_by_now(person, has(words), 300)
        await said_by_now(otto, has(f"Gesendet: {SUBSCRIBERS}"), 300)
        assert running.returncode is None
        began = asyncio.get_running_loop().time()
        running.send_signal(signal.SIGTERM)
        assert await running.wait() == 0
        ended = asyncio.get_running_loop().time() - began
        exported = json.loads(mitreden(tmp_path, "export", "--format", "json", environment=environment).stdout)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    figures(
        f"{RESTARTS} restarts, {len(residents)} surveys, {len(differences(residents, exported))} of them lost or"
        f" doubled; {SUBSCRIBERS} announcements and reminders each; answered {', '.join(f'{s:.1f}' for s in back)} s"
        f" after the server's return; stopped in {ended:.1f} s; {len(log.splitlines())} lines of log"
    )
    assert differences(residents, exported) == []
    for person in subscribers:
        texts = Counter(message.text for message in person.screen if not message.mine)
        assert [text for text, times in texts.items() if times > 1] == []
        assert sum("Erinnerung" in text and "Mühlenberg" in text for text in texts) == 1
    assert [violation for violation in telegram.violations if "callback" not in violation] == []
    assert max(back) < BACK_WITHIN
    events_only(log, telegram.token)


async def answered_after(telegram: FakeTelegram, name: str) -> float:
    """Seconds until somebody who writes now is answered."""
    witness, time = telegram.citizen(name), asyncio.get_running_loop().time
    began = time()
    await witness.say("/hilfe")
    await witness.answers(timeout=120)
    return time() - began


def events_only(log: str, token: str) -> None:
    """Every line is an event word with ids and names of errors; nobody's words, no secret, no traceback."""
    for line in log.splitlines():
        event = json.loads(line)
        assert re.fullmatch(r"[a-z_]+", event["event"]), line
        assert all(len(str(value)) < 100 for value in event.values()), line
    for secret in (token, "subscriber"):
        assert secret not in log
