"""The homeserver that the tests of Matrix stand on: it starts, keeps what it was told, and hides nothing from us."""

import asyncio
import os

import aiohttp
import pytest

from tests.channels.synapse import Homeserver, Login


async def room_with(synapse: Homeserver, citizen: Login, *texts: str) -> str:
    """A room in which somebody has said so much."""
    room: str = (await synapse.request("POST", "/_matrix/client/v3/createRoom", {}, citizen.token))["room_id"]
    for number, text in enumerate(texts):
        path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{number}"
        await synapse.request("PUT", path, {"msgtype": "m.text", "body": text}, citizen.token)
    return room


async def bodies(synapse: Homeserver, citizen: Login, room: str) -> list[str]:
    """What is to be read there, oldest first."""
    path = f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=50"
    events = (await synapse.request("GET", path, token=citizen.token))["chunk"]
    return [event["content"]["body"] for event in reversed(events) if event["type"] == "m.room.message"]


async def test_what_was_sent_is_read_back_also_after_a_kill(synapse: Homeserver, name: str) -> None:
    citizen = await synapse.register(name)
    room = await room_with(synapse, citizen, "Guten Tag", "Grüße aus Linden")
    before = synapse.process_id
    await asyncio.to_thread(synapse.restart)
    assert synapse.process_id != before
    assert await bodies(synapse, citizen, room) == ["Guten Tag", "Grüße aus Linden"]


async def test_a_device_that_logs_in_again_stays_the_same_device(synapse: Homeserver, name: str) -> None:
    first = await synapse.register(name, "eigenes Wort")
    again = await synapse.login(name, "eigenes Wort", first.device_id)
    other = await synapse.login(name, "eigenes Wort")
    assert (again.user_id, again.device_id) == (first.user_id, first.device_id)
    assert other.device_id != first.device_id


async def test_text_in_the_database_is_found_however_long_or_spelt(synapse: Homeserver, name: str) -> None:
    citizen = await synapse.register(name)
    long = "".join(f"{name} Zeile {number}. " for number in range(1500))
    await room_with(synapse, citizen, long, f'Öffnen Sie "{name}"')
    assert synapse.text_in_database(long)
    assert "event_json.json" in synapse.places_in_database(f'Öffnen Sie "{name}"')
    assert not synapse.text_in_database(f"{name} hat das nie gesagt")


async def test_a_fresh_install_limits_who_writes_quickly_until_told_otherwise(
    limited_synapse: Homeserver, name: str
) -> None:
    citizen = await limited_synapse.register(name)
    with pytest.raises(aiohttp.ClientResponseError, match="M_LIMIT_EXCEEDED"):
        await room_with(limited_synapse, citizen, *["noch eine"] * 15)
    await limited_synapse.lift_rate_limits(citizen.user_id)
    room = await room_with(limited_synapse, citizen, *["noch eine"] * 15)
    assert len(await bodies(limited_synapse, citizen, room)) == 15


async def test_stopping_leaves_no_process(synapse: Homeserver) -> None:
    process_id = synapse.process_id
    synapse.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)
    synapse.start()
