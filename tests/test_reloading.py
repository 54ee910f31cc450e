"""An evening that changes: answered at once, told to whoever waits for it once staff confirm; no old word goes out."""

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import vobject
from msgspec.structs import replace

from bot.config import StaffSection
from bot.core.messages import OutboxRow, Outgoing
from bot.paths import CONTENT
from bot.problems import UserError
from bot.reloading import OPERATOR, reloaded
from storage.database import Unavailable
from tests.talk import FrozenClock, Talk, config_in, talking

NOW = datetime.fromisoformat("2025-11-20T10:00:00+01:00")
HALF_AN_HOUR = timedelta(minutes=30)
BEFORE, LATER = "starts_at = 2025-11-26T18:00:00", "starts_at = 2025-11-26T19:00:00"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A city's own copy of the content."""
    shutil.copytree(CONTENT, tmp_path / "content")
    return tmp_path / "content"


def edit(content: Path, old: str, new: str, name: str = "events.toml") -> None:
    file = content / name
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def calendar(said: list[Outgoing]) -> Any:
    """The event of the calendar file, as another library reads it."""
    (file,) = [message.attachment for message in said if message.attachment]
    assert file.media_type == "text/calendar"
    return vobject.readOne(file.content.decode()).vevent


async def on_staff(talk: Talk, user: str, role: str = "sender") -> Talk:
    """Somebody who has joined the staff."""
    now = talk.app.clock.now()
    await talk.app.memory.invite("TEAM-ABCDE-FGHJK", role, now, now + timedelta(minutes=10))
    member = talk.another(user)
    await member.say("TEAM-ABCDE-FGHJK")
    return member


async def tick(talk: Talk, at: str | None = None) -> list[Outgoing]:
    """What the bot sends of its own accord at a moment."""
    clock = talk.app.clock
    assert isinstance(clock, FrozenClock)
    if at:
        clock.at = datetime.fromisoformat(at)
    return await talk.wait_until(clock.at + timedelta(minutes=1))


async def test_an_event_moved_by_an_hour_is_told_to_every_subscriber_once(
    tmp_path: Path, content: Path, database_url: str
) -> None:
    config = config_in(tmp_path, content, database_url)
    async with talking(config, NOW) as anna:
        staff = await on_staff(anna, "sabine")
        old = calendar(await anna.say_all("start misburg", "Kalender"))
        await anna.say("/erinnern misburg")
        await anna.another("berta").say("/erinnern alle")
        await anna.another("carla").say("/erinnern doehren")
        dora = anna.another("dora")
        await dora.say_all("/erinnern alle", "/termine misburg", "no")
        edit(content, BEFORE, LATER)
        said = await staff.say("/neu_laden")
        assert said[0].text == "Ich lese die Dateien neu."
        assert said[1].text.splitlines()[:2] == [
            "Das hat sich geändert, ich antworte schon damit:",
            "– Bürgerhaus Misburg: neu: 19:00 statt 18:00 Uhr (2 Personen)",
        ]
        # Answered at once, told not before somebody confirms.
        assert "26. November 2025, 19:00 Uhr" in (await anna.say("/termine misburg"))[0].text
        assert await tick(anna) == []
        # It takes two: the same person twice is one.
        for _ in range(2):
            assert "eine zweite Person" in (await staff.say("/neu_laden ja"))[1].text
        assert await tick(anna) == []
        second = await on_staff(anna, "stefan", "admin")
        assert "benachrichtige alle" in (await second.say("/neu_laden ja"))[1].text
        told = await tick(anna)
        assert len(told) == 2
        assert all("neu: 19:00 statt 18:00 Uhr" in message.text for message in told)
        new = calendar(told[:1])
        assert new.uid.value == old.uid.value
        assert int(new.sequence.value) == int(old.sequence.value) + 1
        assert new.dtstart.value - old.dtstart.value == timedelta(hours=1)
        assert new.status.value == "CONFIRMED"
        assert (await staff.say("/neu_laden ja"))[1].text == "Die Dateien sind gelesen. Es gibt nichts mitzuteilen."
        assert await tick(anna) == []
        # The reminders follow the new beginning.
        assert await tick(anna, "2025-11-26T16:30:00+01:00") != []  # the day before, found late, in the new words
        (anna_again, _) = await tick(anna, "2025-11-26T17:00:00+01:00")
        assert "19:00 Uhr" in anna_again.text


