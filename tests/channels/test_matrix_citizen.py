"""The people that the tests of Matrix send: what they do is seen, and what they wait for is what came after."""

import asyncio

import pytest

from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.synapse import Homeserver


async def test_two_people_talk_in_every_way_that_an_app_offers(synapse: Homeserver, name: str) -> None:
    async with matrix_citizen(synapse, name) as erika, matrix_citizen(synapse, f"{name}-paul") as paul:
        room = await erika.creates_room(paul.user_id, direct=True)
        assert await paul.is_invited(by=erika.user_id) == room
        await paul.joins(room)
        said = await erika.says("Guten Tag")
        heard = await paul.hears("Guten")
        assert (heard.event_id, heard.sender, heard.msgtype) == (said, erika.user_id, "m.text")
        await paul.replies(said, "Auch guten Tag")
        assert (await erika.hears("Auch")).reply_to == said
        await erika.edits(said, "Guten Abend")
        assert (await paul.hears("Abend")).edits == said
        in_thread = await paul.says_in_thread(said, "nebenbei")
        assert (await erika.hears("nebenbei")).thread == said
        await erika.reacts(in_thread, "👍")
        await paul.sees("m.reaction")
        await erika.mentions(paul.user_id, "hören Sie?")
        assert (await paul.hears("hören")).mentions == [paul.user_id]
        await erika.notices("eine Notiz")
        assert (await paul.hears("eine Notiz")).msgtype == "m.notice"
        await erika.shows("m.image")
        assert (await paul.hears("bild.png")).content["url"].startswith("mxc://")
        await erika.redacts(said)
        await paul.sees("m.room.redaction")
        await erika.sends_to_device(paul.user_id, "de.hannover.test", {"text": "nur für Geräte"})
        await erika.kicks(paul.user_id)
        await erika.sees("m.room.member", state_key=paul.user_id)
        assert (await erika.members())[paul.user_id] == "leave"
        assert paul.to_device[0]["content"] == {"text": "nur für Geräte"}
        own, other = "> Guten Tag", f"< {name}-paul: Auch guten Tag"
        assert [line for line in erika.transcript if line in {own, other}] == [own, other]


async def test_what_was_said_earlier_is_no_answer(synapse: Homeserver, name: str) -> None:
    async with matrix_citizen(synapse, name) as erika, matrix_citizen(synapse, f"{name}-paul") as paul:
        room = await erika.creates_room(paul.user_id)
        await paul.joins(room)
        await paul.says("Frage 1")
        await erika.hears("Frage 1")
        await erika.says("Antwort")
        with pytest.raises(AssertionError, match="'Frage 1' was not heard within"):
            await erika.hears("Frage 1", timeout=0.3)
        await erika.quiet(0.2)


async def test_nobody_misses_anything_while_away(synapse: Homeserver, name: str) -> None:
    async with matrix_citizen(synapse, name) as erika:
        room = await erika.creates_room()
        async with matrix_citizen(synapse, f"{name}-paul") as paul:
            await erika.invites_in(paul.user_id)
            await paul.joins(room)
            for number in range(130):
                await erika.says(f"Zeile {number}")
        again = await synapse.login(f"{name}-paul", device_id=paul.login.device_id)
        async with matrix_citizen(synapse, f"{name}-paul", again) as paul:
            await paul.hears("Zeile 129", room=room)
            assert [one.text for one in paul.messages(room)] == [f"Zeile {number}" for number in range(130)]


async def test_an_app_comes_back_after_a_restart_and_follows_a_room_that_moves(synapse: Homeserver, name: str) -> None:
    async with matrix_citizen(synapse, name) as erika, matrix_citizen(synapse, f"{name}-paul") as paul:
        old = await erika.creates_room(paul.user_id, room_version="10")
        await paul.joins(old)
        await asyncio.to_thread(synapse.restart)
        await paul.says("noch da?")
        await erika.hears("noch da?")
        new = await erika.upgrades()
        tombstone = await paul.sees("m.room.tombstone")
        assert tombstone.content["replacement_room"] == new
        await erika.invites_in(paul.user_id)
        await paul.joins(new, via=[synapse.server_name])
        await paul.says("umgezogen")
        await erika.hears("umgezogen")
