"""Reminders on Telegram: put off, silent, in groups, never twice; cards, maps, files."""

import asyncio
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import App
from bot.core.messages import REMINDER
from bot.paths import CONTENT
from storage import tables
from tests.channels.citizen import Citizen
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.talk import FrozenClock

TITLE = "Erinnerung an Ihren Termin:"


def reminders(citizen: Citizen, telegram: FakeTelegram) -> list[str]:
    return [message["text"] for message in telegram.sent(citizen.id) if message.get("text", "").startswith(TITLE)]


async def test_a_reminder_is_put_off_by_its_button_and_is_silent_on_sundays(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna = telegram.citizen("anna")
    sunday = datetime.fromisoformat("2025-12-07T17:00:00+01:00")
    async with serving(telegram, tmp_path, None, sunday) as app:
        await anna.say("/start ev_doehren")
        await anna.answers()
        await anna.tap("1 Erinnern (an diesen Termin)")
        await anna.answers()
        clock = app.clock
        assert isinstance(clock, FrozenClock)
        clock.pass_time(hours=1)
        await app.duties.all_at_once()
        (reminder,) = [message for message in telegram.sent(anna.id) if message.get("text", "").startswith(TITLE)]
        call = next(call for call in reversed(telegram.called("sendMessage")))
        assert call.params["disable_notification"] is True
        assert reminder["reply_markup"]["inline_keyboard"][0][0]["text"] == "in 1 Stunde"
        await anna.tap("morgen früh")
        (said,) = await anna.answers()
        assert "Montag, 8. Dezember 2025, 08:00 Uhr" in said.text
        clock.pass_time(hours=14)
        await app.duties.all_at_once()
        assert len(reminders(anna, telegram)) == 2
        assert "disable_notification" not in telegram.called("sendMessage")[-1].params
        # Blocked: nothing more is planned for somebody who has gone.
        await anna.tap("in 1 Stunde")
        await anna.answers()
        assert await app.memory.diary.subscribers_of("doehren") == 1
        await anna.block()
        async with asyncio.timeout(5):
            while await app.memory.diary.subscribers_of("doehren"):
                await asyncio.sleep(0.01)
        before = len(telegram.called("sendMessage"))
        clock.pass_time(hours=8)
        await app.duties.all_at_once()
        assert len(telegram.called("sendMessage")) == before
    assert telegram.violations == []


async def test_a_card_has_a_map_where_the_content_has_coordinates_and_a_file_for_the_calendar(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    events = content / "events.toml"
    more = "\nlatitude = 52.3889\nlongitude = 9.8452\nends_at = 2025-11-26T20:00:00\ncapacity = 120"
    events.write_text(events.read_text(encoding="utf-8").replace('id = "misburg"', f'id = "misburg"{more}'), "utf-8")
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path, content, datetime.fromisoformat("2025-11-20T12:00:00+01:00")):
        await anna.say("/termine")
        await anna.answers()
        await anna.tap("1 Bürgerhaus Misburg, 26. November 2025")
        card, venue = await anna.answers(2)
        assert "Ende: Mittwoch, 26. November 2025, 20:00 Uhr\nPlatz für 120 Personen" in card.text
        assert venue.raw["venue"]["title"] == "Bürgerhaus Misburg"
        await anna.tap("2 Kalender-Eintrag")
        (file,) = await anna.answers()
        assert file.raw["document"]["file_name"] == "misburg.ics"
        # The list stays as it is: another evening can be looked at by its button.
        await anna.tap("2 HannoverServiceCenter, 3. Dezember 2025")
        assert "Am Schützenplatz 1" in (await anna.answers())[0].text
    assert telegram.violations == []


async def test_an_admin_has_a_whole_group_reminded_and_nobody_else_can(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    group = telegram.group("Nachbarn", administrators=(anna,))
    now = datetime.fromisoformat("2025-11-25T12:00:00+01:00")
    async with serving(telegram, tmp_path, None, now) as app:
        await berta.say("/erinnern@mitreden_bot", chat=group)
        (said,) = await berta.answers(chat=group)
        assert "Schreiben Sie mir bitte allein" in said.text
        await anna.say("/erinnern", chat=group)
        (said,) = await anna.answers(chat=group)
        assert "diese Gruppe an jeden Termin" in said.text
        await anna.say("/erinnern", chat=group)  # once more changes nothing
        await anna.answers(chat=group)
        clock = app.clock
        assert isinstance(clock, FrozenClock)
        clock.pass_time(hours=6)
        await app.duties.all_at_once()
        (reminder,) = [m for m in telegram.sent(group.id) if m["text"].startswith("Erinnerung an einen Termin:")]
        assert "reply_markup" not in reminder
        assert not reminders(anna, telegram)
        await berta.say("/erinnern@mitreden_bot aus", chat=group)
        await berta.answers(chat=group)
        assert await app.memory.diary.subscribers_of("misburg") == 1
        await anna.say("/erinnern aus", chat=group)
        (said,) = await anna.answers(chat=group)
        assert "nicht mehr" in said.text
        assert await app.memory.diary.subscribers_of("misburg") == 0
        await anna.say("/termine", chat=group)
        (said,) = await anna.answers(chat=group)
        assert said.keyboard == ()
    assert telegram.violations == []


async def states(app: App) -> list[str]:
    """What became of everything that was sent unasked."""
    database = app.memory._database  # noqa: SLF001 - nobody else is told of single rows
    outbox = tables.outbox
    chosen = select(outbox.c.state).where(outbox.c.priority == REMINDER)
    return list(await database.read(lambda connection: connection.execute(chosen).scalars().all()))


@pytest.mark.parametrize(
    ("fault", "arrived", "state"),
    [
        ({"kind": "reset_after"}, 1, "unknown"),  # taken, but Telegram could not say so
        ({"kind": 500}, 0, "unknown"),
        ({"kind": 429, "retry_after": 1}, 1, "sent"),
        ({"kind": 403}, 0, "failed"),
    ],
    ids=str,
)
async def test_a_reminder_is_never_sent_twice_and_waits_where_it_was_certainly_not_sent(
    telegram: FakeTelegram, tmp_path: Path, fault: dict[str, Any], arrived: int, state: str
) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path, None, datetime.fromisoformat("2025-11-24T09:00:00+01:00")) as app:
        await anna.say("/erinnern misburg")
        await anna.answers()
        clock = app.clock
        assert isinstance(clock, FrozenClock)
        clock.at = datetime.fromisoformat("2025-11-25T18:00:00+01:00")
        telegram.fault("sendMessage", **fault)
        async with asyncio.timeout(20):
            while set(await states(app)) != {state}:
                await app.duties.all_at_once()
                clock.pass_time(seconds=1)
        await app.duties.all_at_once()
        assert len(reminders(anna, telegram)) == arrived


async def test_what_waits_for_the_evening_is_not_sent_at_night_nor_after_the_beginning(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path, None, datetime.fromisoformat("2025-11-25T12:00:00+01:00")) as app:
        await anna.say("/erinnern misburg")
        await anna.answers()
        clock = app.clock
        assert isinstance(clock, FrozenClock)
        clock.at = datetime.fromisoformat("2025-11-25T20:59:00+01:00")
        await app.duties.remind()  # in the outbox, and the network is slow
        clock.at = datetime.fromisoformat("2025-11-25T21:00:00+01:00")
        await app.duties.all_at_once()
        assert reminders(anna, telegram) == []
        clock.at = datetime.fromisoformat("2025-11-26T08:00:00+01:00")
        await app.duties.all_at_once()
        assert len(reminders(anna, telegram)) == 1
        clock.at = datetime.fromisoformat("2025-11-26T17:00:00+01:00")
        await app.duties.remind()
        clock.at = datetime.fromisoformat("2025-11-26T18:00:00+01:00")
        await app.duties.all_at_once()
        assert len(reminders(anna, telegram)) == 1
