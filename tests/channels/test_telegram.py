"""What Telegram has beside the survey: links that lead in, languages, menus of commands, staff and their pictures."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot import vocabularies
from bot.administration import Request, carry_out
from storage import tables
from tests import simulated
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.stored import rows


async def test_a_first_message_that_names_a_language_is_the_choice(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna", language_code="fi")
    async with serving(telegram, tmp_path):
        await anna.say("English")
        (welcome,) = await anna.answers()
        assert "What would you like to do?" in welcome.text


async def test_nobody_waits_for_a_language_that_is_not_in_memory_yet(
    telegram: FakeTelegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading all of them takes half a second, in which the replies to everybody else would not be written."""
    anna = telegram.citizen("anna")
    for read_before in (vocabularies.load, vocabularies.weights):
        read_before.cache_clear()
    async with serving(telegram, tmp_path):
        for reads in ("_table", "Rows"):
            monkeypatch.setattr(vocabularies, reads, None)  # a file that is read from here on is an error
        await anna.say("çarşamba günü bir şey var mı")
        assert "Çarşamba" in (await anna.answers())[-1].text


async def test_a_link_leads_straight_on_and_a_source_is_counted(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    async with serving(telegram, tmp_path):
        await anna.say("/start survey")
        assert "Darf ich" in (await anna.answers(2))[-1].text
        for citizen in (anna, berta):
            await citizen.say("/start src_poster7")
            await citizen.answers()
        await berta.say("/start '; DROP TABLE sources")
        await berta.answers()
        assert [(row.name, row.people) for row in await rows(tmp_path, tables.sources)] == [("poster7", 2)]
    assert telegram.violations == []


async def test_menus_and_descriptions_stand_in_every_language(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        await anna.say("/start")
        await anna.answers()
        await asyncio.sleep(0.3)
    commands = {
        call.params.get("language_code", ""): call.params["commands"] for call in telegram.called("setMyCommands")
    }
    assert {tag: entries[1]["command"] for tag, entries in commands.items()} == {
        "": "umfrage",
        "de": "umfrage",
        "en": "survey",
    }
    assert len(telegram.called("setMyShortDescription")) == 3
    assert telegram.violations == []


async def test_a_code_makes_staff_of_the_account_that_types_it_and_of_no_other(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    async with serving(telegram, tmp_path) as app:
        now = app.clock.now()
        code = (await carry_out(Request("invite", role="editor"), app.memory, now)).text.splitlines()[0]
        origin = {"type": "user", "date": 1, "sender_user": {"id": anna.id, "is_bot": False, "first_name": "A"}}
        await berta.say(code, forward_origin=origin)
        assert "gilt nicht" in (await berta.answers())[0].text
        await anna.say(code.lower())
        assert "Rundnachrichten schreiben" in (await anna.answers())[0].text
        await asyncio.sleep(0.2)
        beside = [call.params for call in telegram.called("setMyCommands") if "scope" in call.params]
        assert [params["scope"] for params in beside] == [{"type": "chat", "chat_id": anna.id}]
        assert {"umfrage", "neu_laden"} & {one["command"] for one in beside[0]["commands"]} == {"umfrage"}
        await berta.say(code)
        assert "gilt nicht" in (await berta.answers())[0].text
        (member,) = await app.memory.staff()
        assert (member.role, member.address.user) == ("editor", str(anna.id))
        assert [entry.action for entry in await app.memory.audit()] == ["staff_invited", "staff_paired"]
        assert all(entry.sound for entry in await app.memory.audit())


async def test_results_come_as_a_picture_with_a_caption_that_says_what_it_is(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    stefan = telegram.citizen("stefan")
    async with serving(telegram, tmp_path) as app:
        await simulated.fill(app.memory, app.process.survey, 40)
        await app.memory.invite("TEAM-AAAAA-BBBBB", "analyst", app.clock.now(), app.clock.now() + timedelta(minutes=10))
        await stefan.say("TEAM-AAAAA-BBBBB")
        await stefan.answers()
        await stefan.say("/statistik 7")
        words, picture = await stefan.answers(2)
        assert "Gesamtnote" in words.text
        assert picture.raw["photo"]
        assert "Gesamtnote" in picture.raw["caption"]
        await stefan.say("/export")
        (file,) = await stefan.answers()
        assert "offenen Daten" in file.raw["caption"]
        assert file.raw["document"]["file_name"] == "spielplaetze-open-data.zip"
    assert telegram.violations == []
