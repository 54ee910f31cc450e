"""Which rooms are kept in memory: so many, and those that somebody has to do with; and that they are up to date."""

import asyncio
from weakref import ref

import msgspec
from aiohttp import web

from bot.channels.matrix.api import Api
from bot.channels.matrix.events import Event
from bot.channels.matrix.rooms import Rooms
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_way import way_to
from tests.channels.synapse import Homeserver


async def test_only_the_latest_rooms_are_kept_and_one_that_is_written_to_keeps_its_lock(
    synapse: Homeserver, name: str
) -> None:
    async with matrix_citizen(synapse, name) as anna:
        one, two, three = [await anna.creates_room(synapse.user_id(f"{name}-paul")) for _ in range(3)]
        api = Api(synapse.url)
        api.token = anna.login.token
        await api.open()
        try:
            rooms = Rooms(api, anna.user_id, lambda _: False, most=2)
            first = await rooms.get(one)
            async with first.sending:
                await rooms.get(two)
                await rooms.get(three)
                assert await rooms.get(one) is first, "whoever comes now has to wait for the lock"
            second, gone = ref(await rooms.get(two)), ref(first)
            del first
            await rooms.get(three)
            assert (gone(), second() is None) == (None, False)
            again = await rooms.get(one)
            assert (len(again.members), len(again.invited)) == (2, 1)
        finally:
            await api.close()


async def test_what_comes_while_the_homeserver_is_asked_about_a_room_is_not_overlooked(
    synapse: Homeserver, name: str
) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> None:
        if request.path.endswith("/state"):
            asked.set()
            await answered.wait()

    async with matrix_citizen(synapse, name) as anna, way_to(synapse) as way:
        room = await anna.creates_room(synapse.user_id(f"{name}-paul"))
        way.fault = slow
        api = Api(way.url)
        api.token = anna.login.token
        await api.open()
        try:
            rooms = Rooms(api, anna.user_id, lambda _: False)
            asking = asyncio.create_task(rooms.get(room))
            await asked.wait()
            for kind, key, content in (
                ("m.room.member", "@third:x", {"membership": "join"}),
                ("m.room.encryption", "", {"algorithm": "m.megolm.v1.aes-sha2"}),
            ):
                raw = msgspec.Raw(msgspec.json.encode(content))
                rooms.note(room, Event(kind, "@third:x", raw, state_key=key))
            answered.set()
            known = await asking
            assert ("@third:x" in known.members, known.encrypted) == (True, True)
            assert await rooms.get(room) is known
        finally:
            await api.close()
