"""Citizens on Telegram: what they tap and type, what they see, and that Telegram finds nothing to object to."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from bot.core.messages import Address, OutboxRow, Outgoing
from bot.pace import Limits
from storage import tables
from storage.database import database
from tests import simulated
from tests.channels.bot_api import DESCRIPTION
from tests.channels.citizen import KINDS, Citizen, Seen
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving


async def taps(citizen: Citizen, *labels: str) -> list[Seen]:
    """Tap buttons one after the other; what the bot says to the last."""
    said: list[Seen] = []
    for label in labels:
        await citizen.tap(label)
        said = await citizen.answers()
    return said


async def to_the_survey(citizen: Citizen) -> Seen:
    """From the first message to the first question."""
    await citizen.say("/start")
    await citizen.answers()
    await taps(citizen, "1 Umfrage beginnen")
    await citizen.tap("1 Ja, einverstanden")
    return (await citizen.answers(2))[-1]


async def short_survey(citizen: Citizen) -> None:
    """Beispielstadt's survey of somebody who does not come, up to the review."""
    await to_the_survey(citizen)
    await taps(citizen, "2 Nein")
    await citizen.tap("1 Schatten")
    await citizen.changes()
    await citizen.tap("Fertig")
    await citizen.answers()
    await taps(citizen, "2 mittel", "3 gut", "3 gut", "überspringen")


async def test_a_survey_by_buttons_alone(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path) as app:
        await short_survey(anna)
        assert anna.screen[-1].text.startswith("Das sind Ihre Antworten:")
        assert anna.screen[-1].keyboard == (("1 Absenden",), ("2 Antwort ändern",), ("3 Pause",))
        await anna.tap("1 Absenden")
        thanks, code = await anna.answers(2)
        assert thanks.text.startswith("Vielen Dank!")
        assert "Löschcode" in code.text
        (response,) = await app.memory.responses()
        assert response.answers["needs"] == [("shade", False)]
        assert response.answers["overall"] == [("good", False)]
        assert response.answers["idea"] == [("skipped", True)]
        await asyncio.sleep(0.1)
        assert [message.text for message in anna.screen if message.keyboard] == []
        assert telegram.unanswered() == []
    assert telegram.violations == []


