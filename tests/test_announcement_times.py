"""When an announcement goes, and that it can be held, ended and gone on with."""

import pytest

from bot.core import announcement as steps
from bot.core.announcement import Announcement
from bot.core.messages import Outgoing
from storage.outbox import Fate
from tests.announced import PEOPLE, being_sent, confirm, offered, pass_time, recipients, two
from tests.staff import chosen
from tests.talk import Talk


async def test_ten_minutes_lie_between_two_beginnings(anna: Talk) -> None:
    erika, otto = await two(anna)
    await offered(erika, "Das Erste")
    await confirm(otto)
    sent = await pass_time(anna, seconds=61)
    assert recipients(sent, "Das Erste") == list(PEOPLE)
    await offered(erika, "Das Zweite")
    said = await confirm(otto)
    assert "Beginn: Montag, 10. November 2025, 10:11 Uhr" in said[-1].text
    assert recipients(await pass_time(anna, minutes=9), "Das Zweite") == []
    assert recipients(await pass_time(anna, minutes=2), "Das Zweite") == list(PEOPLE)


async def test_it_goes_at_its_time_but_not_in_the_night(anna: Talk) -> None:
    erika, otto = await two(anna)
    await erika.say("/rundnachricht")
    said = await erika.say("Es gibt Neues")
    asked = await erika.tap(chosen(said, "Zeitpunkt"))
    for wrong in ("morgen", "32.13.2025 25:00", "9.11.2025 10:00", "1.1.2027 10:00"):
        asked = await erika.say(wrong)
        assert asked[0].text.startswith(("Diesen Zeitpunkt verstehe ich nicht", "Der Zeitpunkt muss")), wrong
    said = await erika.say("10.11.2025 22:00")
    assert said[0].text == "Nachts sende ich nichts. Sie beginnt deshalb erst: Dienstag, 11. November 2025, 08:00 Uhr"
    assert "Beginn: Dienstag, 11. November 2025, 08:00 Uhr" in said[-1].text
    await erika.tap(chosen(said, "Zur Freigabe"))
    await confirm(otto)
    assert recipients(await pass_time(anna, hours=12, minutes=5), "Es gibt") == []
    assert recipients(await pass_time(anna, hours=10), "Es gibt") == list(PEOPLE)


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("24.11.2025 18:00", "Montag, 24. November 2025, 18:00 Uhr"),
        ("Montag, 24.11.2025, 18 Uhr", "Montag, 24. November 2025, 18:00 Uhr"),
        ("24.11. um 9.30 Uhr", "Montag, 24. November 2025, 09:30 Uhr"),
        ("24.11.25 18:00", "Montag, 24. November 2025, 18:00 Uhr"),
        ("7.1. 9:00", "Mittwoch, 7. Januar 2026, 09:00 Uhr"),
        ("2025-11-24 18:00", "Montag, 24. November 2025, 18:00 Uhr"),
        ("heute 18 Uhr", "Montag, 10. November 2025, 18:00 Uhr"),
        ("morgen um 9 Uhr", "Dienstag, 11. November 2025, 09:00 Uhr"),
    ],
)
async def test_a_time_is_understood_as_people_write_it(anna: Talk, typed: str, begins: str) -> None:
    erika, _ = await two(anna)
    await erika.say("/rundnachricht")
    await erika.tap(chosen(await erika.say("Es gibt Neues"), "Zeitpunkt"))
    assert f"Beginn: {begins}" in (await erika.say(typed))[-1].text


async def test_it_can_be_held_go_on_and_be_ended_in_the_middle(anna: Talk) -> None:
    erika, otto = await two(anna)
    await being_sent(anna, erika, otto)
    shown = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
    held = await otto.tap(chosen(shown, "Anhalten"))
    assert "angehalten" in held[-1].text
    assert "Noch zu senden: 6" in held[-1].text
    assert recipients(await pass_time(anna, hours=1), "Es gibt") == []
    going = await otto.tap(chosen(held, "Weiter"))
    asked = await erika.tap(chosen(await erika.tap(chosen(await erika.say("/rundnachricht"), "Nr.")), "Senden beenden"))
    ended = await erika.tap(chosen(asked, "Ja"))
    assert "beendet" in ended[-1].text
    assert "Nicht gesendet: 6" in ended[-1].text
    assert (await otto.tap(chosen(going, "Anhalten")))[0].text.startswith("Rundnachricht 1 hat sich inzwischen")
    assert recipients(await pass_time(anna, hours=1), "Es gibt") == []


