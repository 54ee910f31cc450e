"""The whole way of a reminder, from the wish to the network, around both nights on which the clocks change.

An event begins at each of the 96 quarters of an hour of such a day; the bot ticks every quarter of an hour, or is dead
for up to 48 hours at a time. Told once each, never early, never at night, never after the beginning.
"""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import app as application
from bot.core.events import Event
from bot.core.messages import Address, Outgoing
from bot.core.reminders import LEADS, QuietHours, due_at
from tests.talk import FrozenClock, Recorder, Talk, config_in

BERLIN = ZoneInfo("Europe/Berlin")
QUIET = QuietHours(time(21), time(8), BERLIN)
NIGHTS = {"autumn": date(2025, 10, 26), "spring": date(2026, 3, 29)}
QUARTER = timedelta(minutes=15)


class Watch(Recorder):
    """A channel that looks at the clock whenever something is sent."""

    def __init__(self, clock: FrozenClock) -> None:
        super().__init__()
        self._clock = clock
        self.at: dict[str, list[datetime]] = {}

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        if message.about and not message.choices:
            self.at.setdefault(message.about, []).append(self._clock.now())
        return await super().send(to, message, key)


def quarters(day: date) -> Iterator[Event]:
    """An event at each quarter of an hour on the clock of that day, also where the clock skips it."""
    for number in range(96):
        wall = datetime.combine(day, time(number // 4, number % 4 * 15), BERLIN)
        yield Event(id=f"q{number}", starts_at=wall, place=f"Haus {number}", address=f"Weg {number}")


@asynccontextmanager
async def subscribed(folder: Path, day: date, begin: datetime) -> AsyncIterator[tuple[application.App, Watch, Talk]]:
    """Somebody who wants to be reminded of every event, by every lead time."""
    config = config_in(folder)
    process, languages = application.load_process(config)
    process = replace(process, events=tuple(quarters(day)), leads=LEADS)
    clock = FrozenClock(begin)
    watch = Watch(clock)
    async with application.opened(config, clock, {watch.name: watch}, {}, (process, languages)) as app:
        talk = Talk(app, watch)
        await talk.say("/erinnern alle")
        yield app, watch, talk


@pytest.mark.parametrize("night", NIGHTS)
async def test_with_every_tick_each_reminder_is_sent_once_as_soon_as_it_is_due(tmp_path: Path, night: str) -> None:
    day = NIGHTS[night]
    begin = datetime.combine(day - timedelta(days=9), time(12), BERLIN).astimezone(UTC)
    async with subscribed(tmp_path, day, begin) as (_, watch, talk):
        await talk.wait_until(begin + timedelta(days=11))
        for event in quarters(day):
            due = sorted(due_at(event, lead, QUIET) for lead in LEADS)
            # What is due at the same moment, moved out of the same night, is one message.
            assert watch.at[event.id] == sorted(set(due)), event.id
            assert not any(QUIET.holds(at) for at in watch.at[event.id])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("night", NIGHTS)
async def test_a_bot_that_is_dead_for_up_to_two_days_sends_the_last_of_what_it_missed(
    tmp_path: Path, night: str, seed: int
) -> None:
    day = NIGHTS[night]
    chance = random.Random(seed)  # noqa: S311 - the same gaps in every run
    begin = datetime.combine(day - timedelta(days=9), time(12), BERLIN).astimezone(UTC)
    ticks = [begin]
    while ticks[-1] < begin + timedelta(days=11):
        gap = chance.choice([1, 1, 1, chance.randint(2, 4 * 48)])
        ticks.append(ticks[-1] + gap * QUARTER)
    async with subscribed(tmp_path, day, begin) as (_, watch, talk):
        for tick in ticks[1:]:
            await talk.wait_until(tick, step=timedelta(days=3))
        for event in quarters(day):
            assert watch.at.get(event.id, []) == expected(event, ticks[1:]), event.id


def expected(event: Event, ticks: list[datetime]) -> list[datetime]:
    """When an event is told of, by the rules as people would say them."""
    left = {due_at(event, lead, QUIET) for lead in LEADS}
    told = []
    for tick in ticks:
        due = {at for at in left if at <= tick}
        if due and not QUIET.holds(tick):
            left -= due
            if tick < event.starts_at.astimezone(UTC):
                told.append(tick)
    return told
