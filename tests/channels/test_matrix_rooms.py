"""Rooms with many on Matrix: what is asked there is answered there, the survey goes on alone, and rooms that move."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.channels.matrix.api import Api
from bot.channels.matrix.events import Event
from bot.channels.matrix.found import Found
from bot.channels.matrix.members import Members
from bot.channels.matrix.rooms import Rooms
from storage import tables
from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import (
    answers_everything,
    exported,
    first_option,
    is_at_home,
    to_the_survey,
    until,
)
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver
from tests.stored import rows
from tests.talk import OPEN


async def in_a_crowd(
    stack: AsyncExitStack, synapse: Homeserver, name: str, bot: str, size: int = 12, **fields: Any
) -> MatrixCitizen:
    """Somebody who has opened a room with so many others and the bot, which has said what it is for.

    Fields are those of the room.
    """
    anna = await stack.enter_async_context(matrix_citizen(synapse, name))
    others = [await synapse.register(f"{name}-{number}") for number in range(size)]
    room = await anna.creates_room(synapse.user_id(bot), *(other.user_id for other in others), **fields)
    for other in others:
        await synapse.request("POST", f"/_matrix/client/v3/join/{room}", {}, other.token)
    greeting = await anna.hears("!termine", sender=synapse.user_id(bot))
    assert (greeting.msgtype, greeting.mentions) == ("m.notice", [])
    return anna


async def test_in_a_room_with_many_commands_and_mentions_are_answered_as_replies_that_do_not_ring(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(synapse, bot, tmp_path))
        anna = await in_a_crowd(stack, synapse, name, bot)
        asked = await anna.says("!termine")
        heard = await anna.hears(sender=me)
        assert (heard.msgtype, heard.reply_to, heard.mentions) == ("m.notice", asked, [])
        asked = await anna.mentions(me, "Termine")
        heard = await anna.hears("Rathausplatz 1", sender=me)
        assert (heard.msgtype, heard.reply_to) == ("m.notice", asked)
        asked = await anna.says(f"{bot}: hilfe")
        assert (await anna.hears("!umfrage", sender=me)).reply_to == asked
        for talk in ("Hat jemand Termine?", "1", "Umfrage", f"{bot}chen kommt auch", "http://x/!termine"):
            await anna.says(talk)
        await anna.quiet(1.0)


async def test_what_is_asked_in_a_thread_is_answered_in_the_thread(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(synapse, bot, tmp_path))
        anna = await in_a_crowd(stack, synapse, name, bot, size=2)
        root = await anna.says("Wer geht wann hin?")
        asked = await anna.says_in_thread(root, "!termine")
        heard = await anna.hears(sender=me)
        assert (heard.thread, heard.reply_to) == (root, asked)
        alone = await is_at_home(anna, me)
        root = await anna.says("!hilfe", alone)
        await anna.hears(room=alone)
        await anna.says_in_thread(root, "!sprache en", alone)
        assert (await anna.hears("English", room=alone)).thread == root


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_a_survey_asked_for_in_a_room_goes_on_in_an_encrypted_room_that_the_bot_opens(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        matrix_js_citizen(synapse, name) as anna,
        matrix_citizen(synapse, f"{name}-paul") as paul,
        serving(synapse, bot, tmp_path, None, OPEN) as app,
    ):
        room = await anna.creates_room(me, paul.user_id, direct=False, encrypted=False)
        await paul.joins(await paul.is_invited())
        await anna.hears("!termine")
        await anna.says("!umfrage")
        await anna.hears("Ich habe Ihnen allein geschrieben.")
        alone = await anna.joins(await anna.is_invited(by=me))
        assert alone != room
        await anna.hears("1 Deutsch", room=alone)
        await anna.says("1", alone)
        await answers_everything(anna, first_option)
        assert len(await exported(app)) == 1
        assert all(one.encrypted for one in anna.messages(alone, me))
        # Who has left that room and asks again gets another one.
        await anna.leaves(alone)
        await until_gone(synapse, me, alone)
        await anna.says("!umfrage", room)
        again = await anna.joins(await anna.is_invited(by=me))
        assert again != alone
        await anna.hears("schon teilgenommen", room=again)


async def until_gone(synapse: Homeserver, user_id: str, room: str) -> None:
    """Wait until somebody has left a room, as the homeserver sees it."""
    rooms: list[str] = []

    async def left() -> bool:
        rooms[:] = (await synapse.admin("GET", f"v1/users/{user_id}/joined_rooms"))["joined_rooms"]
        return room not in rooms

    for _ in range(100):
        if await left():
            return
    raise AssertionError(f"still in {rooms}")


async def test_when_the_last_person_leaves_the_bot_leaves_too(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        serving(synapse, bot, tmp_path),
        matrix_citizen(synapse, name) as anna,
        matrix_citizen(synapse, f"{name}-paul") as paul,
    ):
        room = await anna.creates_room(me, paul.user_id)
        await paul.joins(room)
        await anna.hears("!termine")
        await anna.leaves(room)
        await paul.says("!hilfe", room)
        await paul.hears("1 Deutsch", room=room)  # now they are alone with it
        assert (await paul.members(room))[me] == "join"
        await paul.leaves(room)
        await until_gone(synapse, me, room)


async def test_put_out_of_a_room_it_serves_the_others_and_comes_back_when_invited(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        serving(synapse, bot, tmp_path),
        matrix_citizen(synapse, name) as anna,
        matrix_citizen(synapse, f"{name}-paul") as paul,
    ):
        room = await is_at_home(anna, me)
        await is_at_home(paul, me)
        await anna.says("!sprache en")
        await anna.kicks(me)
        await anna.says("!sprache de")
        await paul.says("!sprache en")
        await paul.hears("English")
        await anna.invites_in(me)
        await anna.sees("m.room.member", state_key=me)
        await until(lambda: "Was ich kann" not in anna.transcript[-1], 10, lambda: str(anna.transcript))
        await anna.hears("1 ", room=room)
        await anna.says("!sprache en")
        await anna.hears("1 ")


async def test_an_upgraded_room_is_followed_with_everything_that_was_said(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with matrix_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path, None, OPEN) as app:
        await to_the_survey(anna, me, room_version="10")
        await anna.hears("1 Ja, vor Ort")
        first = await anna.upgrades(version="10")
        await anna.invites_in(me, first)
        await joined(anna, me, first)
        await anna.says("1", first)
        await anna.hears("1 ", room=first)
        second = await anna.upgrades(first)
        await anna.invites_in(me, second)
        await joined(anna, me, second)
        await anna.says("zurück", second)
        await anna.hears("1 Ja, vor Ort", room=second)
        await anna.says("1")
        await answers_everything(anna, first_option)
        assert len(await exported(app)) == 1


async def test_an_upgraded_room_keeps_its_reminders_and_can_switch_them_off(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(synapse, bot, tmp_path, None, OPEN))
        anna = await in_a_crowd(stack, synapse, name, bot, size=1, room_version="10")
        paul = await stack.enter_async_context(matrix_citizen(synapse, f"{name}-paul"))
        await anna.says("!erinnern")
        await anna.hears("Gruppe an jeden Termin", sender=me)
        moved = await anna.upgrades()
        await anna.invites_in(paul.user_id, moved)
        await paul.joins(moved)
        await anna.invites_in(me, moved)
        await joined(anna, me, moved)
        await anna.says("!erinnern", moved)
        await anna.hears("Gruppe an jeden Termin", room=moved, sender=me)
        assert len(await rows(tmp_path, tables.subscriptions)) == 1, "they would come twice"
        await anna.says("!erinnern aus", moved)
        await anna.hears("nicht mehr", room=moved, sender=me)
        assert await rows(tmp_path, tables.subscriptions) == []


async def test_a_room_is_never_taken_for_somebody_whom_its_tombstone_names() -> None:
    rooms = Rooms(Api("http://localhost"), "@bot:test", lambda _room: False)
    members = Members(rooms, "@bot:test", {}, lambda _room: False)
    for named, facts in (("@paul:test", 0), ("", 0), ("!next:test", 2)):
        content = msgspec.Raw(msgspec.json.encode({"replacement_room": named}))
        found = Found()
        stone = Event(type="m.room.tombstone", sender="@anna:test", content=content, state_key="")
        members.noted("!room:test", stone, found)
        assert len(found.facts) == facts


async def joined(citizen: MatrixCitizen, user_id: str, room: str) -> None:
    """Wait until somebody is in a room."""
    for _ in range(100):
        if (await citizen.members(room)).get(user_id) == "join":
            return
    raise AssertionError(await citizen.members(room))


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_a_thumb_up_beside_an_evening_leads_to_a_question_in_private(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with matrix_js_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path):
        berta = await synapse.register(f"{name}-berta")
        room = await anna.creates_room(me, berta.user_id, direct=False)
        await synapse.request("POST", f"/_matrix/client/v3/join/{room}", {}, berta.token)
        await anna.hears("!termine", sender=me)
        await anna.says("!termine rathaus")
        card = await anna.hears("Rathausplatz 1", sender=me)
        await anna.reacts(card.event_id, "🎉")
        await anna.reacts(card.event_id, "👍🏽")
        alone = await anna.is_invited(by=me)
        await anna.joins(alone)
        await anna.says("1")
        assert (await anna.hears("erinnere", sender=me)).encrypted
