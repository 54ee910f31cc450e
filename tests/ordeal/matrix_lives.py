"""What the ordeals of Matrix share: a bot that is killed again and again, and what people were told by it all the same.

Nobody says more between two of its lives than the bot reads of one person at once: more is a flood, which is another
ordeal.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from difflib import SequenceMatcher
from pathlib import Path

from tests.channels.matrix_conversation import ORDER, Citizen, is_at_home, told, until
from tests.channels.matrix_process import BotProcess, bot_process
from tests.channels.matrix_way import Way, way_to
from tests.channels.synapse import Homeserver
from tests.ordeal.canary import CANARY

Orders = dict[Citizen, dict[str, list[str]]]
"""What people have ordered of the bot, by room, in order: a change of the language each."""


@asynccontextmanager
async def bot_on_a_way(homeserver: Homeserver, bot: str, folder: Path) -> AsyncIterator[tuple[Way, BotProcess]]:
    """A way to the homeserver that can be watched and closed, and the bot, not started yet, that takes it."""
    async with (
        way_to(homeserver) as way,
        bot_process(homeserver, bot, folder, MITREDEN_MATRIX_HOMESERVER=way.url) as running,
    ):
        yield way, running


async def at_home(people: Sequence[Citizen], bot: str) -> list[str]:
    """A private room with the bot for each of them, in German; a few at a time, so that nobody waits for too long."""
    gate = asyncio.Semaphore(4)

    async def one(citizen: Citizen) -> str:
        async with gate:
            return await is_at_home(citizen, bot)

    return await asyncio.gather(*map(one, people))


async def lives_and_is_killed(running: BotProcess, chance: random.Random) -> None:
    """From its start to a kill -9, sometimes while it still starts, mostly while it is at work."""
    await running.starts()
    if chance.random() < 0.8:
        await running.is_ready()
    await asyncio.sleep(chance.uniform(0.05, 0.8))
    await running.is_killed()


async def orders(citizen: Citizen, room: str, languages: list[str], ordered: Orders) -> None:
    """Order one language after the other."""
    for language in languages:
        await citizen.says(ORDER + language, room)
        ordered.setdefault(citizen, {}).setdefault(room, []).append(language)


def answers(bot: str, ordered: Orders) -> int:
    """How many orders were confirmed so far, or whatever else was said in their place."""
    return sum(len(told(citizen, bot, room)) for citizen, rooms in ordered.items() for room in rooms)


def number(ordered: Orders) -> int:
    """How many orders there are."""
    return sum(len(languages) for rooms in ordered.values() for languages in rooms.values())


async def everything_is_answered(bot: str, ordered: Orders, seconds: float) -> None:
    """Wait until there are as many answers as orders; where they do not come, whoever compares them will say so."""
    for _ in range(int(seconds / 0.2)):
        if answers(bot, ordered) >= number(ordered):
            return
        await asyncio.sleep(0.2)


async def answered(bot: str, ordered: Orders, at_least: int) -> None:
    """Wait until so many orders are confirmed."""
    await until(lambda: answers(bot, ordered) >= at_least, 60, lambda: f"{answers(bot, ordered)} of {at_least}")


async def told_and_lost(bot: str, ordered: Orders) -> tuple[int, int, int]:
    """How many answers are missing, how many too many, how many unreadable: one in the wrong place is both of these.

    Waits for those that are still missing, and a little for one too many.
    """
    await everything_is_answered(bot, ordered, 60 + number(ordered) / 5)
    await asyncio.sleep(1.5)
    missing, too_many, unreadable = 0, 0, 0
    for citizen, rooms in ordered.items():
        for room, wanted in rooms.items():
            got = told(citizen, bot, room)
            unreadable += sum(bool(one.unreadable) for one in citizen.messages(room, bot))
            lost, more = differences(wanted, got)
            missing, too_many = missing + lost, too_many + more
    return missing, too_many, unreadable


def differences(wanted: list[str], got: list[str]) -> tuple[int, int]:
    """How many of what was wanted are missing in what was got, and how many are too many there."""
    if wanted == got:
        return 0, 0
    steps = SequenceMatcher(None, wanted, got, autojunk=False).get_opcodes()
    changed = [(last - first, to - from_) for kind, first, last, from_, to in steps if kind != "equal"]
    return sum(lost for lost, _ in changed), sum(more for _, more in changed)


def names(ordered: Mapping[Citizen, object], *others: Citizen) -> list[str]:
    """Who and where these people are: what no log may say."""
    people = [*ordered, *others]
    return [CANARY, *(one.user_id for one in people), *(room for one in people for room in one.joined)]
