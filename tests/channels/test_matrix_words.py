"""What people do with words on Matrix: they correct them, take them back, send too many, or pictures instead."""

import asyncio
from pathlib import Path

import pytest

from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import TOLD, is_at_home, to_the_survey
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver


async def test_an_edit_corrects_the_last_answer_and_a_redaction_takes_an_answer_back(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path):
        await to_the_survey(anna, synapse.user_id(bot))
        await anna.hears("Besuchen Sie Spielplätze?")
        yes = await anna.says("1")
        await anna.hears("Mit wie vielen Kindern")
        await anna.edits(yes, "2")
        after_no = (await anna.hears()).text
        assert "Mit wie vielen Kindern" not in after_no
        await anna.edits(yes, "1")
        await anna.hears("Mit wie vielen Kindern")
        three = await anna.says("3")
        await anna.hears()
        await anna.edits(yes, "2")  # by now another answer is the last one
        await anna.hears("nur Ihre letzte Antwort")
        await anna.redacts(three)
        assert "Mit wie vielen Kindern" in (await anna.hears("gelöscht")).text
        await anna.says("!meine_daten")
        assert "3" not in (await anna.hears("Besuch")).text.partition("Kinder")[2].partition("\n")[0]


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_edits_and_redactions_count_in_encrypted_rooms_as_well(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_js_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path):
        await to_the_survey(anna, synapse.user_id(bot))
        await anna.hears("Besuchen Sie Spielplätze?")
        yes = await anna.says("1")
        await anna.hears("Mit wie vielen Kindern")
        await anna.edits(yes, "2")
        assert "Mit wie vielen Kindern" not in (await anna.hears()).text
        await anna.redacts(yes)
        assert "Besuchen Sie Spielplätze?" in (await anna.hears("gelöscht")).text


async def test_pictures_and_files_get_a_friendly_sentence(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path):
        await is_at_home(anna, synapse.user_id(bot))
        for msgtype in ("m.image", "m.file", "m.audio", "m.video"):
            await anna.shows(msgtype)
            await anna.hears("Ich kann nur Text lesen")
        await anna.sends("m.sticker", {"body": "Katze", "url": "mxc://a/b", "info": {}})
        await anna.hears("Ich kann nur Text lesen")
        await anna.says("hier", msgtype="m.location", geo_uri="geo:52.37,9.73")
        await anna.hears("Ich kann nur Text lesen")


async def test_what_is_no_message_for_a_bot_is_not_answered(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with matrix_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path):
        room = await is_at_home(anna, me)
        said = await anna.notices("Ich bin auch ein Programm")
        await anna.says("darf ich Ihr Gerät prüfen?", msgtype="m.key.verification.request", to=me, methods=["m.sas.v1"])
        await anna.reacts(said, "1")
        await anna.sends("m.poll.start", {"m.text": [{"body": "Wer kommt?"}]})
        await anna.says("", msgtype="")
        await anna.sets_state("m.room.name", {"name": "<b>1</b>"})
        await anna.sets_state(
            "m.room.member", {"membership": "join", "displayname": '<img src=x> "@room"'}, anna.user_id
        )
        await anna.quiet(1.0)
        await anna.says("!hilfe")
        heard = await anna.hears(room=room)
        assert "<img" not in str(heard.content)


async def test_huge_messages_are_answered_with_how_long_they_may_be(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path):
        await is_at_home(anna, synapse.user_id(bot))
        for huge in ("x" * 20_000, "ä" * 30_000, "<b>" * 20_000, "\n" * 30_000, "@room " * 10_000, "!" * 60_000):
            await anna.says(huge)
            heard = await anna.hears()
            assert len(heard.text) < 1000
        await anna.says("!sprache de")
        await anna.hears(TOLD["de"])


async def test_a_program_that_repeats_everything_gets_few_answers_and_others_are_served(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        serving(synapse, bot, tmp_path),
        matrix_citizen(synapse, f"{name}-echo") as echo,
        matrix_citizen(synapse, name) as anna,
    ):
        room = await echo.creates_room(me, direct=True)

        async def repeats() -> None:
            while True:
                await echo.says((await echo.hears(timeout=600)).text)

        async with asyncio.TaskGroup() as tasks:
            repeating = tasks.create_task(repeats())
            await is_at_home(anna, me)
            await anna.says("!sprache de")
            await anna.hears(TOLD["de"])
            await asyncio.sleep(3.0)
            repeating.cancel()
        assert len(echo.messages(room, me)) <= 5
