"""One account sends a thousand messages in ten seconds, long ones among them: nobody else waits for it."""

import asyncio
import random
from collections import Counter
from pathlib import Path

from bot.floods import BURST
from tests.channels.citizen import Citizen
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.telegram_process import PATIENCE, Running
from tests.conftest import Figures
from tests.ordeal.canary import CANARY
from tests.ordeal.measured import evenly, percentile, waited
from tests.ordeal.scale import scaled

SECONDS = scaled(10, 3)
FLOOD = scaled(1_000, 300)
"""Messages within those seconds."""
OTHERS = 20
"""Messages of others in a second."""
LONGEST = (CANARY + " wann ist in Döhren etwas, und was kostet das? ") * 100
TEXTS = ("/umfrage", "1", "Wann ist der nächste Termin?", "/termine", LONGEST[:4096], "quatsch und noch mehr davon")


async def others(telegram: FakeTelegram, seconds: float) -> list[float]:
    """How long others wait for answers meanwhile, in seconds."""
    async with asyncio.TaskGroup() as everybody:
        waits = [
            everybody.create_task(waited(telegram.citizen(f"other{index}")))
            async for index in evenly(int(seconds * OTHERS), 1 / OTHERS)
        ]
    return [one.result() for one in waits]


async def flood(telegram: FakeTelegram, citizen: Citizen) -> None:
    """All those messages, evenly; one in fifty is longer than any app sends."""
    chance = random.Random(23)  # noqa: S311 - the same flood in every run
    async for index in evenly(FLOOD, SECONDS / FLOOD):
        if index % 50 == 49:
            telegram.push(
                {"message": telegram.chats.add_message(citizen.private, citizen.user, text=(LONGEST * 20)[: 64 * 1024])}
            )
        else:
            await citizen.say(chance.choice(TEXTS))


def words(citizen: Citizen) -> Counter[str]:
    """How many messages somebody got: answers, and that nothing more is read."""
    said = (message["text"] for message in citizen.private.sent)
    return Counter("told" if "in kurzer Zeit" in text else "answer" for text in said)


def memory(process: int) -> float:
    """Megabytes that a process has in memory."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def test_nobody_waits_for_somebody_who_floods_the_bot(
    telegram: FakeTelegram, running: Running, figures: Figures
) -> None:
    await running.start()
    await running.serves()
    curious = telegram.citizen("curious")
    await curious.say("xyzzy plugh")  # whose language that may be: the words of all languages are loaded
    await curious.answers(timeout=PATIENCE)
    await others(telegram, 3)
    before = memory(running.process.pid)
    quiet: list[float] = []
    meanwhile: list[float] = []
    flooding = [telegram.citizen(f"flooding{number}") for number in range(scaled(3, 1))]
    for citizen in flooding:
        quiet += await others(telegram, SECONDS)
        under_way = asyncio.create_task(flood(telegram, citizen))
        meanwhile += await others(telegram, SECONDS)
        await under_way
    async with asyncio.timeout(PATIENCE):
        while telegram.pending:
            await asyncio.sleep(0.1)
    grown = memory(running.process.pid) - before
    # What was read is answered, a message a second; the last word is that the rest was not read.
    async with asyncio.timeout(4 * BURST):
        while not all(words(citizen)["told"] for citizen in flooding):
            await asyncio.sleep(0.5)
    normal, flooded = (percentile(waits, 95) * 1000 for waits in (quiet, meanwhile))
    answered = max(words(citizen).total() for citizen in flooding)
    figures(
        f"{FLOOD:,} messages of one account in {SECONDS} s, {answered} answered, {len(flooding)} times; p95 of "
        f"{len(meanwhile)} others {flooded:.0f} ms, else {normal:.0f} ms; {grown:+.0f} MB"
    )
    for citizen in flooding:
        assert words(citizen)["told"] == 1
    assert answered <= 1.5 * (BURST + SECONDS)
    assert grown <= 50
    assert scaled(int(flooded), 0) <= normal * 1.2 + 5
    await running.stop()
    assert running.leaks(CANARY) == []