async def test_a_nudge_names_the_day_until_which_the_survey_now_goes(tmp_path: Path, content: Path) -> None:
    """Somebody was told of another day before: what many get is written once, and not for ever."""
    async with talking(config_in(tmp_path, content), NOW) as anna:
        await anna.say_all("/umfrage", "1")
        (said,) = await tick(anna, "2025-11-21T11:00:00+01:00")
        assert "Sonntag, 14. Dezember 2025" in said.text
        edit(content, "closes = 2025-12-14", "closes = 2025-12-21", "process.toml")
        await anna.app.content.reload()
        await anna.another("berta").say_all("/umfrage", "1")
        (said,) = await tick(anna, "2025-11-22T12:00:00+01:00")
        assert "Sonntag, 21. Dezember 2025" in said.text


async def test_who_agreed_to_other_words_has_not_agreed_to_these(tmp_path: Path, content: Path) -> None:
    config = config_in(tmp_path, content)
    async with talking(config, NOW) as anna:
        staff, second = await on_staff(anna, "sabine"), await on_staff(anna, "stefan")
        await anna.say("/erinnern misburg")
        edit(content, BEFORE, LATER)
        await staff.say("/neu_laden ja")
        edit(content, LATER, "starts_at = 2025-11-26T19:30:00")
        said = (await second.say("/neu_laden ja"))[1].text
        assert "19:30" in said
        assert "eine zweite Person" in said
        edit(content, "starts_at = 2025-11-26T19:30:00", LATER)
        assert "eine zweite Person" in (await second.say("/neu_laden ja"))[1].text, "changed there and back is news"
        assert await tick(anna) == []
    async with talking(config, NOW) as anna:
        staff = anna.another("sabine")
        assert "eine zweite Person" in (await staff.say("/neu_laden ja"))[1].text, "a restart asks everybody again"
        english = anna.app.content.languages["en"]
        text = await reloaded(anna.app.content, english, shipped=False, by=OPERATOR)
        assert "I am telling everybody" in text, "the operator is another person"
        (told,) = await tick(anna)
        assert "neu: 19:00 statt 18:00 Uhr" in told.text


async def test_where_one_person_is_enough_one_person_is(tmp_path: Path, content: Path) -> None:
    config = replace(config_in(tmp_path, content), staff=StaffSection(four_eyes=False))
    async with talking(config, NOW) as anna:
        staff = await on_staff(anna, "sabine")
        await anna.say("/erinnern misburg")
        edit(content, BEFORE, LATER)
        assert "benachrichtige alle" in (await staff.say("/neu_laden ja"))[1].text
        assert len(await tick(anna)) == 1


async def test_a_restart_notices_a_change_and_a_killed_notice_goes_on(tmp_path: Path, content: Path) -> None:
    config = config_in(tmp_path, content)
    async with talking(config, NOW) as anna:
        await anna.say("/erinnern misburg")
    edit(content, BEFORE, LATER)
    async with talking(config, NOW) as anna:
        (change,) = await anna.app.content.changes()
        assert (change.new.sequence, change.people) == (1, 1)
        today = NOW.date()
        await anna.app.memory.diary.begin_telling(change.new, [], today)  # killed right after this was written
    async with talking(config, NOW) as anna:
        assert await anna.app.content.changes() == []
        assert len(await tick(anna)) == 1
        assert await tick(anna) == []


async def test_what_was_about_to_go_out_about_an_event_that_moved_never_does(tmp_path: Path, content: Path) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        await anna.say("/erinnern misburg")
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.at = datetime.fromisoformat("2025-11-25T18:00:00+01:00")
        await anna.app.duties.remind()  # in the outbox, not yet sent
        edit(content, BEFORE, "starts_at = 2025-11-28T18:00:00")
        edit(content, 'weekday = "Mittwoch"\nplace = "Bürgerhaus Misburg"', 'place = "Bürgerhaus Misburg"')
        await anna.app.content.reload()
        assert await tick(anna) == []
        (said,) = await tick(anna, "2025-11-27T18:00:00+01:00")
        assert "Freitag, 28. November 2025, 18:00 Uhr" in said.text


