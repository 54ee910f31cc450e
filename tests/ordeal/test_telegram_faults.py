"""A network that answers late, not at all, or nonsense: what goes once goes once, and the bot answers again soon."""

import asyncio
import random
from itertools import count
from pathlib import Path
from typing import Any

from tests.channels.fake_telegram import FakeTelegram
from tests.channels.recipients import confirmed, remind, wanting_news
from tests.channels.serving import serving
from tests.channels.telegram_process import NOW, PATIENCE, Running
from tests.conftest import Figures
from tests.ordeal.canary import CANARY, NEWS
from tests.ordeal.measured import dealt_with, fates
from tests.ordeal.scale import scaled
from tests.talk import FrozenClock

FAULTS: list[dict[str, Any]] = [
    {"kind": "late", "seconds": 2.0},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": 500},
    {"kind": 502},
    {"kind": "not_json"},
    {"kind": 429, "retry_after": 1},
]


async def asking(telegram: FakeTelegram, over: asyncio.Event) -> int:
    """Citizens who ask something meanwhile, twenty a second, and all get an answer; how many."""
    asked = []
    for number in count():
        if over.is_set():
            break
        asked.append(telegram.citizen(f"asking{number}"))
        await asked[-1].say(f"/impressum {CANARY}")
        await asyncio.sleep(0.05)
    for citizen in asked:
        await citizen.answers(timeout=60)
    return len(asked)


async def test_what_goes_once_is_sent_once_whatever_becomes_of_requests(
    telegram: FakeTelegram, tmp_path: Path, figures: Figures
) -> None:
    """Every second message meets a fault: an answer after our patience is over, a reset, an error, a page of HTML."""
    many, chance = scaled(1_000, 100), random.Random(19)  # noqa: S311 - the same faults in every run
    async with serving(telegram, tmp_path, None, NOW, patience=1.0) as app:
        people = await wanting_news(telegram, app.memory, many // 2, NOW)
        await remind(app.memory, people, NOW)
        await confirmed(app.memory, NEWS, NOW)
        for one in people:
            for fault in chance.sample(FAULTS, chance.choice([0, 1, 2])):
                telegram.fault("sendMessage", chat_id=int(one.address.room), **fault)
        over, clock = asyncio.Event(), app.clock
        assert isinstance(clock, FrozenClock)
        others = asyncio.create_task(asking(telegram, over))
        async with asyncio.timeout(scaled(600, 120)):
            while dealt_with(await fates(tmp_path)) < many:
                await app.duties.remind()
                await app.duties.announce()
                await app.duties.send()
                await asyncio.sleep(0.1)
                clock.pass_time(seconds=0.1)  # what was refused for a second is due again after it
        over.set()
        asked = await others
        await app.outbox.idle()
    states = await fates(tmp_path)
    times = [0, 0, 0]
    for one in people:
        texts = [message["text"][:11] for message in telegram.sent(int(one.address.room))]
        for text in ("Erinnerung ", "Es gibt Neu"):
            times[texts.count(text)] += 1
    unclear = states["unknown"]
    figures(
        f"{many:,} sends, half of them against faults: {times[2]} duplicates, {times[0]} not delivered, {unclear} "
        f"listed as unclear; {asked} people asked something meanwhile, all were answered"
    )
    assert times[2] == 0
    assert unclear >= times[0]
    assert states["sent"] + unclear == many


OUTAGES: dict[str, dict[str, Any]] = {
    "502 with a page of HTML": {"kind": 502},
    "refused connections": {},
    "401": {"kind": 401},
    "404": {"kind": 404},
    "409": {"kind": 409},
    "429": {"kind": 429, "retry_after": 3},
    "500": {"kind": 500},
    "200 with a page of HTML": {"kind": "not_json"},
    "resets": {"kind": "reset_before"},
    "no answers at all": {"kind": "late", "seconds": 3600.0},
}
"""What everything that is asked of Telegram comes to for a while."""
FOR_EVER = 1_000_000


async def test_after_every_outage_the_same_process_answers_again_within_a_minute(
    telegram: FakeTelegram, tmp_path: Path, running: Running, figures: Figures
) -> None:
    """Twenty people wait for answers while it lasts, and it is asked for at most once a second."""
    seconds, loop = scaled(20, 4), asyncio.get_running_loop()
    await running.start()
    await running.serves()
    told = []
    for name in list(OUTAGES)[: scaled(len(OUTAGES), 2)]:
        waiting = [telegram.citizen(f"waiting{number}") for number in range(20)]
        telegram.fault("sendMessage", FOR_EVER, 502)
        for citizen in waiting:
            await citizen.say(f"/impressum {CANARY}")
        async with asyncio.timeout(PATIENCE):
            while telegram.pending:
                await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)  # everybody's answer has been tried once
        telegram.clear_faults()
        if OUTAGES[name]:
            telegram.fault(None, FOR_EVER, **OUTAGES[name])
        else:
            await telegram.unplug()
        before = len(telegram.calls)
        await asyncio.sleep(seconds)
        asked = len(telegram.calls) - before
        telegram.clear_faults()
        if not OUTAGES[name]:
            await telegram.plug_in()
        over = loop.time()
        await waiting[0].say("/hilfe")
        async with asyncio.timeout(PATIENCE):
            while len(waiting[0].private.sent) < 2 or not all(citizen.private.sent for citizen in waiting):
                await asyncio.sleep(0.05)
        took = loop.time() - over
        told.append(f"{name} {took:.0f} s ({asked / seconds:.1f}/s)")
        assert scaled(asked, 0) <= seconds, f"{name}: asked {asked} times in {seconds} s"
    figures("answers again after " + ", ".join(told))
    await running.stop()
    assert (tmp_path / "log").read_text(encoding="utf-8").count('"started"') == 1
    assert running.leaks() == []
