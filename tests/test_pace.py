"""The pace: as fast as is permitted and never faster, replies first, whatever the network's delays."""

import asyncio
import gc
import random
from collections import deque
from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest

import bot.pace
from bot.busy_seconds import BUSIEST, REMEMBERED, BusySeconds
from bot.core.messages import ANNOUNCEMENT, REPLY, Address, OutboxRow, Outgoing, SendError, Unknown
from bot.pace import Limits, Pace
from bot.trouble import IN_A_ROW
from tests.channels.bot_api import Refusal
from tests.channels.telegram_limits import Limits as TelegramLimits


class Counter:
    """A network that counts at some moment between request and answer, and remembers the fullest second."""

    def __init__(self) -> None:
        self.fullest = 0
        self.counted = 0
        self._second: deque[float] = deque()

    def count(self, now: float) -> None:
        self.counted += 1
        self._second.append(now)
        while self._second[0] <= now - 1.0:
            self._second.popleft()
        self.fullest = max(self.fullest, len(self._second))


def row(number: int, priority: int = ANNOUNCEMENT) -> OutboxRow:
    return OutboxRow(
        id=number, to=Address("net", str(number), str(number)), message=Outgoing(text="x"), priority=priority
    )


async def test_no_second_ever_has_more_than_is_permitted_however_long_requests_take() -> None:
    chance = random.Random(3)  # noqa: S311 - the same delays in every run
    pace, network, loop = Pace(Limits(overall=200.0)), Counter(), asyncio.get_running_loop()

    async def send(number: int) -> None:
        one = row(number)
        await pace.ready(one)
        async with pace.sending(one):
            there, back = chance.expovariate(150), chance.expovariate(150)
            if chance.random() < 0.02:
                there += 0.2  # now and then something is held up, and arrives together with what was sent later
            await asyncio.sleep(there)
            network.count(loop.time())
            await asyncio.sleep(back)

    async with asyncio.TaskGroup() as sending:
        for number in range(700):
            sending.create_task(send(number))
    assert network.counted == 700
    assert network.fullest <= 200


async def test_a_reply_waits_for_no_announcement() -> None:
    pace, loop = Pace(Limits(overall=20.0)), asyncio.get_running_loop()

    async def send(one: OutboxRow) -> None:
        await pace.ready(one)
        async with pace.sending(one):
            await asyncio.sleep(0.01)

    bulk = [asyncio.create_task(send(row(number))) for number in range(60)]
    await asyncio.sleep(0.3)
    began = loop.time()
    await send(row(1000, REPLY))
    assert loop.time() - began < 0.1
    for task in bulk:
        task.cancel()
    await asyncio.gather(*bulk, return_exceptions=True)


async def test_there_is_room_for_the_replies_of_a_whole_second_at_once() -> None:
    """Replies come evenly, then for a second none, as where the machine stalls; then all of them, and none waits."""
    pace, loop = Pace(Limits(overall=100.0)), asyncio.get_running_loop()
    telegram = TelegramLimits(per_second=100)
    numbers = count()

    async def send(priority: int) -> None:
        one = row(next(numbers), priority)
        await pace.ready(one)
        async with pace.sending(one):
            await asyncio.sleep(0.005)
            with suppress(Refusal):
                telegram.check("sendMessage", {"chat_id": one.id})
            await asyncio.sleep(0.005)

    async def announce() -> None:
        while True:
            await send(ANNOUNCEMENT)

    bulk: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as replies:
        for number in range((BUSIEST + 3) * 20):
            if number == (BUSIEST + 1) * 20:
                bulk = [asyncio.create_task(announce()) for _ in range(40)]
            replies.create_task(send(REPLY))
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.9)
    began = loop.time()
    await asyncio.gather(*(send(REPLY) for _ in range(15)))
    assert loop.time() - began < 0.5
    await asyncio.sleep(0.2)
    for task in bulk:
        task.cancel()
    await asyncio.gather(*bulk, return_exceptions=True)
    assert telegram.refused.total() == 0


async def test_room_for_replies_leaves_some_for_announcements_where_few_messages_a_second_are_permitted() -> None:
    pace = Pace(Limits(overall=2.0))

    async def send(one: OutboxRow) -> None:
        await pace.ready(one)
        async with pace.sending(one):
            await asyncio.sleep(0.01)

    for number in range((BUSIEST + 2) * 5):
        await send(row(number, REPLY))
        await asyncio.sleep(0.2)
    async with asyncio.timeout(10):
        await send(row(1000))


def test_a_busy_second_is_one_of_the_last_minute_that_only_three_surpassed() -> None:
    seconds = BusySeconds()
    for second, replies in enumerate([50, 0, 7, 5, 5, 40, 3, 9, 2]):
        for _ in range(replies):
            seconds.count(second + 1000.5)
    assert seconds.busy(1009.0) == 7
    assert seconds.busy(1000.0 + REMEMBERED) == 7
    assert seconds.busy(1001.0 + REMEMBERED) == 5
    assert seconds.busy(2000.0) == 0


