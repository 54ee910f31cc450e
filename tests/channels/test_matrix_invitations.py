"""Invitations on Matrix: from many at once, a kill in between, and rooms that are or are not encrypted."""

import asyncio
from pathlib import Path

import pytest

from bot.channels.matrix.invites import BY_ONE
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import answers_everything, exported, first_option, is_at_home
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.matrix_process import BotProcess, bot_process
from tests.channels.matrix_way import way_to
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver
from tests.talk import OPEN

CROWD = 4
"""People who invite the bot to four rooms each. A thousand by one person: tests/ordeal/test_matrix_flood.py."""


async def test_a_flood_that_comes_from_many_keeps_nobody_waiting(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    crowd = [await synapse.register(f"{name}-{number}") for number in range(CROWD)]
    for person in crowd:
        rooms = (
            synapse.request("POST", "/_matrix/client/v3/createRoom", {"invite": [me]}, person.token) for _ in "1234"
        )
        await asyncio.gather(*rooms)
    async with serving(synapse, bot, tmp_path), matrix_citizen(synapse, name) as anna:
        await anna.creates_room(me, direct=True)
        # A newcomer waits for the first invitation of each of the others, not for all of them.
        await anna.hears("1 Deutsch", timeout=5 + 0.25 * len(crowd) + 10)


async def test_of_too_many_invitations_by_one_person_the_rest_is_declined(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    """An invitation that is left open cannot be repeated. The log tells of it in one line, and not whose they are."""
    me = synapse.user_id(bot)
    async with matrix_citizen(synapse, name) as anna, bot_process(synapse, bot, tmp_path) as running:
        await running.starts()
        await running.is_ready()
        rooms = [await anna.creates_room(me) for _ in range(BY_ONE + 2)]

        async def becomes(room: str) -> str:
            while (state := (await anna.members(room))[me]) == "invite":
                await asyncio.sleep(0.2)
            return state

        async with asyncio.timeout(60):
            fates = [await becomes(room) for room in rooms]
        assert fates == ["join"] * BY_ONE + ["leave"] * 2
        assert running.log.count('"invitations_flood"') == 1
        assert running.leaks(name, *rooms) == []


async def test_an_invitation_that_was_taken_before_a_kill_is_joined_after_it(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    running = BotProcess(synapse, bot, tmp_path, MITREDEN_FAILPOINT="after_commit:2")  # the first note is the bookmark
    try:
        await running.starts()
        await running.is_ready()
        async with matrix_citizen(synapse, name) as anna:
            await asyncio.sleep(0.5)
            await anna.creates_room(me, direct=True)
            assert await running.ends() == 137
            running.fails_no_more()
            await running.starts()
            await anna.hears("1 Deutsch")
    finally:
        await running.is_gone()


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_where_encryption_is_required_the_survey_is_taken_in_encrypted_rooms_only(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        matrix_js_citizen(synapse, name) as anna,
        serving(synapse, bot, tmp_path, None, OPEN, encryption="required") as app,
    ):
        room = await anna.creates_room(me, encrypted=False)
        await anna.hears("!umfrage")
        await anna.says("!umfrage")
        alone = await anna.joins(await anna.is_invited(by=me))
        await anna.hears("1 Deutsch", room=alone)
        await anna.says("1", room)  # in the clear: not for the bot
        await anna.quiet(0.5, room)
        await anna.says("1", alone)
        await answers_everything(anna, first_option)
        assert len(await exported(app)) == 1


async def test_where_encryption_is_off_encrypted_rooms_are_declined_and_plain_ones_served(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    encryption = {"algorithm": "m.megolm.v1.aes-sha2"}
    encrypted = {"type": "m.room.encryption", "state_key": "", "content": encryption}
    async with (
        way_to(synapse) as way,
        matrix_citizen(synapse, name) as anna,
        serving(synapse, bot, tmp_path, url=way.url, encryption="off"),
    ):
        room = await anna.creates_room(me, initial_state=[encrypted])
        for _ in range(100):
            if (await anna.members(room))[me] == "leave":
                break
        assert (await anna.members(room))[me] == "leave"
        room = await is_at_home(anna, me)
        await anna.sets_state("m.room.encryption", encryption, room=room)
        before = way.count("/send/")
        await anna.says("!hilfe", room)  # in the clear; an answer in the clear would be a leak
        await anna.quiet(1.0, room)
        assert way.count("/send/") == before
