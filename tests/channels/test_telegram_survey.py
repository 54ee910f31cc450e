"""The survey on Telegram: what people tap, type, correct and forge, and what their screens then show."""

import asyncio
from pathlib import Path

import pytest

from storage import tables
from tests.channels.citizen import KINDS, Citizen
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.channels.telegram_survey import taps, to_the_survey
from tests.stored import rows


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
        (response,) = await app.memory.results.responses()
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


async def test_who_asks_stays_on_the_screen_and_what_was_agreed_to_shows_it(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        await anna.say("/start")
        (welcome,) = await anna.answers()
        assert "Ich bin ein Chatbot" in welcome.text
        (asked,) = await taps(anna, "1 Umfrage beginnen")
        await anna.tap("1 Ja, einverstanden")
        await anna.answers(2)
        await asyncio.sleep(0.1)
        shown = {seen.message_id: seen for seen in anna.screen}
        assert shown[welcome.message_id].text == welcome.text
        assert shown[asked.message_id].text.endswith("\nIhre Antwort: Ja, einverstanden")
        assert [seen.keyboard for seen in (shown[welcome.message_id], shown[asked.message_id])] == [(), ()]
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
        (response,) = await app.memory.results.responses()
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
        (response,) = await app.memory.results.responses()
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
        assert await rows(tmp_path, tables.dead_letters) == []
        drafts = await rows(tmp_path, tables.drafts)
        assert [row.question for row in drafts] == ["visits"]
    assert telegram.violations == []
