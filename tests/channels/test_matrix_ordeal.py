"""The process is killed while people talk to it on Matrix: every message is answered, once, in order, and readable.

Small in CI; MITREDEN_MATRIX_MESSAGES=200 and MITREDEN_MATRIX_KILLS=10, MITREDEN_MATRIX_REPLIES=300 make it the whole
ordeal.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import Citizen, is_at_home, orders, told, until
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.matrix_process import BotProcess
from tests.channels.synapse import Homeserver

MESSAGES = int(os.environ.get("MITREDEN_MATRIX_MESSAGES", "20"))
KILLS = int(os.environ.get("MITREDEN_MATRIX_KILLS", "2"))
REPLIES = int(os.environ.get("MITREDEN_MATRIX_REPLIES", "24"))
KILLS_WHILE_REPLYING = 3 if REPLIES >= 300 else 2


@pytest.fixture
async def running(synapse: Homeserver, bot: str, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """The bot as a process, not started yet."""
    process = BotProcess(synapse, bot, tmp_path)
    yield process
    await process.is_gone()


async def is_killed_again_and_again(running: BotProcess, kills: int, chance: random.Random) -> None:
    for _ in range(kills):
        # Sometimes while it still starts, mostly while it is at work.
        if chance.random() < 0.8:
            await running.is_ready()
        await asyncio.sleep(chance.uniform(0.1, 1.5))
        await running.is_killed()
        await running.starts()


async def all_is_told(citizen: Citizen, bot: str, room: str, wanted: list[str], seconds: float) -> None:
    """Wait for that many answers, and a little for one too many; they are exactly these."""
    await until(
        lambda: len(told(citizen, bot, room)) >= len(wanted), seconds, lambda: "\n".join(citizen.transcript_of(room))
    )
    await citizen.quiet(1.0, room)
    assert told(citizen, bot, room) == wanted


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_kill_9_loses_no_encrypted_message_and_none_becomes_undecryptable(
    synapse: Homeserver, name: str, bot: str, running: BotProcess
) -> None:
    chance, wanted = random.Random(11), orders(MESSAGES)  # noqa: S311 - the same kills in every run
    await running.starts()
    async with matrix_js_citizen(synapse, name) as anna:
        room = await is_at_home(anna, synapse.user_id(bot))
        killing = asyncio.create_task(is_killed_again_and_again(running, KILLS, chance))
        for number, language in enumerate(wanted):
            await anna.says(f"!sprache {language}")
            if number % 7 == 6:
                await anna.rotates()
            await asyncio.sleep(chance.uniform(0.0, 2 * 3.0 * KILLS / MESSAGES))
        await killing
        await all_is_told(anna, synapse.user_id(bot), room, wanted, MESSAGES)
        assert all(one.encrypted for one in anna.messages(room))
    assert '"undecipherable"' not in running.log


@pytest.mark.usefixtures("matrix_js_sdk")
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_kill_9_loses_no_answer_and_sends_none_twice(
    synapse: Homeserver, name: str, bot: str, running: BotProcess, encrypted: bool
) -> None:
    chance, each = random.Random(13), REPLIES // 3  # noqa: S311 - as above
    person = matrix_js_citizen(synapse, name) if encrypted else matrix_citizen(synapse, name)
    await running.starts()
    async with person as anna:
        rooms = {await is_at_home(anna, synapse.user_id(bot)): orders(each, seed=0)}
        for seed in (1, 2):
            room = await anna.creates_room(synapse.user_id(bot), direct=True)
            await anna.hears("1 ", room=room)
            await anna.says("!sprache de", room)
            await anna.hears("1 ", room=room)
            await anna.says("zurück", room)
            await anna.hears("Was ich kann", room=room)
            rooms[room] = orders(each, seed)
        await running.is_killed()
        for messages in zip(*rooms.values(), strict=True):
            for room, language in zip(rooms, messages, strict=True):
                await anna.says(f"!sprache {language}", room)
        await running.starts()
        await is_killed_again_and_again(running, KILLS_WHILE_REPLYING, chance)
        for room, wanted in rooms.items():
            await all_is_told(anna, synapse.user_id(bot), room, wanted, 20 + each / 2)