async def test_a_try_that_fails_meanwhile_undoes_neither_pause_nor_end_nor_stop(anna: Talk) -> None:
    """Six messages are with the network, which is in trouble: each comes back to be tried again."""
    erika, otto = await two(anna)
    await being_sent(anna, erika, otto)
    sending, now = anna.app.memory.sending, anna.app.clock.now()
    rows = sorted(await sending.due_unasked(now, 99, (), "terminal"), key=lambda row: row.to.user)
    assert [row.to.user for row in rows] == list(PEOPLE)
    await sending.mark_sending([row.id for row in rows])
    await anna.another("a").say("/stop")
    await anna.another("b").say("/neuigkeiten nein")
    shown = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
    held = await otto.tap(chosen(shown, "Anhalten"))
    come_back, others = rows[:4], rows[4:]
    for row in come_back:
        sending.leave(Fate(row=row, state="queued", error="not sent"))
    await sending.settle()
    assert recipients(await pass_time(anna, hours=1), "Es gibt") == []
    await otto.tap(chosen(held, "Weiter"))
    assert recipients(await pass_time(anna, seconds=1), "Es gibt") == ["c", "d"]
    shown = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
    await otto.tap(chosen(await otto.tap(chosen(shown, "Senden beenden")), "Ja"))
    for row in others:
        sending.leave(Fate(row=row, state="queued", error="not sent"))
    await sending.settle()
    assert recipients(await pass_time(anna, hours=1), "Es gibt") == []
    (ended,) = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
    assert {"Gesendet: 2", "Nicht gesendet: 4"} <= set(ended.text.splitlines())


async def test_a_slip_ends_no_announcement_and_it_goes_on_meanwhile(anna: Talk) -> None:
    """What is ended cannot be gone on with, so it is asked back; an old yes is asked anew."""
    erika, otto = await two(anna)
    await being_sent(anna, erika, otto)
    shown = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
    asked = await otto.tap(chosen(shown, "Senden beenden"))
    assert "wirklich beenden?" in asked[-1].text
    assert "wird gesendet" in (await otto.say("1"))[-1].text
    (again,) = await otto.tap(chosen(asked, "Ja"))
    assert again == asked[-1]
    await otto.say("abbrechen")
    assert recipients(await pass_time(anna, seconds=1), "Es gibt") == list(PEOPLE)


async def test_nothing_older_than_a_day_floods_out_after_a_sleep(anna: Talk) -> None:
    erika, otto = await two(anna)
    await being_sent(anna, erika, otto)
    sent = await pass_time(anna, hours=24)
    assert recipients(sent, "Es gibt") == []
    assert any("Zu spät, nicht gesendet: 6" in message.text for _, message in sent)


async def test_killed_between_two_blocks_it_goes_on_where_it_was(anna: Talk) -> None:
    newsroom, now = anna.app.memory.newsroom, anna.app.clock.now()
    one = Announcement(id=1, state="confirmed", texts={"de": "Es gibt Neues"}, author=1, confirmed_by=2, starts_at=now)
    await newsroom.keep(one, "confirmed", now, now.date())
    begun = steps.begun((await newsroom.find(1)) or one, now)
    await newsroom.keep(begun, "begun", now, now.date())
    stored = await newsroom.find(1)
    assert stored is not None
    for _ in range(2):  # the second time as after a restart: everybody is enqueued already
        await newsroom.enqueue(
            stored, "x", ("de",), lambda language, room: Outgoing(text="Es gibt Neues"), now, now.date()
        )
    assert await newsroom.waiting_of(1) == 6
    assert recipients(await pass_time(anna, seconds=1), "Es gibt") == list(PEOPLE)
    assert recipients(await pass_time(anna, seconds=5), "Es gibt") == []
