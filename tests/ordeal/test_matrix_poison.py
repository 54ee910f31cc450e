"""Whatever strangers send on Matrix, to the bot's device or into rooms with it, costs nobody else an answer."""

import asyncio
import random
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.channels import matrix_malformed
from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import Citizen, is_at_home
from tests.channels.matrix_conversation import orders as languages
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.matrix_process import bot_process
from tests.channels.synapse import Homeserver
from tests.conftest import Figures
from tests.ordeal.canary import CANARY
from tests.ordeal.matrix_lives import Orders, at_home, names, number, orders, told_and_lost
from tests.ordeal.scale import scaled

PEOPLE, EACH = scaled(12, 3), scaled(35, 6)
ROUNDS, MESSAGES = scaled(10, 1), scaled(1_000, 40)
MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_malformed_messages_among_ordinary_ones_restart_nothing_and_everybody_is_answered(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, figures: Figures
) -> None:
    """What crashed the library below, and what no program sends, costs nobody else an answer or a moment's trust."""
    me, chance, ordered = synapse.user_id(bot), random.Random(29), Orders()  # noqa: S311 - the same in every run
    async with bot_process(synapse, bot, tmp_path) as running, AsyncExitStack() as stack:
        anna = await stack.enter_async_context(matrix_js_citizen(synapse, name))
        mallory = await stack.enter_async_context(matrix_citizen(synapse, f"{name}-mallory"))
        people: list[Citizen] = [
            await stack.enter_async_context(matrix_citizen(synapse, f"{name}-{one}")) for one in range(PEOPLE)
        ]
        await running.starts()
        await running.is_ready()
        everybody: list[Citizen] = [anna, *people]
        homes = await at_home(everybody, me)
        rooms = dict(zip(everybody, homes, strict=True))
        own = await is_at_home(mallory, me, power_level_content_override={"events": {}})
        sealed = await mallory.creates_room(
            me, initial_state=[{"type": "m.room.encryption", "state_key": "", "content": MEGOLM}]
        )
        payloads = [one for _ in range(ROUNDS) for one in await sealed_payloads(mallory, me, sealed)]
        payloads += [mallory.sends(kind, {"canary": CANARY, **content}, own) for kind, content in malformed()]
        chance.shuffle(payloads)
        poison = asyncio.create_task(poured(payloads))
        await asyncio.gather(
            *(orders(one, room, languages(EACH, place), ordered) for place, (one, room) in enumerate(rooms.items()))
        )
        poured_in = await poison
        await orders(anna, rooms[anna], ["de"], ordered)
        missing, too_many, unreadable = await told_and_lost(me, ordered)
        starts = running.log.count('"started"')
        await running.stops()
        leaks = running.leaks(*names(ordered, mallory), name)
    figures(
        f"{poured_in:,} malformed among {number(ordered)} ordinary messages: {starts - 1} restarts, {missing} without "
        f"an answer, {too_many} too many, {unreadable} unreadable, {len(leaks)} words in the log"
    )
    assert (starts, missing, too_many, unreadable, leaks) == (1, 0, 0, 0, [])


async def sealed_payloads(mallory: MatrixCitizen, bot: str, sealed: str) -> list[Awaitable[object]]:
    """What is said to be encrypted, for the bot's device and in a room that is encrypted."""
    (device,) = (await mallory.call("POST", "keys/query", {"device_keys": {bot: []}}))["device_keys"][bot].values()
    curve25519 = next(key for named, key in device["keys"].items() if named.startswith("curve25519"))
    to_device = [
        mallory.sends_to_device(bot, kind, {"canary": CANARY, **content})
        for kind, content in matrix_malformed.to_device(curve25519)
    ]
    in_room = [
        mallory.sends(kind, {"canary": CANARY, **content}, sealed) for kind, content in matrix_malformed.in_room()
    ]
    return [*to_device, *in_room]


def malformed() -> list[tuple[str, dict[str, object]]]:
    """Events of the types that the bot reads, without those that would put it, or their sender, out of the room."""
    return [one for one in matrix_malformed.messages(MESSAGES) if one[0] != "m.room.tombstone"]


async def poured(payloads: list[Awaitable[object]]) -> int:
    """Send them, some at once; how many the homeserver let through."""
    passed = 0
    for start in range(0, len(payloads), 8):
        sent = await asyncio.gather(*payloads[start : start + 8], return_exceptions=True)
        for one in sent:
            if isinstance(one, BaseException) and not isinstance(one, aiohttp.ClientResponseError):
                raise one
        passed += sum(not isinstance(one, BaseException) for one in sent)
    return passed