async def test_a_chat_gets_a_burst_and_then_its_rate_and_a_group_no_more_than_its_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bot.pace, "MINUTE", 0.5)
    pace, loop = Pace(Limits(burst=5, per_chat=20.0, group_per_minute=8)), asyncio.get_running_loop()

    async def sent_to(to: Address) -> list[float]:
        times = []
        for number in range(20):
            await pace.ready(replace(row(number, REPLY), to=to))
            times.append(loop.time())
        return times

    began = loop.time()
    alone, group = await asyncio.gather(sent_to(Address("net", "1", "1")), sent_to(Address("net", "1", "room")))
    # Never sooner, however busy the machine is; only a whole burst that were paced would take longer.
    assert all(alone[number] - began >= (number - 4) / 20.0 - 0.001 for number in range(5, 20))
    assert alone[4] - began < 4 / 20.0
    assert min(later - earlier for earlier, later in zip(group, group[8:], strict=False)) >= 0.5


async def test_a_group_has_one_minute_whoever_of_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.pace, "MINUTE", 0.5)
    pace, loop = Pace(Limits(burst=100, per_chat=100.0, group_per_minute=4)), asyncio.get_running_loop()
    began = loop.time()
    for number in range(6):
        await pace.ready(replace(row(number, REPLY), to=Address("net", str(number), "room")))
    assert loop.time() - began >= 0.5


async def test_a_group_that_is_told_to_wait_makes_nobody_wait_outside_of_it() -> None:
    """Two of its people were being answered: it is one chat all the same, and not the whole bot that is too fast."""
    pace = Pace(Limits(overall=1000.0))
    pace.pause(Address("net", "1", "room"), 30)
    pace.pause(Address("net", "2", "room"), 30)
    async with asyncio.timeout(1):
        await pace.ready(row(3))


async def test_a_chat_that_has_to_wait_holds_nobody_up_at_the_gate() -> None:
    """It is told so after its message has had its turn: those behind it go on."""
    pace = Pace(Limits(overall=1000.0))

    async def send(one: OutboxRow) -> None:
        await pace.ready(one)
        async with pace.sending(one):
            pass

    await pace.ready(row(1))
    pace.pause_chat(row(1).to, 30)

    async def go_on() -> None:
        async with pace.sending(row(1)):
            pass

    held = asyncio.create_task(go_on())
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await send(row(2))
    held.cancel()


async def test_a_pace_keeps_nothing_of_replies_that_went_long_ago() -> None:
    pace, loop = Pace(Limits(burst=10**6, per_chat=1e6)), asyncio.get_running_loop()

    async def reply(number: int) -> None:
        one = row(number % 10, REPLY)
        await pace.ready(one)
        async with pace.sending(one):
            pass

    def kept() -> int:
        gc.collect()
        return len(gc.get_objects()) + sum(len(one) for one in gc.get_objects() if isinstance(one, deque))

    async def second() -> None:
        until = loop.time() + 1.5
        for number in count():
            await reply(number)
            if number % 20 == 0:
                await asyncio.sleep(0.02)
            if loop.time() > until:
                return

    await second()
    before = kept()
    for _ in range(3):
        await second()
    assert kept() < before + 300


async def test_after_a_pause_that_the_network_asks_for_nothing_is_sent_before_its_end() -> None:
    pace, loop = Pace(Limits(overall=1000.0)), asyncio.get_running_loop()
    pace.pause(Address("net", "1", "1"), 0.3)
    pace.pause(Address("net", "2", "2"), 0.3)  # two chats at once mean all of them
    began = loop.time()
    await pace.ready(row(3))
    assert loop.time() - began >= 0.3


async def test_a_network_in_trouble_is_tried_by_one_at_a_time_until_it_answers() -> None:
    """A hundred people wait for their answers: they do not fall upon it together, nor does an announcement."""
    pace, loop = Pace(Limits(overall=1000.0)), asyncio.get_running_loop()
    tried: list[float] = []
    down = True

    async def send(one: OutboxRow) -> None:
        await pace.ready(one)
        async with pace.sending(one):
            tried.append(loop.time())
            if down:
                raise Unknown("status 502")

    for number in range(IN_A_ROW):
        with pytest.raises(SendError):
            await send(row(number, REPLY))
    waiting = [asyncio.create_task(send(row(number, number % 2))) for number in range(IN_A_ROW, 100)]
    await asyncio.sleep(2.5)
    assert len(tried) <= IN_A_ROW + 3
    assert min(later - earlier for earlier, later in zip(tried[IN_A_ROW - 1 :], tried[IN_A_ROW:], strict=False)) >= 1.0
    down = False
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) >= 90
    assert len(tried) == 100