async def test_what_was_about_to_go_out_goes_out_in_new_words_where_only_the_place_has_changed(
    tmp_path: Path, content: Path
) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        await anna.say("/erinnern misburg")
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.at = datetime.fromisoformat("2025-11-25T18:00:00+01:00")
        await anna.app.duties.remind()
        edit(content, "Seckbruchstraße 20", "Seckbruchstraße 21")
        await anna.app.content.reload()
        (said,) = await tick(anna)
        assert "Seckbruchstraße 21" in said.text
        assert len(await tick(anna, "2025-11-26T16:00:00+01:00")) == 1


async def test_a_cancelled_event_is_said_to_be_and_reminds_nobody(tmp_path: Path, content: Path) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        staff = await on_staff(anna, "sabine", "admin")
        await anna.say("/erinnern misburg")
        edit(content, 'id = "misburg"', 'id = "misburg"\ncancelled = true')
        await staff.say("/reload ja")
        await (await on_staff(anna, "stefan")).say("/reload ja")
        told = await tick(anna)
        assert told[0].text.startswith("Ein Termin fällt aus:")
        assert calendar(told).status.value == "CANCELLED"
        assert await tick(anna, "2025-11-26T17:00:00+01:00") == []


async def test_a_new_event_is_planned_for_those_who_want_every_event(tmp_path: Path, content: Path) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        await anna.say("/erinnern alle")
        with (content / "events.toml").open("a", encoding="utf-8") as file:
            file.write('\n[[event]]\nid = "neu"\nstarts_at = 2025-11-22T18:00:00\nplace = "Haus"\naddress = "Weg 1"\n')
        await anna.app.content.reload()
        assert await anna.app.content.changes() == []
        (said,) = await tick(anna, "2025-11-21T18:00:00+01:00")
        assert "Samstag, 22. November 2025, 18:00 Uhr" in said.text


