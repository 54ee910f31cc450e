"""The process is killed while people talk to it on Matrix: every message is answered, once, in order, and readable."""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import Citizen, is_at_home
from tests.channels.matrix_conversation import orders as languages
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.matrix_process import bot_process
from tests.channels.synapse import Homeserver
from tests.conftest import Figures
from tests.ordeal.canary import CANARY
from tests.ordeal.matrix_lives import (
    Orders,
    answered,
    at_home,
    everything_is_answered,
    lives_and_is_killed,
    names,
    number,
    orders,
    told_and_lost,
)
from tests.ordeal.scale import scaled

PEOPLE, GAPS, KILLS = scaled(20, 4), scaled(4, 1), scaled(100, 3)
IN_A_GAP = 25
"""Messages of each of them while the bot is down."""
LONG_ROOMS = 2
"""So many of their rooms have more in a gap than one answer to a sync shows, most of it not meant for the bot."""
ENCRYPTED_KILLS = scaled(200, 4)
BETWEEN_KILLS = 5
SEND_KILLS, IN_EACH_ROOM = scaled(100, 2), 10
"""Answers in each of three rooms that each life of the process begins with, and is killed among."""


async def misses(citizen: MatrixCitizen, room: str, said: list[str], ordered: Orders, *, long: bool) -> None:
    """What happens in a room while the bot is down."""
    for language in said:
        if long:
            for _ in range(4):
                await citizen.notices("Ich bin ein anderes Programm.", room)
        await orders(citizen, room, [language], ordered)


async def test_plain_messages_survive_kills_and_gaps(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, figures: Figures
) -> None:
    """Nothing that anybody says is lost or handled twice, whatever is killed when, and however long nobody listened."""
    me, chance, ordered = synapse.user_id(bot), random.Random(17), Orders()  # noqa: S311 - the same kills in every run
    async with bot_process(synapse, bot, tmp_path) as running, AsyncExitStack() as stack:
        paul = await stack.enter_async_context(matrix_citizen(synapse, f"{name}-paul"))
        people = [await stack.enter_async_context(matrix_citizen(synapse, f"{name}-{one}")) for one in range(PEOPLE)]
        await running.starts()
        await running.is_ready()
        await is_at_home(paul, me)
        rooms = await at_home(people, me)
        await running.is_killed()
        for gap in range(GAPS):
            await paul.says(CANARY)
            await asyncio.gather(
                *(
                    misses(person, room, languages(IN_A_GAP, gap), ordered, long=index < LONG_ROOMS)
                    for index, (person, room) in enumerate(zip(people, rooms, strict=True))
                )
            )
            for _ in range(KILLS // GAPS - 1):
                who = chance.randrange(PEOPLE)
                said = orders(people[who], rooms[who], languages(1, chance.randrange(99)), ordered)
                await asyncio.gather(lives_and_is_killed(running, chance), said)
            await running.starts()
            await everything_is_answered(me, ordered, 120)
            await running.is_killed()
        await running.starts()
        await running.is_ready()
        missing, too_many, _ = await told_and_lost(me, ordered)
        await running.stops()
        leaks = running.leaks(*names(ordered, paul), name)
    figures(
        f"{GAPS * (KILLS // GAPS)} kills, {GAPS} gaps of {PEOPLE * IN_A_GAP} messages, {number(ordered):,} messages: "
        f"{missing} lost or out of order, {too_many} twice, {len(leaks)} words in the log"
    )
    assert (missing, too_many, leaks) == (0, 0, [])


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_encrypted_messages_survive_kills(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, figures: Figures
) -> None:
    """No message is lost, and none becomes undecryptable, also where its key came just before a kill."""
    me, chance, ordered = synapse.user_id(bot), random.Random(11), Orders()  # noqa: S311 - as above
    rotations = 0
    async with bot_process(synapse, bot, tmp_path) as running, matrix_js_citizen(synapse, name) as anna:
        await running.starts()
        await running.is_ready()
        await is_at_home(anna, me)
        await anna.says(CANARY)
        await anna.hears()
        room = await is_at_home_again(anna, me)
        await running.is_killed()

        async def says_some() -> None:
            nonlocal rotations
            for language in languages(BETWEEN_KILLS, chance.randrange(99)):
                if chance.random() < 0.2:
                    await anna.rotates(room)
                    rotations += 1
                await orders(anna, room, [language], ordered)
                await asyncio.sleep(chance.uniform(0.0, 0.6))

        for life in range(1, ENCRYPTED_KILLS + 1):
            if life % 4:
                await asyncio.gather(lives_and_is_killed(running, chance), says_some())
            else:
                await asyncio.gather(running.starts(), says_some())
                await everything_is_answered(me, ordered, 60)
                await running.is_killed()
        await running.starts()
        await running.is_ready()
        missing, too_many, unreadable = await told_and_lost(me, ordered)
        in_clear = sum(not one.encrypted for one in anna.messages(room))
        await running.stops()
        undecipherable = running.log.count('"undecipherable"')
        leaks = running.leaks(*names(ordered), name)
    figures(
        f"{ENCRYPTED_KILLS} kills, {number(ordered):,} messages, {rotations} new keys in between: {missing} missing, "
        f"{too_many} twice, {undecipherable} undecryptable for the bot, {unreadable} for the citizen, "
        f"{len(leaks)} words in the log"
    )
    assert (missing, too_many, undecipherable, unreadable, in_clear, leaks) == (0, 0, 0, 0, 0, [])


@pytest.mark.usefixtures("matrix_js_sdk")
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_answers_survive_kills(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, figures: Figures, *, encrypted: bool
) -> None:
    """Every answer is sent, and none twice, also where it stays open whether the homeserver had taken it."""
    me, chance, ordered = synapse.user_id(bot), random.Random(13), Orders()  # noqa: S311 - as above
    person = matrix_js_citizen(synapse, name) if encrypted else matrix_citizen(synapse, name)
    async with bot_process(synapse, bot, tmp_path) as running, person as anna:
        await running.starts()
        await running.is_ready()
        await is_at_home(anna, me)
        await anna.says(CANARY)
        await anna.hears()
        rooms = [await is_at_home_again(anna, me) for _ in range(3)]
        await running.is_killed()
        for life in range(SEND_KILLS):
            await asyncio.gather(
                *(
                    orders(anna, room, languages(IN_EACH_ROOM, life + place), ordered)
                    for place, room in enumerate(rooms)
                )
            )
            earlier = number(ordered) - 3 * IN_EACH_ROOM
            await running.starts()
            await answered(me, ordered, earlier + chance.randrange(1, 25))
            await asyncio.sleep(chance.uniform(0.0, 0.1))
            await running.is_killed()
        await running.starts()
        await running.is_ready()
        missing, too_many, unreadable = await told_and_lost(me, ordered)
        await running.stops()
        leaks = running.leaks(*names(ordered), name)
    figures(
        f"{SEND_KILLS} kills, {number(ordered):,} answers: {missing} missing or out of order, {too_many} twice, "
        f"{unreadable} unreadable, {len(leaks)} words in the log"
    )
    assert (missing, too_many, unreadable, leaks) == (0, 0, 0, [])


async def is_at_home_again(citizen: Citizen, bot: str) -> str:
    """One more private room, in German, of somebody whom the bot knows, in which nothing waits for an answer."""
    room = await citizen.creates_room(bot, direct=True)
    await citizen.hears("1 ", room=room)
    await citizen.says("!sprache de", room)
    await citizen.hears(room=room)
    await citizen.says("zurück", room)
    await citizen.hears("Was ich kann", room=room)
    return room
