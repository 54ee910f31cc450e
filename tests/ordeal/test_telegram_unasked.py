"""What the bot says of its own accord, while its process is killed: once at the most, what is unclear is counted."""

import asyncio
import json
import random
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import app as application
from bot.clock import Clock
from bot.config import Config
from bot.core.announcement import Tally
from bot.outbox import UNASKED_AT_ONCE
from tests.channels.citizen import Citizen
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.recipients import confirmed, remind, wanting_news
from tests.channels.telegram_process import NOW, Running
from tests.conftest import Figures
from tests.ordeal.canary import CANARY, NEWS
from tests.ordeal.measured import dealt_with, fates
from tests.ordeal.scale import scaled


async def tally(folder: Path) -> Tally:
    """What staff are told of the announcement."""
    config = Config(base=folder)
    process, _ = application.load_process(config)
    memory = application.open_memory(config, process)
    await memory.open_to_read()
    one = await memory.newsroom.find(1)
    assert one is not None
    found = await memory.newsroom.tally(one, process.survey.id, "de", NOW)
    await memory.close()
    return found


@pytest.mark.parametrize("what", ["reminders", "announcement"])
async def test_kill_9_tells_nobody_twice_and_whoever_was_not_reached_is_counted_as_unclear(
    telegram: FakeTelegram, tmp_path: Path, running: Running, figures: Figures, what: str
) -> None:
    kills, each = scaled(100, 3), 40
    many, chance = kills * each, random.Random(11)  # noqa: S311 - the same kills in every run
    async with application.opened(Config(base=tmp_path), Clock(NOW), {}, {}) as app:
        people = await wanting_news(telegram, app.memory, many, NOW)
        if what == "reminders":
            await remind(app.memory, people, NOW)
        else:
            await confirmed(app.memory, NEWS, NOW)
    chats = [int(one.address.room) for one in people]

    def told() -> int:
        return sum(call.status == 200 for call in telegram.called("sendMessage"))

    telegram.latency = 0.02
    running.settings["per_second"] = 100
    await running.start()
    for _ in range(kills):
        before, at_least = told(), chance.randint(1, each // 2)  # as many again may be unclear
        async with asyncio.timeout(30):
            while told() < min(before + at_least, many):
                await asyncio.sleep(0.01)
        await running.kill()
        await running.start()
    async with asyncio.timeout(60 + many / 50):
        while dealt_with(await fates(tmp_path)) < many:
            await asyncio.sleep(0.5)
    await running.stop()
    times = [len(telegram.sent(chat)) for chat in chats]
    states = await fates(tmp_path)
    unreached, unclear = times.count(0), states.get("unknown", 0)
    figures(
        f"{what}: {kills} kills, {many:,} people, {sum(number > 1 for number in times)} told twice, "
        f"{unreached} not reached, {unclear} listed as unclear"
    )
    assert max(times) == 1, "somebody was told twice"
    assert states["sent"] + unclear == many
    assert unclear >= unreached, "somebody who was not reached is not listed"
    assert unreached <= 1.5 * kills * UNASKED_AT_ONCE / 10
    if what == "announcement":
        listed = await tally(tmp_path)
        assert (listed.sent, listed.unclear, listed.remaining) == (states["sent"], unclear, 0)
    assert running.leaks(NEWS) == []


SPEED = scaled(3600, 1800)
"""How many times as fast the clock runs: at 3,600, two hours before an event last two seconds."""
FROM = scaled(33, 3) * timedelta(hours=-1) + datetime.fromisoformat("2025-11-25T18:00:00+01:00")
MISBURG = datetime.fromisoformat("2025-11-26T18:00:00+01:00")
ABOUT = timedelta(minutes=45)
"""We look a moment after something was sent."""
TITLE = "Erinnerung an Ihren Termin:"


def reminders(citizen: Citizen, telegram: FakeTelegram) -> int:
    """How often somebody was reminded."""
    return sum(message.get("text", "").startswith(TITLE) for message in telegram.sent(citizen.id))


async def until(count: int, citizen: Citizen, telegram: FakeTelegram) -> None:
    """Wait until so many reminders have come."""
    async with asyncio.timeout(75):
        while reminders(citizen, telegram) < count:
            await asyncio.sleep(0.05)


def in_hannover(at: datetime) -> str:
    """A moment as people there have it."""
    return f"{at.astimezone(MISBURG.tzinfo):%d %b %H:%M}"


def rehearsed(folder: Path) -> datetime:
    """What time it is for the bot that was started last, as its log lets one compute."""
    entries = [json.loads(line) for line in (folder / "log").read_text(encoding="utf-8").splitlines()]
    started = [entry for entry in entries if entry["event"] == "started"][-1]
    since = time.time() - datetime.fromisoformat(started["timestamp"]).timestamp()
    return datetime.fromisoformat(started["now"]) + timedelta(seconds=since * SPEED)


async def test_a_day_before_and_two_hours_before_none_at_night_and_none_twice_after_kill_9(
    telegram: FakeTelegram, tmp_path: Path, running: Running, figures: Figures
) -> None:
    anna = telegram.citizen("anna")
    await running.start("--speed", str(SPEED), now=FROM)
    await anna.say("start misburg")
    (card,) = await anna.answers(timeout=30)
    assert [row[0] for row in card.keyboard][:3] == [
        "1 Erinnern (an diesen Termin)",
        "2 Kalender-Eintrag",
        "3 Ich komme",
    ]
    await anna.tap("1 Erinnern (an diesen Termin)")
    await anna.answers()
    await until(1, anna, telegram)
    first = rehearsed(tmp_path)
    assert MISBURG - timedelta(days=1) <= first < MISBURG.replace(day=25, hour=21) + ABOUT
    await running.kill()
    # The clock goes on in the night, in which nothing may be said.
    await running.start("--speed", str(SPEED), now=datetime.fromisoformat("2025-11-26T06:00:00+01:00"))
    await until(2, anna, telegram)
    second = rehearsed(tmp_path)
    assert MISBURG - timedelta(hours=2) <= second < MISBURG + ABOUT
    await running.kill()
    # The clock goes back, as it may between two starts: everything has been said.
    await running.start("--speed", str(SPEED), now=datetime.fromisoformat("2025-11-26T12:00:00+01:00"))
    while rehearsed(tmp_path) < MISBURG - timedelta(hours=1):
        await asyncio.sleep(0.1)
    await anna.say(f"/hilfe {CANARY}")
    await anna.answers()
    await running.stop()
    figures(f"told {reminders(anna, telegram)} times, on {in_hannover(first)} and {in_hannover(second)}, with 2 kills")
    assert reminders(anna, telegram) == 2
    assert telegram.violations == []