@pytest.mark.parametrize("order", ["/erinnern misburg", "/erinnern alle"])
async def test_whoever_subscribes_while_reminders_are_planned_anew_is_reminded_at_the_new_time(
    tmp_path: Path, content: Path, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        diary = anna.app.memory.diary
        adopt_event = diary.adopt_event

        async def then_somebody_comes(*args: Any, **named: Any) -> None:
            await adopt_event(*args, **named)
            await anna.say(order)

        monkeypatch.setattr(diary, "adopt_event", then_somebody_comes)
        edit(content, BEFORE, LATER)
        await anna.app.content.reload()
        assert await planned_for_misburg(anna) == ["2025-11-25T19:00", "2025-11-26T17:00"]
    async with talking(config_in(tmp_path, content), NOW) as anna:
        assert await planned_for_misburg(anna) == ["2025-11-25T19:00", "2025-11-26T17:00"]


async def test_a_batch_that_is_being_answered_when_an_event_moves_is_planned_for_the_new_time(
    tmp_path: Path, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        memory = anna.app.memory
        write = memory.write
        reloads: list[asyncio.Task[None]] = []

        async def written_late(*args: Any) -> list[OutboxRow]:
            if not reloads:
                reloads.append(asyncio.create_task(anna.app.content.reload()))
                await asyncio.wait(reloads, timeout=1.0)
            return await write(*args)

        monkeypatch.setattr(memory, "write", written_late)
        edit(content, BEFORE, LATER)
        await anna.say("/erinnern misburg")
        await asyncio.gather(*reloads)
        assert await planned_for_misburg(anna) == ["2025-11-25T19:00", "2025-11-26T17:00"]


async def test_killed_before_reminders_are_planned_anew_the_next_start_plans_them(
    tmp_path: Path, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        await anna.say("/erinnern misburg")
        edit(content, BEFORE, LATER)
        await killed_while_planning(anna, monkeypatch)
        await anna.another("berta").say("/erinnern misburg")
    async with talking(config_in(tmp_path, content), NOW) as anna:
        for one in (anna, anna.another("berta")):
            assert await planned_for_misburg(one) == ["2025-11-25T19:00", "2025-11-26T17:00"]
        event = anna.app.content.process.find_event("misburg")
        assert event is not None
        assert event.sequence == 1


async def test_words_written_before_a_kill_are_not_sent_about_facts_that_have_changed_once_more(
    tmp_path: Path, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both changes have the same number, because the first one was not kept."""
    async with talking(config_in(tmp_path, content), NOW) as anna:
        await anna.say("/erinnern misburg")
        edit(content, "Seckbruchstraße 20", "Seckbruchstraße 21")
        await killed_while_planning(anna, monkeypatch)
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.at = datetime.fromisoformat("2025-11-25T18:00:00+01:00")
        await anna.app.duties.remind()  # in the outbox, not yet sent
        edit(content, "Seckbruchstraße 21", "Seckbruchstraße 22")
        monkeypatch.undo()
        await anna.app.content.reload()
        (said,) = await tick(anna)
        assert "Seckbruchstraße 22" in said.text


async def test_nobody_is_told_of_facts_that_nobody_agreed_to_while_they_are_being_told_of_others(
    tmp_path: Path, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        await anna.say("/erinnern misburg")
        edit(content, BEFORE, LATER)
        await anna.app.content.reload()
        (agreed,) = await anna.app.content.changes()
        await anna.app.memory.diary.begin_telling(agreed.new, [], NOW.date())
        edit(content, LATER, "starts_at = 2025-11-26T19:30:00")
        await killed_while_planning(anna, monkeypatch)
        await anna.app.content.go_on_telling()
        (asked,) = await anna.app.content.changes()
        assert (asked.old.starts_at, asked.new.starts_at) == (agreed.new.starts_at, asked.old.starts_at + HALF_AN_HOUR)
        assert await tick(anna) == []


async def killed_while_planning(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reload that serves the changed files, and ends before reminders are planned anew."""

    async def killed(*_args: Any, **_named: Any) -> None:
        raise Unavailable("killed")

    monkeypatch.setattr(talk.app.memory.diary, "adopt_event", killed)
    with pytest.raises(Unavailable):
        await talk.app.content.reload()


async def planned_for_misburg(talk: Talk) -> list[str]:
    """When somebody is to be reminded of that evening, in its own time."""
    address = talk.incoming().sender
    known = await talk.app.memory.known(address.channel, [], [address])
    planned = await talk.app.memory.diary.planned_of(known.people[address].id)
    zone = talk.app.content.process.zone
    return [one.due_at.astimezone(zone).isoformat()[:16] for one in planned if one.event == "misburg"]


async def test_files_with_a_mistake_change_nothing_and_staff_read_which(tmp_path: Path, content: Path) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        staff = await on_staff(anna, "sabine")
        edit(content, BEFORE, "starts_at = 2025-11-27T18:00:00")
        said = (await staff.say("/neu_laden"))[1].text
        assert "2025-11-27 is not a Mittwoch" in said
        assert "26. November 2025, 18:00 Uhr" in (await anna.say("/termine misburg"))[0].text


async def test_only_senders_and_admins_reload_and_shipped_content_says_how_to_copy_it(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        assert "kenne ich nicht" in (await anna.say("/neu_laden"))[0].text
        analyst = await on_staff(anna, "alex", "analyst")
        assert "einer anderen Aufgabe im Team" in (await analyst.say("/neu_laden"))[0].text
        sender = await on_staff(anna, "sabine")
        assert "mitreden init ORDNER" in (await sender.say("/neu_laden"))[1].text


async def test_another_process_is_not_slipped_in(tmp_path: Path, content: Path) -> None:
    async with talking(config_in(tmp_path, content), NOW) as anna:
        file = content / "process.toml"
        text = file.read_text(encoding="utf-8").replace('id = "buergeraemter-der-zukunft"', 'id = "andere"')
        file.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match="another process"):
            await anna.app.content.reload()


async def test_a_calendar_file_of_all_events_is_read_by_another_library(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        (said,) = await anna.say_all("/termine", "Alle in den Kalender")
        assert said.attachment is not None
        read = vobject.readOne(said.attachment.content.decode())
        events = {event.uid.value: event for event in read.vevent_list}
        assert len(events) == 4
        misburg = events["misburg@buergeraemter-der-zukunft"]
        assert misburg.dtstart.value == datetime.fromisoformat("2025-11-26T17:00:00+00:00")
        assert misburg.location.value == "Bürgerhaus Misburg, Seckbruchstraße 20"
        assert not hasattr(misburg, "dtend")
        assert [alarm.trigger.value for alarm in misburg.valarm_list] == [timedelta(days=-1), timedelta(hours=-2)]
