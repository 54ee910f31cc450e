"""A room for which the homeserver has errors, or no answer: nobody else waits for it, and nothing there is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from bot.channels.matrix import side_by_side
from bot.channels.matrix.api import Api
from bot.channels.matrix.behind import Behind
from bot.channels.matrix.events import Sync, sync_in
from bot.channels.matrix.found import Found
from bot.channels.matrix.reading import TRIES, Reading
from bot.channels.matrix.rooms import Rooms
from bot.core.messages import Unknown
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import ORDER, TOLD, is_at_home, told, until
from tests.channels.matrix_way import Fault, way_to
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver

Read = Callable[[Sync], Awaitable[Found]]
ME, ANNA = "@bot:x", "@anna:x"
WELL, SICK, SICK_TOO = "!well:x", "!sick:x", "!too:x"


def sick(room: str, seconds: float) -> Fault:
    """Nothing can be learned of a room, and that after so long."""

    async def fault(request: web.Request) -> web.Response | None:
        asked = request.path.rpartition("/")[2] in {"state", "messages"}
        if not asked or f"/{room}/" not in request.path:
            return None
        await asyncio.sleep(seconds)
        return web.Response(status=504, text="Gateway Timeout")

    return fault


@pytest.mark.parametrize(
    ("seconds", "restarts"), [(0.0, False), (0.0, True), (60.0, True)], ids=["errors", "errors and stop", "silence"]
)
async def test_others_are_answered_at_once_and_nothing_is_lost_in_a_sick_room(  # noqa: PLR0917
    synapse: Homeserver,
    name: str,
    bot: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    restarts: bool,
) -> None:
    monkeypatch.setattr(side_by_side, "HELD_UP", 1.0)
    me = synapse.user_id(bot)
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(matrix_citizen(synapse, name))
        berta = await stack.enter_async_context(matrix_citizen(synapse, f"{name}-berta"))
        way = await stack.enter_async_context(way_to(synapse))
        running = await stack.enter_async_context(AsyncExitStack())
        await running.enter_async_context(serving(synapse, bot, tmp_path, url=way.url))
        home = await is_at_home(anna, me)
        room = await berta.creates_room(direct=True)
        way.fault = sick(room, seconds)
        before = way.count("/state")
        await berta.invites_in(me)
        await until(lambda: way.count("/state") > before, 20, lambda: "the bot has not come")
        await anna.says(f"{ORDER}en")
        await anna.hears(TOLD["en"], timeout=10)
        await berta.says(f"{ORDER}en")
        await anna.says(f"{ORDER}de")
        await anna.hears(TOLD["de"], timeout=5)
        assert not berta.messages(room, me)
        if restarts:
            await running.aclose()
        way.fault = None
        if restarts:
            await running.enter_async_context(serving(synapse, bot, tmp_path, url=way.url))
        await berta.hears("1 Deutsch", room=room)
        await berta.hears("1 Begin the survey", room=room)
        for citizen, answer in ((berta, "1 Begin the survey"), (anna, TOLD["en"])):
            await citizen.says(f"{ORDER}en")
            await citizen.hears(answer)
            await citizen.quiet(0.5)
        assert told(anna, me, home) == ["en", "de", "en"]
        assert len(berta.messages(room, me)) == 3


def news(token: str, *rooms: str) -> Sync:
    """Anna says something in each of these rooms."""
    said = {"type": "m.room.message", "sender": ANNA, "content": {"msgtype": "m.text", "body": "Guten Tag"}}
    joined = {room: {"timeline": {"events": [said | {"event_id": f"$in{room}"}]}} for room in rooms}
    return sync_in(msgspec.json.encode({"next_batch": token, "rooms": {"join": joined}}))


@pytest.fixture
async def read() -> AsyncIterator[Read]:
    """Reads a sync from "s1" on, on a homeserver that knows the state of one room and has errors for all others."""
    members = [
        {"type": "m.room.member", "sender": user, "state_key": user, "content": {"membership": "join"}}
        for user in (ME, ANNA)
    ]

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(members) if f"/{WELL}/" in request.path else web.Response(status=503)

    server = web.Application()
    server.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = Api(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await api.open()

    async def nothing_early(early: Found) -> None:
        assert not early.batch

    reads = Reading(api, Rooms(api, ME, lambda _: False), ME, frozenset(), {}, {}, Behind({}), "off", 60.0)
    try:
        yield lambda sync: reads.read(sync, "s1", nothing_early)
    finally:
        await api.close()
        await runner.cleanup()


async def test_a_room_that_fails_where_another_does_not_is_noted_to_be_read_later(read: Read) -> None:
    found = await read(news("s2", SICK, WELL))
    assert ([said.id for said in found.batch], found.facts) == ([f"$in{WELL}"], {f"gap {SICK}": "s1"})


async def test_where_all_rooms_fail_it_is_the_homeserver_and_nothing_moves_on(read: Read) -> None:
    for _ in range(2 * TRIES):
        with pytest.raises(Unknown):
            await read(news("s2", SICK, SICK_TOO))


async def test_the_only_room_with_news_has_to_fail_several_times(read: Read) -> None:
    for _ in range(TRIES - 1):
        with pytest.raises(Unknown):
            await read(news("s2", SICK))
    assert (await read(news("s2", SICK))).facts == {f"gap {SICK}": "s1"}
    with pytest.raises(Unknown):
        await read(news("s2", SICK_TOO))


async def test_what_is_known_to_be_well_says_that_it_is_not_the_homeserver(read: Read) -> None:
    await read(news("s2", WELL))
    assert (await read(news("s2", SICK, SICK_TOO))).facts == {f"gap {SICK}": "s1", f"gap {SICK_TOO}": "s1"}
