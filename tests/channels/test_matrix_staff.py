"""Who may speak as staff on Matrix: the exact Matrix ID on a homeserver named for it, in words nobody can forge."""

import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from bot import app as application
from bot.administration import Request, carry_out
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import is_at_home
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.matrix_way import way_to
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver

JOINED, UNKNOWN = "Sie gehören jetzt zum Team", "Dieser Code gilt nicht"

FOREIGN = [
    "evil.example",
    "mitreden.test.evil.example",
    "mitreden.test:8448",
    "Mitreden.test",
    "mltreden.test",
]


async def code_of(app: application.App) -> str:
    """A code as `mitreden staff invite --role admin` shows it."""
    reply = await carry_out(Request("invite", role="admin"), app.memory, app.clock.now())
    return reply.text.split("\n")[0]


async def staff_of(app: application.App) -> list[str]:
    return [member.address.user for member in await app.memory.staff()]


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_a_code_binds_the_exact_matrix_id_but_not_in_clear_where_it_should_be_encrypted(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_js_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path) as app:
        room = await is_at_home(anna, synapse.user_id(bot))
        code = await code_of(app)
        path = f"/_matrix/client/v3/rooms/{quote(room)}/send/m.room.message/{secrets.token_hex(8)}"
        await synapse.request("PUT", path, {"msgtype": "m.text", "body": code}, anna.token)
        await anna.hears(UNKNOWN)
        assert await staff_of(app) == []
        await anna.says(code)
        await anna.hears(JOINED)
        assert await staff_of(app) == [anna.user_id]
        await anna.says(code)  # once
        await anna.hears(UNKNOWN)


async def test_the_same_name_on_another_homeserver_is_somebody_else(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with way_to(synapse) as way, matrix_citizen(synapse, name) as anna:
        async with serving(synapse, bot, tmp_path, url=way.url) as app:
            code = await code_of(app)
            for server in FOREIGN:
                way.change = as_if_from(anna.user_id, f"@{name}:{server}")
                await anna.creates_room(synapse.user_id(bot), direct=True)
                await anna.hears("1 Deutsch")
                await anna.says(code)
                await anna.hears(UNKNOWN)
                assert await staff_of(app) == []
            way.change = None
        async with serving(synapse, bot, tmp_path, staff_servers=["stadt.example"]) as app:
            await anna.says(code)
            await anna.hears(UNKNOWN)
            assert await staff_of(app) == []
        async with serving(synapse, bot, tmp_path) as app:
            await anna.says(code)
            await anna.hears(JOINED)


def as_if_from(user_id: str, other: str) -> Callable[[str, bytes], bytes]:
    """What a homeserver tells of somebody, as if it were somebody else."""
    return lambda _path, body: body.replace(user_id.encode(), other.encode())


async def test_a_display_name_and_a_room_with_others_make_nobody_staff(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        matrix_citizen(synapse, name) as anna,
        matrix_citizen(synapse, f"{name}-mallory") as mallory,
        serving(synapse, bot, tmp_path) as app,
    ):
        await is_at_home(anna, me)
        await anna.says(await code_of(app))
        await anna.hears(JOINED)
        await is_at_home(mallory, me)
        looks_like = {"membership": "join", "displayname": anna.user_id}
        await mallory.sets_state("m.room.member", looks_like, mallory.user_id)
        await mallory.says("!hilfe")
        await mallory.hears()
        code = await code_of(app)
        together = await mallory.creates_room(me, anna.user_id)
        await anna.joins(together)
        await mallory.hears("!termine", room=together)
        await mallory.mentions(me, code, together)
        await mallory.hears(room=together)
        assert await staff_of(app) == [anna.user_id]