async def test_an_answered_question_loses_its_buttons_and_shows_the_choice(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        question = await to_the_survey(anna)
        await anna.tap("1 Ja")
        await anna.answers()
        await asyncio.sleep(0.1)
        answered = next(seen for seen in anna.screen if seen.message_id == question.message_id)
        assert answered.text == "Besuchen Sie Spielplätze?\nIhre Antwort: Ja"
        assert answered.keyboard == ()
        await anna.say("2")  # typed: the buttons under the question go all the same
        await anna.answers()
        await asyncio.sleep(0.1)
        assert sum(bool(seen.keyboard) for seen in anna.screen) == 1
    assert telegram.violations == []


async def test_several_choices_are_ticked_and_end_with_done(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path) as app:
        await to_the_survey(anna)
        (question,) = await taps(anna, "2 Nein")
        await anna.tap("Fertig")
        assert "mindestens eine" in (await anna.answers())[0].text
        for label in ("1 Schatten", "2 Bänke"):
            await anna.tap(label)
            await anna.changes()
        ticked = next(seen for seen in anna.screen if seen.message_id == question.message_id)
        assert ticked.keyboard[:3] == (("✓ 1 Schatten",), ("✓ 2 Bänke",), ("3 Toiletten",))
        await anna.tap("3 Toiletten")
        assert "höchstens 2" in (await anna.answers())[0].text
        await anna.tap("✓ 1 Schatten")
        await anna.changes()
        await taps(anna, "Fertig", "1 schlecht", "1 schlecht", "1 schlecht", "überspringen", "1 Absenden")
        await asyncio.sleep(0.1)
        (response,) = await app.memory.responses()
        assert response.answers["needs"] == [("benches", False)]
    assert telegram.violations == []


async def test_two_quick_taps_count_once_and_old_buttons_reopen(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        question = await to_the_survey(anna)
        for _ in range(3):
            await anna.tap_data("q:1:visits:yes", question.message_id)
        await asyncio.sleep(0.5)
        assert [seen.text for seen in anna.screen if "wie vielen Kindern" in seen.text] == [anna.screen[-1].text]
        await anna.tap_data("q:1:visits:no", question.message_id)
        (again,) = await anna.answers()
        assert "Ihre bisherige Antwort: Ja" in again.text
    assert telegram.violations == []


async def test_an_edited_message_corrects_the_last_answer(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path) as app:
        await to_the_survey(anna)
        first = await anna.say("nein")
        await anna.answers()
        second = await anna.say("Bänke")
        await anna.answers()
        await anna.edit(second, "Toiletten")
        assert "Noch höchstens" in (await anna.answers())[0].text
        await anna.edit(first, "ja")
        assert "nur Ihre letzte Antwort" in (await anna.answers())[0].text
        for text in ("gut", "gut", "gut", "überspringen", "1"):
            await anna.say(text)
            await anna.answers()
        await asyncio.sleep(0.1)
        (response,) = await app.memory.responses()
        assert response.answers["needs"] == [("toilets", False)]
        assert response.answers["visits"] == [("no", False)]


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_what_is_no_text_gets_a_friendly_sentence_and_the_question_again(
    telegram: FakeTelegram, tmp_path: Path, kind: str
) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        await to_the_survey(anna)
        await anna.send(kind)
        sentence, question = await anna.answers(2)
        assert "nur Text lesen" in sentence.text
        assert "Besuchen Sie Spielplätze?" in question.text
    assert telegram.violations == []


async def test_a_group_gets_a_link_for_a_command_and_silence_for_the_rest(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna = telegram.citizen("anna")
    group = telegram.group("Nachbarn")
    async with serving(telegram, tmp_path):
        await anna.say("Wann ist eigentlich der Termin?", chat=group)
        await anna.quiet(0.3, chat=group)
        await anna.say("/umfrage@mitreden_bot", chat=group)
        (said,) = await anna.answers(chat=group)
        assert "https://t.me/mitreden_bot?start=survey" in said.text
        assert "message_id" in telegram.called("sendMessage")[-1].params["reply_parameters"]
        await anna.say("/umfrage@other_bot", chat=group)
        await anna.quiet(0.3, chat=group)
        await anna.say("Hallo @mitreden_bot", chat=group)
        assert "allein" in (await anna.answers(chat=group))[0].text
        assert await _rows(tmp_path, tables.people) == []
    assert telegram.violations == []


async def test_a_group_that_is_upgraded_is_answered_where_it_went(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    group = telegram.group("Nachbarn")
    async with serving(telegram, tmp_path) as app:
        await anna.say("/hilfe@mitreden_bot", chat=group)
        await anna.answers(chat=group)
        moved = telegram.upgrade(group)
        await app.outbox.take([reply(anna.id, group.id, "noch an die alte Gruppe")])
        assert [one.text for one in await anna.answers(chat=moved)] == ["noch an die alte Gruppe"]
        await anna.say("/hilfe@mitreden_bot", chat=moved)
        await anna.answers(chat=moved)
    assert telegram.violations == []


def reply(user: int, room: int, text: str) -> OutboxRow:
    """A reply on its way into a group."""
    return OutboxRow(id=10**9, to=Address("telegram", str(user), str(room)), message=Outgoing(text=text))


async def test_a_first_message_that_names_a_language_is_the_choice(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna", language_code="fi")
    async with serving(telegram, tmp_path):
        await anna.say("English")
        (welcome,) = await anna.answers()
        assert "What would you like to do?" in welcome.text


async def test_somebody_who_blocks_the_bot_is_left_alone(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    async with serving(telegram, tmp_path):
        await to_the_survey(anna)
        await to_the_survey(berta)
        await anna.block()
        telegram.fault("sendMessage", 1, 403, chat_id=berta.id, description="Forbidden: user is deactivated")
        await berta.say("1")
        await asyncio.sleep(0.5)
        people = await _rows(tmp_path, tables.people)
        assert [row.stopped for row in people] == [True, True]
        assert await _rows(tmp_path, tables.outbox) == []
        await anna.unblock()
        await anna.say("/start")
        assert "Besuchen Sie Spielplätze?" in (await anna.answers())[0].text


FAULTS = [
    (401, 1),
    (404, 1),
    (502, 10),
    (409, 1),
    ("late", 1),
    ("reset_before", 3),
    ("reset_after", 3),
    ("not_json", 2),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[str(kind) for kind, _ in FAULTS])
@pytest.mark.parametrize("method", ["getUpdates", "sendMessage"])
async def test_whatever_fails_is_tried_again_and_the_answer_comes(
    telegram: FakeTelegram, tmp_path: Path, fault: tuple[Any, int], method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, times = fault
    monkeypatch.setattr(asyncio, "sleep", _hurried(asyncio.sleep))
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        await anna.say("/start")
        await anna.answers(timeout=20)
        # Sends wait longer each time, on the loop's own clock; two failures show it.
        telegram.fault(method, times if method == "getUpdates" else min(times, 2), kind)
        await anna.say("/hilfe")
        await anna.answers(timeout=20)
        telegram.clear_faults()
        await anna.say("/umfrage")
        await anna.answers(timeout=20)


def _hurried(sleep: object) -> object:
    """Sleep a fiftieth: the pauses are the product's, the patience of a test is not."""

    async def hurried(seconds: float, result: object = None) -> object:
        return await sleep(seconds / 50, result)  # type: ignore[operator]

    return hurried


async def test_an_unreadable_update_blocks_nobody_and_is_noted(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        for _ in range(7):
            telegram.poison()
        await anna.say("/start")
        await anna.answers()
        letters = await _rows(tmp_path, tables.dead_letters)
        assert [row.error for row in letters] == ["unreadable"] * 7
    assert telegram.pending == 0


async def test_a_flood_wait_in_one_chat_delays_no_other(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    async with serving(telegram, tmp_path):
        telegram.fault("sendMessage", 1, 429, chat_id=anna.id, retry_after=2)
        await anna.say("/start")
        await asyncio.sleep(0.2)
        await berta.say("/start")
        await berta.answers(timeout=1)
        await anna.quiet(1.0)
        await anna.answers(timeout=5)


async def test_the_limits_of_telegram_are_kept_without_being_told(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    telegram.limits.per_chat_burst = 5  # type: ignore[attr-defined]
    async with serving(telegram, tmp_path, limits=Limits()):
        for _ in range(8):
            await anna.say("/impressum")
        await anna.answers(8, timeout=15)
    assert telegram.violations == []


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
        assert [(row.name, row.people) for row in await _rows(tmp_path, tables.sources)] == [("poster7", 2)]
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
    from bot.administration import Request, carry_out  # noqa: PLC0415

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


async def test_forged_buttons_change_nothing(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    forged = ["", "q", "q:1", "q:1:visits", "q:1:visits:yes:no", "q:x:visits:yes", "q:1:nothing:yes", "m:review:submit"]
    forged += [
        "m:erase:yes",
        "m:nothing:yes",
        "c:visits:submit",
        "c::back",
        ":" * 64,
        "q:1:visits:" + "y" * 50,
        "\0",
        "💣",
    ]
    async with serving(telegram, tmp_path):
        question = await to_the_survey(anna)
        for data in forged:
            await anna.tap_data(data, question.message_id)
        await asyncio.sleep(1)
        assert await _rows(tmp_path, tables.dead_letters) == []
        drafts = await _rows(tmp_path, tables.drafts)
        assert [row.question for row in drafts] == ["visits"]
    assert telegram.violations == []


async def test_updates_of_every_other_shape_are_passed_by(telegram: FakeTelegram, tmp_path: Path) -> None:
    """Every field of Update in the description of the Bot API, with made-up content of the described types."""
    if not DESCRIPTION.exists():
        pytest.skip("the description of the Bot API is not here: ../shared/bot-api/api.json")
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["types"]
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        for field in described["Update"]["fields"]:
            if field["name"] not in {"update_id", "message", "edited_message", "callback_query"}:
                telegram.push({field["name"]: _made_up(described, field["types"][0], 0)})
        for field in described["Message"]["fields"]:
            content = _made_up(described, "Message", 0) | {field["name"]: _made_up(described, field["types"][0], 0)}
            telegram.push({"message": content})
        await anna.say("/start")
        await anna.answers(timeout=15)
        assert [row.error for row in await _rows(tmp_path, tables.dead_letters) if row.error != "unreadable"] == []


def _made_up(described: dict[str, Any], kind: str, depth: int) -> Any:
    """A value of a described type: required fields only, deeper ones empty."""
    simple = {"Integer": 7, "String": "x", "Boolean": True, "True": True, "Float": 1.5, "Integer or String": 7}
    if kind.startswith("Array of "):
        return [_made_up(described, kind.removeprefix("Array of "), depth + 1)] if depth < 4 else []
    if kind in simple:
        return simple[kind]
    content = described.get(kind, {})
    if content.get("subtypes"):
        return _made_up(described, str(content["subtypes"][0]), depth + 1) if depth < 5 else {}
    made: dict[str, object] = {}
    for field in content.get("fields", []):
        if field["required"] and depth < 5:
            made[str(field["name"])] = _made_up(described, str(field["types"][0]), depth + 1)
    return made


async def _rows(folder: Path, table: Table) -> list[Any]:
    """All rows of a table, as they are stored now."""
    stored = database("sqlite:///data/mitreden.db", folder)
    try:
        return await stored.read(lambda connection: list(connection.execute(select(table))))
    finally:
        await stored.close()


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
