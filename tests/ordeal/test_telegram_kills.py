"""A process that is killed again and again, anywhere: no answer is lost, none counted twice, nobody is stuck."""

import asyncio
import json
import random
from collections import Counter
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot import app as application
from bot.clock import Clock
from bot.config import Config
from bot.failpoints import PLACES
from bot.pace import AT_ONCE
from tests.channels.crowd import SAID, crowd, differences
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.recipients import confirmed, remind, wanting_news
from tests.channels.telegram_process import NOW, PATIENCE, Running
from tests.commands import mitreden
from tests.conftest import Figures
from tests.ordeal.canary import CANARY, NEWS
from tests.ordeal.measured import counted
from tests.ordeal.scale import scaled

READERS = scaled(100, 20)
"""Citizens who take the survey at the same time."""


def harmless(telegram: FakeTelegram) -> bool:
    """Whether Telegram was told nothing odd; whoever was killed may have answered a tap twice or late."""
    return all("callback" in violation for violation in telegram.violations)


def exported(folder: Path) -> list[dict[str, Any]]:
    """The responses as organisers get them."""
    found: list[dict[str, Any]] = json.loads(mitreden(folder, "export", "--format", "json").stdout)
    return found


async def test_a_crowd_is_served_and_the_export_is_what_it_said(
    telegram: FakeTelegram, tmp_path: Path, running: Running
) -> None:
    await running.start()
    residents = await crowd(telegram, scaled(300, READERS), READERS)
    await running.stop()
    assert differences(residents, exported(tmp_path)) == []
    assert telegram.violations == []
    assert telegram.unanswered() == []
    assert running.leaks(*SAID) == []


async def test_kill_9_at_any_moment_loses_no_answer_and_counts_none_twice(
    telegram: FakeTelegram, tmp_path: Path, running: Running, figures: Figures
) -> None:
    chance = random.Random(7)  # noqa: S311 - the same kills in every run
    kills, updates, killed = scaled(200, 4), scaled(20_000, 0), 0
    await running.start()

    def more() -> bool:
        return killed < kills or len(telegram.handed) < updates

    people = asyncio.create_task(crowd(telegram, READERS, READERS, leisure=0.3, more=more))
    while more() and not people.done():
        await running.serves()
        await asyncio.sleep(chance.uniform(0.5, 2.0))
        await running.kill()
        killed += 1
        await running.start()
    residents = await people
    await running.stop()
    again = sum(times > 1 for times in telegram.handed.values())
    wrong = differences(residents, exported(tmp_path))
    figures(
        f"{killed} kills, {len(telegram.handed):,} updates, {again:,} of them handed over more than once; "
        f"{len(residents)} citizens, none stuck; {len(wrong)} lost or counted twice"
    )
    assert wrong == []
    assert await counted(tmp_path, "dead_letters") == {}
    assert harmless(telegram)
    assert running.leaks(*SAID) == []


async def test_kill_9_leaves_no_question_without_an_answer(
    telegram: FakeTelegram, tmp_path: Path, running: Running, figures: Figures
) -> None:
    """An answer may come twice, where the process was killed while it was on its way."""
    kills, each = scaled(100, 3), 40
    chance = random.Random(17)  # noqa: S311 - the same kills in every run
    people = [telegram.citizen(f"asking{number}") for number in range(kills * each)]
    telegram.latency = 0.02
    await running.start()
    asked = 0
    for _ in range(kills):
        for citizen in people[asked : asked + each]:
            await citizen.say(f"/impressum {CANARY}")
        asked += each
        at_least = asked - chance.randint(1, each)
        async with asyncio.timeout(PATIENCE):
            while sum(bool(citizen.private.sent) for citizen in people[:asked]) < at_least:
                await asyncio.sleep(0.005)
        await asyncio.sleep(chance.uniform(0.0, 0.05))
        await running.kill()
        await running.start()
    async with asyncio.timeout(PATIENCE):
        while not all(citizen.private.sent for citizen in people):
            await asyncio.sleep(0.1)
    await running.stop()
    answers = [len(telegram.sent(citizen.id)) for citizen in people]
    twice = sum(answers) - len(people)
    figures(
        f"{kills} kills, {len(people):,} questions, {answers.count(0)} without an answer, {twice} answers came again"
    )
    assert answers.count(0) == 0
    assert twice <= AT_ONCE * kills
    assert running.leaks() == []


