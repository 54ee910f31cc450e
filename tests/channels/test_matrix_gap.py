"""What happened on Matrix while the bot was away: all of it handled, in order, and nothing that was not said to it.

Much longer gaps, with kills: tests/ordeal/test_matrix_kills.py.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import ORDER, TOLD, is_at_home, orders, settles, told, until
from tests.channels.matrix_process import bot_process
from tests.channels.matrix_way import way_to
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver

IN_EACH_ROOM = 30
BESIDE = 90
"""Messages there that are not for the bot: with them there are more than a sync shows of a room."""


async def says_all(citizen: MatrixCitizen, room: str, languages: list[str]) -> list[str]:
    """Order one language after the other, many at once; in which order the room has them."""
    said: set[str] = set()
    for start in range(0, len(languages), 25):
        said |= set(await asyncio.gather(*(citizen.says(ORDER + one, room) for one in languages[start : start + 25])))

    def heard() -> list[str]:
        return [one.text.removeprefix(ORDER) for one in citizen.messages(room) if one.event_id in said]

    await until(lambda: len(heard()) == len(said), 30, lambda: "the citizen does not see their own words")
    return heard()


async def all_is_told(citizen: MatrixCitizen, bot: str, room: str, wanted: list[str]) -> None:
    def so_far() -> str:
        return f"{len(told(citizen, bot, room))} of {len(wanted)}"

    await until(lambda: len(told(citizen, bot, room)) >= len(wanted), 30 + len(wanted) / 3, so_far)
    await citizen.quiet(0.5, room)
    assert told(citizen, bot, room) == wanted


async def test_gaps_in_several_rooms_are_filled_each_in_its_order(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        people = [await stack.enter_async_context(matrix_citizen(synapse, f"{name}-{number}")) for number in range(2)]
        async with serving(synapse, bot, tmp_path):
            rooms = [await is_at_home(person, synapse.user_id(bot)) for person in people]
        said = [orders(IN_EACH_ROOM, seed) for seed in range(len(people))]
        wanted = await asyncio.gather(*map(says_all, people, rooms, said))
        for person, room in zip(people, rooms, strict=True):
            for _ in range(BESIDE // 30):
                await asyncio.gather(*(person.notices("Ich bin ein anderes Programm.", room) for _ in range(30)))
        async with serving(synapse, bot, tmp_path):
            for person, room, languages in zip(people, rooms, wanted, strict=True):
                await all_is_told(person, synapse.user_id(bot), room, languages)


async def test_nobody_waits_while_the_gap_of_somebody_else_is_filled(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    """What others say is answered meanwhile; a kill in the middle loses nothing, and nothing is answered twice."""
    me = synapse.user_id(bot)
    filled = asyncio.Event()

    async def slow_to_look_back(request: web.Request) -> None:
        if request.path.endswith("/messages"):
            await filled.wait()

    async with (
        matrix_citizen(synapse, name) as anna,
        matrix_citizen(synapse, f"{name}-berta") as berta,
        way_to(synapse) as way,
        bot_process(synapse, bot, tmp_path, MITREDEN_MATRIX_HOMESERVER=way.url) as running,
    ):
        await running.starts()
        await running.is_ready()
        rooms = {citizen: await is_at_home(citizen, me) for citizen in (anna, berta)}
        await running.stops()
        for before in (True, False, False, False, False):  # the sync that was cut off is answered with what came first
            await asyncio.gather(*(berta.notices("Ich bin ein anderes Programm.") for _ in range(30)))
            if before:
                await berta.says(f"{ORDER}en")
        await anna.says(f"{ORDER}en")
        way.fault = slow_to_look_back
        await running.starts()
        await anna.hears(TOLD["en"])
        assert way.count("/messages") > 0
        await running.is_killed()
        filled.set()
        await running.starts()
        await until(lambda: bool(told(berta, me, rooms[berta])), 30, lambda: str(berta.transcript))
        await anna.quiet(0.5)
        assert [told(citizen, me, room) for citizen, room in rooms.items()] == [["en"], ["en"]]


async def test_what_was_said_before_the_bot_came_in_is_not_said_to_it(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_citizen(synapse, name) as anna:
        room = await anna.creates_room(direct=True)  # whoever comes in may read what was said before
        await says_all(anna, room, orders(30))
        await anna.invites_in(synapse.user_id(bot))
        async with serving(synapse, bot, tmp_path):
            await settles(anna, room)
            await anna.quiet(0.5)
        assert told(anna, synapse.user_id(bot), room) == []


async def test_a_bot_with_an_empty_database_answers_nothing_old_but_everything_from_then_on(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with matrix_citizen(synapse, name) as anna:
        async with serving(synapse, bot, tmp_path / "first"):
            room = await is_at_home(anna, me)
        await says_all(anna, room, orders(20))
        async with serving(synapse, bot, tmp_path / "second"):  # signed in, and away again before anybody wrote
            await anna.quiet(0.5)
        await anna.says("Guten Tag")
        wanted = await says_all(anna, room, orders(20, seed=8))
        async with serving(synapse, bot, tmp_path / "second"):
            # The bot knows nobody any more: it asks for the language, and says who it is in the first that it hears.
            await until(lambda: len(told(anna, me, room)) == 1 + 20, 30, lambda: str(anna.transcript))
            await anna.quiet(0.5)
        greetings = {"de": "Guten Tag", "en": "Hello"}
        asked, first, *others = told(anna, me, room)
        assert "1 Deutsch" in asked
        assert greetings[wanted[0]] in first
        assert len(others) == 19
