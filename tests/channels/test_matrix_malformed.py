"""What malformed messages do on Matrix: after each one the next proper message is answered.

Many at once, among those of others: tests/ordeal/test_matrix_poison.py.
"""

import secrets
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.channels import matrix_malformed
from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import TOLD, is_at_home
from tests.channels.matrix_js_citizen import MatrixJsCitizen, matrix_js_citizen
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver

Sent = tuple[str, dict[str, object]]


async def is_answered(citizen: MatrixCitizen | MatrixJsCitizen, room: str, after: Sent) -> None:
    """The next message; where it is not answered, the test says after what."""
    await citizen.says("!sprache de", room)
    try:
        await citizen.hears(TOLD["de"], room=room)
    except AssertionError as silent:
        raise AssertionError(f"no answer after {str(after)[:3000]}") from silent


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_after_each_malformed_message_to_its_device_the_next_encrypted_message_is_answered(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        serving(synapse, bot, tmp_path),
        matrix_js_citizen(synapse, name) as anna,
        matrix_citizen(synapse, f"{name}-mallory") as mallory,
    ):
        room = await is_at_home(anna, me)
        (device,) = (await mallory.call("POST", "keys/query", {"device_keys": {me: []}}))["device_keys"][me].values()
        curve25519 = next(key for name, key in device["keys"].items() if name.startswith("curve25519"))
        for sent in matrix_malformed.to_device(curve25519):
            await mallory.sends_to_device(me, sent[0], sent[1])
            await is_answered(anna, room, sent)
        await anna.rotates()  # keys come through all that as well
        await is_answered(anna, room, ("rotation", {}))


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_after_each_malformed_encrypted_event_in_its_room_the_next_message_is_answered(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_js_citizen(synapse, name) as anna:
        async with serving(synapse, bot, tmp_path):
            room = await is_at_home(anna, synapse.user_id(bot))
            for type_, content in matrix_malformed.in_room():
                path = f"/_matrix/client/v3/rooms/{quote(room)}/send/{type_}/{secrets.token_hex(8)}"
                await synapse.request("PUT", path, content, anna.token)
                await is_answered(anna, room, (type_, content))
        async with serving(synapse, bot, tmp_path):
            await is_answered(anna, room, ("a restart", {}))