def told(telegram: FakeTelegram, chat: int) -> Counter[str]:
    """How often somebody was told of what, by its first words."""
    return Counter(message["text"][:15] for message in telegram.sent(chat))


async def erasing(telegram: FakeTelegram, over: asyncio.Event) -> int:
    """Citizens, one after the other, who have everything erased: what they leave is tidied up at once. How many."""
    for number in count():
        if over.is_set():
            return number
        citizen = telegram.citizen(f"forgotten{number}")
        await citizen.say("/loeschen")
        (asked, *_) = await citizen.answers(timeout=PATIENCE)
        await citizen.tap_data("m:erase:yes", asked.message_id)
        while not any("gelöscht" in message.text for message in await citizen.answers(timeout=PATIENCE)):
            await asyncio.sleep(0.1)  # what was asked before came again
    raise AssertionError


OUTSIDE = {
    "request_come": ("sendMessage", "arrived"),
    "request_done": ("sendMessage", "done"),
    "bookmark_come": ("getUpdates", "arrived"),
}
"""Places that only Telegram knows: a request is written, and has come; what it asks for is done, the answer has not
left; the bookmark has come."""
RARE = {"before_tidying": 2, "after_tidying": 2, "reminders_written": 2, "recipients_written": 1}
"""How often these places are passed at least in a few seconds; all others more often."""
OFTEN = 6


@pytest.mark.parametrize("quarter", range(scaled(4, 1)))
async def test_a_process_that_ends_at_any_place_loses_nothing_and_repeats_nothing_that_goes_once(
    telegram: FakeTelegram, tmp_path: Path, running: Running, figures: Figures, quarter: int
) -> None:
    """Surveys, erasures, reminders and an announcement, all at the same time."""
    rounds, chance = scaled(5, 1), random.Random(quarter)  # noqa: S311 - the same places in every run
    places = [*PLACES, *OUTSIDE] * rounds
    chance.shuffle(places)
    places.sort(key=lambda place: place != "recipients_written")  # as long as the announcement has not begun
    many, apart = scaled(4_000, 300), timedelta(seconds=scaled(1, 2) / 8)
    async with application.opened(Config(base=tmp_path), Clock(NOW), {}, {}) as app:
        people = await wanting_news(telegram, app.memory, many + 300, NOW)
        await remind(app.memory, people[:many], NOW, apart)
        await confirmed(app.memory, NEWS, NOW)
    over = asyncio.Event()
    running.settings["per_second"] = 100
    survey = asyncio.create_task(crowd(telegram, 20, 20, leisure=0.2, more=lambda: not over.is_set()))
    erased = asyncio.create_task(erasing(telegram, over))
    died: Counter[str] = Counter()
    for place in places:
        passed = chance.randint(1, RARE.get(place, OFTEN))
        if place in OUTSIDE:
            running.kill_at(*OUTSIDE[place], times=passed)
        await running.start(failpoint="" if place in OUTSIDE else f"{place}:{passed}")
        await running.killed()
        died[place] += 1
        assert not survey.done()
    await running.start()
    over.set()
    residents = await survey
    await erased
    await running.stop()
    wrong = differences(residents, exported(tmp_path))
    unasked = sum(len(telegram.sent(int(one.address.room))) for one in people)
    # All are told of the news, most of them of an event as well.
    twice = sum(text > 1 for one in people for text in told(telegram, int(one.address.room)).values())
    states = await counted(tmp_path, "outbox", "priority", "state")
    figures(
        f"{len(died)} places, {died.total()} ends; {len(telegram.handed):,} updates, {len(residents)} citizens, none "
        f"stuck, {len(wrong)} lost or counted twice; {unasked:,} unasked, {twice} twice, "
        f"{sum(number for (_, state), number in states.items() if state == 'unknown')} unclear"
    )
    assert wrong == []
    assert twice == 0
    assert set(died.values()) == {rounds}
    assert await counted(tmp_path, "dead_letters") == {}
    assert harmless(telegram)
    assert running.leaks(*SAID) == []
