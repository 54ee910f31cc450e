"""Encrypted rooms on Matrix, with another library at the other end: who can read what, and what the keys go through."""

import asyncio
import json
import secrets
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from storage import tables
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import TOLD, is_at_home
from tests.channels.matrix_js_citizen import MatrixJsCitizen, matrix_js_citizen
from tests.channels.matrix_way import way_to
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver
from tests.stored import rows

pytestmark = pytest.mark.usefixtures("matrix_js_sdk")


async def asks(citizen: MatrixJsCitizen, room: str = "") -> None:
    """Say something that is answered, and read the answer."""
    await citizen.says("!sprache de", room)
    heard = await citizen.hears(TOLD["de"], room=room)
    assert (heard.encrypted, heard.shield) == (True, "NONE")


async def test_its_device_is_signed_after_the_first_start_and_a_second_start_uploads_nothing(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with way_to(synapse) as way, matrix_js_citizen(synapse, name) as anna:
        async with serving(synapse, bot, tmp_path, url=way.url):
            await is_at_home(anna, me)
            (device,) = (await anna.devices_of(me)).values()
            assert device["signed"]
        assert (way.count("keys/upload"), way.count("keys/device_signing/upload"), way.count("login")) == (1, 1, 1)
        way.passed.clear()
        async with serving(synapse, bot, tmp_path, url=way.url):
            await anna.says("!sprache de")
            await anna.hears(TOLD["de"])
        assert [path for _, path, _ in way.passed if "upload" in path or "login" in path] == []


async def test_keys_may_change_with_every_message(synapse: Homeserver, name: str, bot: str, tmp_path: Path) -> None:
    async with serving(synapse, bot, tmp_path), matrix_js_citizen(synapse, name) as anna:
        await is_at_home(anna, synapse.user_id(bot))
        for _ in range(3):
            await anna.rotates()
            await asks(anna)


async def test_a_new_device_of_the_citizen_reads_the_very_next_answer(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with serving(synapse, bot, tmp_path), matrix_js_citizen(synapse, name) as anna:
        room = await is_at_home(anna, synapse.user_id(bot))
        await asks(anna)
        # On her phone now, which she has not compared with the other one yet.
        async with matrix_js_citizen(synapse, name, only_signed=False, cross_sign=False, login=True) as phone:
            phone.room = room
            await asks(phone, room)
        await asks(anna)


async def test_who_has_left_the_room_cannot_read_what_follows(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        serving(synapse, bot, tmp_path),
        matrix_js_citizen(synapse, name) as anna,
        matrix_js_citizen(synapse, f"{name}-paul") as paul,
    ):
        room = await anna.creates_room(me, paul.user_id, direct=False)
        await paul.joins(await paul.is_invited())
        await anna.hears("!termine")
        await anna.says("!hilfe")
        assert "!umfrage" in (await paul.hears("!umfrage", sender=me)).text
        first = anna.messages(sender=me)[-1].raw["content"]["session_id"]
        await paul.leaves(room)
        await anna.sees("m.room.member", state_key=paul.user_id)
        await asyncio.sleep(0.5)
        before = len(paul.to_device)
        await anna.says("!sprache de")  # they are alone with the bot now
        await anna.hears(sender=me)
        second = anna.messages(sender=me)[-1].raw["content"]["session_id"]
        assert second != first
        assert [message for message in paul.to_device[before:] if message["type"] == "m.room.encrypted"] == []


async def test_key_sharing_that_hangs_frees_the_room_again(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    hung = asyncio.Event()

    async def never_claims(request: web.Request) -> web.Response | None:
        if "keys/claim" in request.path:
            hung.set()
            await asyncio.sleep(60)
        return None

    async with (
        way_to(synapse) as way,
        matrix_citizen(synapse, f"{name}-paul") as paul,
        matrix_js_citizen(synapse, name) as anna,
        serving(synapse, bot, tmp_path, url=way.url, longest_send=2.0),
    ):
        way.fault = never_claims
        await anna.creates_room(synapse.user_id(bot))
        await asyncio.wait_for(hung.wait(), 20)
        await is_at_home(paul, synapse.user_id(bot))  # others are served meanwhile
        way.fault = None
        await anna.hears("1 Deutsch", timeout=40)
        await anna.says("1")
        await anna.hears("1 Umfrage beginnen")


async def test_what_cannot_be_decrypted_gets_one_sentence_a_day(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    rubbish = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6q", "session_id": "Xsomewhere"}

    async def cannot_be_read(anna: MatrixJsCitizen) -> None:
        path = f"/_matrix/client/v3/rooms/{quote(anna.room)}/send/m.room.encrypted/{secrets.token_hex(8)}"
        await synapse.request("PUT", path, rubbish, anna.token)

    async with serving(synapse, bot, tmp_path, patience=1.0), matrix_js_citizen(synapse, name) as anna:
        await is_at_home(anna, synapse.user_id(bot))
        await cannot_be_read(anna)
        await asyncio.sleep(1.2)
        await anna.says("!sprache de")  # whatever happens next makes the bot look again
        await anna.hears("konnte ich nicht entschlüsseln")
        for _ in range(3):
            await cannot_be_read(anna)
        await asyncio.sleep(1.2)
        await asks(anna)
        assert sum("konnte ich nicht entschlüsseln" in one.text for one in anna.messages()) == 1


async def test_messages_that_do_not_name_their_device_are_read(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    """`sender_key` and `device_id` may be left out: https://spec.matrix.org/latest/client-server-api/#mmegolmv1aes-sha2"""
    stripped = 0

    def without_names(path: str, body: bytes) -> bytes:
        nonlocal stripped
        if not path.endswith("/sync"):
            return body
        answer = json.loads(body)
        for room in answer.get("rooms", {}).get("join", {}).values():
            for event in room["timeline"]["events"]:
                if event["type"] == "m.room.encrypted" and event["sender"] != synapse.user_id(bot):
                    stripped += event["content"].pop("sender_key", None) is not None
                    event["content"].pop("device_id", None)
        return json.dumps(answer).encode()

    async with way_to(synapse) as way, matrix_js_citizen(synapse, name) as anna:
        way.change = without_names
        async with serving(synapse, bot, tmp_path, url=way.url):
            await is_at_home(anna, synapse.user_id(bot))
            await asks(anna)
    assert stripped


async def test_a_ciphertext_that_the_homeserver_shows_again_is_no_second_message(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    replayed = 0

    def shown_twice(path: str, body: bytes) -> bytes:
        nonlocal replayed
        if not path.endswith("/sync"):
            return body
        answer = json.loads(body)
        for room in answer.get("rooms", {}).get("join", {}).values():
            events = room["timeline"]["events"]
            again = [
                {**event, "event_id": f"${secrets.token_hex(16)}"}
                for event in events
                if event["type"] == "m.room.encrypted" and event["sender"] != synapse.user_id(bot)
            ]
            replayed += len(again)
            events += again
        return json.dumps(answer).encode()

    async with (
        way_to(synapse) as way,
        matrix_js_citizen(synapse, name) as anna,
        serving(synapse, bot, tmp_path, url=way.url),
    ):
        await is_at_home(anna, synapse.user_id(bot))
        way.change = shown_twice
        await asks(anna)
        await anna.quiet(1.0)
    assert replayed


async def test_an_old_copy_of_the_store_leads_to_a_new_device_and_a_word_in_the_log(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    me = synapse.user_id(bot)
    store, copy = tmp_path / "matrix", tmp_path / "copy"
    async with matrix_js_citizen(synapse, name) as anna:
        async with serving(synapse, bot, tmp_path):
            room = await is_at_home(anna, me)
            (first,) = await anna.devices_of(me)
            await asyncio.to_thread(copies, store, copy)
            login = json.loads((store / "session.json").read_bytes())
            # Somebody takes most of its one-time keys, so that it makes and uploads others.
            await take_keys(synapse, anna, me, first, 30)
            await asks(anna)
            await asks(anna)
        await asyncio.to_thread(copies, copy, store)
        async with serving(synapse, bot, tmp_path):
            await take_keys(synapse, anna, me, first, 30)
            await anna.says("!sprache en", room)
            await anna.hears(TOLD["en"], room=room, timeout=40)
        devices = set(await anna.devices_of(me)) - {first}
        assert len(devices) == 1
        assert json.loads((store / "session.json").read_bytes())["device"] in devices
        assert login["device"] == first
    assert "keys_clash" in capsys.readouterr().out


async def test_while_the_keys_are_opened_anew_an_answer_waits_and_nobody_counts_as_gone(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    """As after the disk was full: a message may just be about to be enciphered."""
    async with matrix_js_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path) as app:
        room = await is_at_home(anna, synapse.user_id(bot))
        (before,) = await rows(tmp_path, tables.people)
        channel: Any = app.outbox._channels["matrix"]  # noqa: SLF001 - nobody else has reason to
        async with (await channel._rooms.get(room)).sending:  # noqa: SLF001 - as above
            await anna.says("!sprache de", room)
            async with asyncio.timeout(20):
                while not app.outbox._lanes:  # noqa: SLF001 - as above
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            channel._close_keys()  # noqa: SLF001 - as above
        await anna.hears(TOLD["de"], room=room, timeout=40)
        assert not before.stopped
        assert not any(person.stopped for person in await rows(tmp_path, tables.people))


def copies(one: Path, other: Path) -> None:
    """Put a copy of a folder where another one may have been."""
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(one, other)


async def take_keys(synapse: Homeserver, citizen: MatrixJsCitizen, user: str, device: str, number: int) -> None:
    """Begin so many sessions that nobody goes on with."""
    asked = {"one_time_keys": {user: {device: "signed_curve25519"}}}
    for _ in range(number):
        await synapse.request("POST", "/_matrix/client/v3/keys/claim", asked, citizen.token)
