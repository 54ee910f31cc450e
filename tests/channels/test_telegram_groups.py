"""Groups on Telegram: where the bot speaks only when spoken to, and leads people to where they are alone."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from bot.core.messages import Address, OutboxRow, Outgoing
from storage import tables
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.stored import rows

NOVEMBER = datetime.fromisoformat("2025-11-23T17:00:00+01:00")
"""Before all events but the first ones."""


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
        assert await rows(tmp_path, tables.people) == []
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


@pytest.mark.parametrize("heard_of", [True, False])
async def test_a_group_that_is_upgraded_keeps_its_reminders_and_can_switch_them_off(
    telegram: FakeTelegram, tmp_path: Path, *, heard_of: bool
) -> None:
    """Also where the bot missed that it was upgraded, and learns it only when it says something there."""
    anna = telegram.citizen("anna")
    group = telegram.group("Nachbarn", administrators=(anna,))
    async with serving(telegram, tmp_path, None, NOVEMBER) as app:
        await anna.say("/erinnern@mitreden_bot", chat=group)
        assert "Gruppe an jeden Termin" in (await anna.answers(chat=group))[0].text
        moved = telegram.upgrade(group, heard_of=heard_of)
        if not heard_of:
            await app.outbox.take([reply(anna.id, group.id, "noch an die alte Gruppe")])
            await anna.answers(chat=moved)
        await anna.say("/erinnern@mitreden_bot", chat=moved)
        await anna.answers(chat=moved)
        assert len(await rows(tmp_path, tables.people)) == 1, "switched on again, everything would come twice"
        assert len(await rows(tmp_path, tables.subscriptions)) == 1
        await anna.say("/erinnern@mitreden_bot aus", chat=moved)
        assert "nicht mehr" in (await anna.answers(chat=moved))[0].text
        assert await rows(tmp_path, tables.people) == []
        assert await rows(tmp_path, tables.reminders) == []
    assert telegram.violations == []


async def test_whoever_was_met_in_a_group_first_is_written_to_alone(telegram: FakeTelegram, tmp_path: Path) -> None:
    """Older versions stored nowhere to write to, and what was planned with it waits in databases."""
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path) as app:
        await app.outbox.take([reply(anna.id, "", "Erinnerung")])
        assert [one.text for one in await anna.answers()] == ["Erinnerung"]


async def test_a_group_that_does_not_let_the_bot_speak_silences_nobody_in_it(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna = telegram.citizen("anna")
    group = telegram.group("Nachbarn")
    async with serving(telegram, tmp_path, None, NOVEMBER) as app:
        await anna.say("/start ev_doehren")
        await anna.answers()
        await anna.tap("1 Erinnern (an diesen Termin)")
        await anna.answers()
        (before,) = await rows(tmp_path, tables.people)
        telegram.fault("sendMessage", 1, 403, description="Forbidden: bot was kicked from the group chat")
        said = len(telegram.called("sendMessage"))
        await anna.say("/hilfe@mitreden_bot", chat=group)
        async with asyncio.timeout(5):
            while len(telegram.called("sendMessage")) == said:
                await asyncio.sleep(0.01)
        await app.outbox.idle()
        assert await rows(tmp_path, tables.people) == [before]
        assert await rows(tmp_path, tables.subscriptions) != []


def reply(user: int, room: int | str, text: str) -> OutboxRow:
    """A reply on its way into a group."""
    return OutboxRow(id=10**9, to=Address("telegram", str(user), str(room)), message=Outgoing(text=text))
