"""Announcements: from the first word to the last recipient, and all that must not happen on the way."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import app as application
from bot.config import StaffSection
from bot.core import announcement as steps
from bot.core.announcement import Announcement
from bot.core.messages import Address, Outgoing
from tests.staff import chosen, joined, wants_news
from tests.talk import OPEN, FrozenClock, Recorder, Talk, config_in, talking

PEOPLE = ("a", "b", "c", "d", "e", "f")


@pytest.fixture
async def anna(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> AsyncIterator[Talk]:
    """Somebody who talks to a bot that six people want to hear news from."""
    async with talking(config_in(tmp_path_factory.mktemp("bot"), url=database_url)) as talk:
        await wants_news(talk, *PEOPLE)
        yield talk


async def pass_time(talk: Talk, **amount: float) -> list[tuple[str, Outgoing]]:
    """Let time pass and the jobs run; who was sent what."""
    clock = talk.app.clock
    assert isinstance(clock, FrozenClock)
    before = len(talk.heard)
    clock.pass_time(**amount)
    await talk.app.duties.all_at_once()
    return [(to.user, message) for to, message in talk.heard[before:]]


def recipients(sent: list[tuple[str, Outgoing]], words: str) -> list[str]:
    """Who got a message that begins with these words, each as often as they did."""
    return sorted(user for user, message in sent if message.text.startswith(words))


async def offered(talk: Talk, text: str = "Es gibt Neues") -> list[Outgoing]:
    """Write a text and have it confirmed by somebody else; what is said to that."""
    said = await talk.say("/rundnachricht")
    if said[-1].choices:
        said = await talk.tap(chosen(said, "Neue Rundnachricht"))
    return await talk.tap(chosen(await talk.say(text), "Zur Freigabe"))


async def confirm(talk: Talk) -> list[Outgoing]:
    """Confirm what waits."""
    said = await talk.say("/rundnachricht")
    return await talk.tap(chosen(await talk.tap(chosen(said, "Nr.")), "Freigeben"))


async def two(talk: Talk) -> tuple[Talk, Talk]:
    """Erika, who writes, and Otto, who confirms."""
    return await joined(talk, "erika", "editor"), await joined(talk, "otto", "sender")


async def test_one_writes_another_confirms_and_a_minute_later_everybody_who_wants_news_has_it(anna: Talk) -> None:
    erika, otto = await two(anna)
    await erika.say("/rundnachricht")
    said = await erika.say("Es gibt **Ergebnisse**: [hier](https://example.org)")
    assert "Das sind jetzt so viele Personen: 6" in said[-1].text
    await erika.say("1")
    await otto.say("/rundnachricht")
    said = await otto.say("1")
    assert said[1].text.startswith("Es gibt Ergebnisse")
    assert "Das sind jetzt so viele Personen: 6" in said[-1].text
    await otto.say("Freigeben")
    assert await pass_time(anna, seconds=59) == []
    sent = await pass_time(anna, seconds=2)
    assert sorted(user for user, message in sent if message.spans) == sorted(PEOPLE)
    assert [user for user, message in sent if "Gesendet: 6" in message.text] == ["erika", "otto"]
    assert await pass_time(anna, hours=1) == []
    entries = [(entry.actor, entry.action) for entry in await anna.app.memory.audit()][-6:]
    assert entries == [
        ("staff 1", "announcement_begun"),
        ("staff 1", "announcement_written"),
        ("staff 1", "announcement_offered"),
        ("staff 2", "announcement_confirmed"),
        ("clock", "announcement_begun"),
        ("clock", "announcement_ended"),
    ]


async def test_until_it_begins_it_can_be_taken_back_and_nothing_is_sent(anna: Talk) -> None:
    erika, otto = await two(anna)
    await offered(erika)
    said = await confirm(otto)
    await pass_time(anna, seconds=59)
    said = await otto.tap(chosen(said, "Zurücknehmen"))
    assert said[0].text == "Rundnachricht 1 ist zurückgenommen. Es wurde nichts gesendet."
    assert recipients(await pass_time(anna, hours=2), "Es gibt") == []


async def test_after_it_has_begun_it_cannot_be_taken_back_and_that_is_said(anna: Talk) -> None:
    erika, otto = await two(anna)
    await offered(erika)
    said = await confirm(otto)
    clock = anna.app.clock
    assert isinstance(clock, FrozenClock)
    clock.pass_time(seconds=61)  # the jobs have not run yet
    said = await otto.tap(chosen(said, "Zurücknehmen"))
    assert said[0].text.startswith("Zum Zurücknehmen ist es zu spät")


async def test_an_old_button_does_nothing_once_the_draft_has_changed(anna: Talk) -> None:
    erika, otto = await two(anna)
    await offered(erika)
    said = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
    old = chosen(said, "Freigeben")
    draft = await erika.tap(chosen(await erika.tap(chosen(await erika.say("/rundnachricht"), "Nr.")), "Zurücknehmen"))
    asked = await erika.tap(chosen(draft, "Text ändern"))
    await erika.tap(chosen(asked, "Deutsch"))
    await erika.tap(chosen(await erika.say("Es gibt etwas anderes"), "Zur Freigabe"))
    # Neither the number typed under the old text counts, nor its button.
    for said in (await otto.say("1"), await otto.tap(old)):
        assert said[0].text.startswith("Rundnachricht 1 hat sich inzwischen geändert")
        assert any(message.text.startswith("Es gibt etwas anderes") for message in said)
    assert recipients(await pass_time(anna, hours=2), "Es gibt") == []


async def test_nobody_confirms_their_own_words_and_a_change_makes_them_ones_own(anna: Talk) -> None:
    erika, ada = await joined(anna, "erika", "admin"), await joined(anna, "ada", "admin")
    said = await offered(erika)
    assert "Freigeben" not in [choice.label for choice in said[-1].choices]
    key = chosen(said, "Zurücknehmen").replace("take_back", "confirm")
    assert (await erika.tap(key))[0].text.startswith("Freigeben muss eine zweite Person")
    # Ada changes the text: now it is hers, and she cannot confirm it, but Erika can.
    draft = await ada.tap(chosen(await ada.tap(chosen(await ada.say("/rundnachricht"), "Nr.")), "Ablehnen"))
    draft = await ada.tap(chosen(await ada.say("/rundnachricht"), "Nr."))
    asked = await ada.tap(chosen(draft, "Text ändern"))
    await ada.tap(chosen(asked, "Deutsch"))
    said = await ada.tap(chosen(await ada.say("Es gibt ganz anderes"), "Zur Freigabe"))
    key = chosen(said, "Zurücknehmen").replace("take_back", "confirm")
    assert (await ada.tap(key))[0].text.startswith("Freigeben muss eine zweite Person")
    await confirm(erika)
    assert recipients(await pass_time(anna, seconds=61), "Es gibt ganz anderes") == list(PEOPLE)


async def test_a_second_code_makes_nobody_a_second_person(anna: Talk) -> None:
    """Whoever wrote as an editor and then gets the task of a sender is still the same person."""
    erika, _ = await two(anna)
    await offered(erika)
    await joined(anna, "erika", "sender")
    said = await erika.tap(chosen(await erika.say("/rundnachricht"), "Nr."))
    assert not any(choice.label == "Freigeben" for choice in said[-1].choices)
    await erika.tap(said[-1].choices[0].key.replace("take_back", "confirm"))
    sent = await pass_time(anna, seconds=61)
    assert recipients(sent, "Es gibt") == []
    assert len(await anna.app.memory.staff()) == 2


async def test_without_four_eyes_one_is_enough_but_still_says_it_twice(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    config = config_in(tmp_path_factory.mktemp("bot"))
    config.staff = StaffSection(four_eyes=False)
    async with talking(config) as anna:
        await wants_news(anna, *PEOPLE)
        erika = await joined(anna, "erika", "admin")
        said = await offered(erika)
        assert recipients(await pass_time(anna, hours=2), "Es gibt") == []
        await erika.tap(chosen(said, "Freigeben"))
        assert recipients(await pass_time(anna, seconds=61), "Es gibt") == list(PEOPLE)


async def test_a_room_of_staff_hears_once_that_one_waits_and_how_it_goes(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    config = config_in(tmp_path_factory.mktemp("bot"))
    config.staff = StaffSection(room="!staff:example.org")
    recorder = Recorder("matrix")
    async with application.opened(config, FrozenClock(OPEN), {"matrix": recorder}, {}) as app:
        anna = Talk(app, recorder)
        await wants_news(anna, *PEOPLE)
        erika, otto = await two(anna)
        await offered(erika)
        for _ in range(3):
            await pass_time(anna, seconds=1)
        await confirm(otto)
        await pass_time(anna, seconds=61)
        told = [message.text for to, message in anna.heard if to == Address("matrix", "", "!staff:example.org")]
        assert told[0].startswith("Rundnachricht 1 wartet auf Ihre Freigabe")
        assert [text for text in told[1:] if "Gesendet: 6" in text]
        assert len(told) == 2


async def test_rooms_hear_it_once_where_a_moderator_wants_it(anna: Talk) -> None:
    erika, otto = await two(anna)
    for room, by_admin in (("plaza", True), ("market", False)):
        said = anna.incoming(text="/neuigkeiten")
        there = Address("terminal", "anna", room)
        await anna.receive(replace(said, sender=there, private=False, by_admin=by_admin, link="x"))
    await erika.say("/rundnachricht")
    said_ = await erika.tap(chosen(await erika.say("Es gibt Neues"), "Empfänger"))
    said_ = await erika.tap(chosen(await erika.tap(chosen(said_, "Gruppen")), "Nur an Gruppen"))
    assert "So viele Gruppen und Räume: 1" in said_[-1].text
    await erika.tap(chosen(await erika.tap(chosen(said_, "Fertig")), "Zur Freigabe"))
    await confirm(otto)
    before = len(anna.heard)
    await pass_time(anna, seconds=61)
    heard = [(to.user, to.room) for to, message in anna.heard[before:] if message.text.startswith("Es gibt")]
    assert heard == [("", "plaza")]


async def test_whoever_lost_the_role_confirms_nothing_and_their_word_does_not_hold(anna: Talk) -> None:
    erika, otto = await two(anna)
    await offered(erika)
    said = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
    await anna.app.memory.remove_staff(2, anna.app.clock.now())
    assert (await otto.tap(chosen(said, "Freigeben")))[0].text == "Diese Auswahl gilt nicht mehr."
    assert (await otto.say("1"))[0].text == "Sie gehören nicht zum Team, das Rundnachrichten sendet."
    # Confirmed in time, but taken off the staff within the minute: it does not begin.
    ada = await joined(anna, "ada", "sender")
    await confirm(ada)
    await anna.app.memory.remove_staff(3, anna.app.clock.now())
    sent = await pass_time(anna, seconds=61)
    assert recipients(sent, "Es gibt") == []
    assert recipients(sent, "Rundnachricht 1 beginnt nicht") == ["erika"]
    assert recipients(await pass_time(anna, hours=3), "Es gibt") == []


async def test_two_who_act_in_one_batch_do_not_overtake_each_other(anna: Talk) -> None:
    erika, otto = await two(anna)
    said = await offered(erika)
    asked = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
    back = erika.incoming(choice=chosen(said, "Zurücknehmen"))
    yes = otto.incoming(choice=chosen(asked, "Freigeben"))
    citizen = anna.another("a").incoming(text="/hilfe")
    texts = [message.text for message in await anna.receive(back, citizen, yes)]
    assert any(text.startswith("Rundnachricht 1 hat sich inzwischen geändert") for text in texts)
    assert any(text.startswith("Das kann ich") for text in texts)
    assert recipients(await pass_time(anna, hours=3), "Es gibt") == []


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


async def test_whoever_withdraws_meanwhile_gets_nothing_more(anna: Talk) -> None:
    erika, otto = await two(anna)
    await offered(erika)
    await confirm(otto)
    await anna.another("a").say("/stop")
    await anna.another("b").say("/neuigkeiten aus")
    clock = anna.app.clock
    assert isinstance(clock, FrozenClock)
    clock.pass_time(seconds=61)
    await anna.app.duties.announce()  # the messages are made, and wait
    await anna.another("c").say("/stop")
    await anna.another("d").say("/neuigkeiten aus")
    await anna.another("e").say("/loeschen")
    await anna.another("e").say("2")
    assert recipients(await pass_time(anna, seconds=1), "Es gibt") == ["f"]


async def being_sent(anna: Talk, erika: Talk, otto: Talk) -> None:
    """Written, confirmed, and its minute over: the messages are made, and wait."""
    await offered(erika)
    await confirm(otto)
    clock = anna.app.clock
    assert isinstance(clock, FrozenClock)
    clock.pass_time(seconds=61)
    await anna.app.duties.announce()


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


async def test_a_slip_throws_no_draft_away(anna: Talk) -> None:
    """It is asked back, as everywhere with the choice first that loses nothing; a yes is needed, and counts."""
    erika, _ = await two(anna)
    await erika.say("/rundnachricht")
    said = await erika.say("Es gibt Neues")
    for kept in ("1", "Nein", "zurück"):
        (asked,) = await erika.tap(chosen(said, "Verwerfen"))
        assert asked.text.startswith("Möchten Sie Rundnachricht 1 wirklich verwerfen?")
        said = await erika.say(kept)
        assert "Es gibt Neues" in said[-1].text
    (asked,) = await erika.tap(chosen(said, "Verwerfen"))
    (again,) = await erika.say("vielleicht")
    assert again.text.endswith(asked.text)
    assert (await erika.say("Ja, verwerfen"))[-1].text == "Rundnachricht 1 ist verworfen."
    assert await anna.app.memory.newsroom.of_interest(anna.app.clock.now()) == []


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
    await offered(erika)
    await confirm(otto)
    clock = anna.app.clock
    assert isinstance(clock, FrozenClock)
    clock.pass_time(seconds=61)
    await anna.app.duties.announce()
    sent = await pass_time(anna, hours=24)
    assert recipients(sent, "Es gibt") == []
    assert any("Zu spät, nicht gesendet: 6" in message.text for _, message in sent)


async def test_a_correction_goes_to_the_same_people_and_names_the_original(anna: Talk) -> None:
    erika, otto = await two(anna)
    await offered(erika, "Es gibt Neues am Freitag")
    await confirm(otto)
    await pass_time(anna, seconds=61)
    await erika.tap(chosen(await erika.say("/rundnachricht"), "Nr. 1 berichtigen"))
    said = await erika.say("Es gibt Neues am Samstag")
    assert "Berichtigung zu Rundnachricht 1" in said[-1].text
    await erika.tap(chosen(said, "Zur Freigabe"))
    said = await otto.say("/rundnachricht")
    await otto.tap(chosen(await otto.tap(chosen(said, "Nr. 2")), "Freigeben"))
    sent = await pass_time(anna, minutes=11)
    assert recipients(sent, "Berichtigung zu unserer Nachricht vom 10. November 2025") == list(PEOPLE)


async def test_texts_of_other_languages_and_those_without_one(anna: Talk) -> None:
    erika, otto = await two(anna)
    await anna.another("a").say("/sprache English")
    await anna.another("b").say("/sprache Deutsch in einfacher Sprache")
    await erika.say("/rundnachricht")
    said = await erika.say("Es gibt Neues")
    assert "English: kein eigener Text. Diese Personen bekommen den Text auf Deutsch." in said[-1].text
    await erika.tap(chosen(await erika.tap(chosen(said, "Text")), "English"))
    said = await erika.say("There is news")
    assert "English: There is news" in said[-1].text
    await erika.tap(chosen(said, "Zur Freigabe"))
    await confirm(otto)
    sent = await pass_time(anna, seconds=61)
    assert recipients(sent, "There is news\n\nTo end these news: /news") == ["a"]
    assert recipients(sent, "Es gibt Neues\n\nKeine Neuigkeiten mehr: /neuigkeiten") == ["b"]
    assert recipients(sent, "Es gibt Neues\n\nNeuigkeiten abbestellen: /neuigkeiten") == ["c", "d", "e", "f"]


async def test_an_audience_is_counted_as_it_is_and_a_handful_is_not_counted_out(anna: Talk) -> None:
    erika, otto = await two(anna)
    for user in ("a", "b"):
        await anna.another(user).say_all("/umfrage", "1")
    await anna.another("c").say("/erinnern misburg")
    await erika.say("/rundnachricht")
    said = await erika.say("Es gibt Neues")
    said = await erika.tap(chosen(said, "Empfänger"))
    said = await erika.tap(chosen(said, "Stand"))
    said = await erika.tap(chosen(said, "Umfrage begonnen"))
    assert "Das sind jetzt so viele Personen: < 5" in said[-1].text
    said = await erika.tap(chosen(await erika.tap(chosen(said, "Interesse")), "Bürgerhaus Misburg"))
    assert "Das sind jetzt so viele Personen: 0" in said[-1].text
    said = await erika.tap(chosen(said, "Fertig"))
    assert (await erika.tap(chosen(said, "Zur Freigabe")))[0].text.startswith("Diese Auswahl trifft auf niemanden zu")
    said = await erika.tap(chosen(said, "Empfänger"))
    said = await erika.tap(chosen(await erika.tap(chosen(said, "Interesse")), "Alle"))
    await erika.tap(chosen(await erika.tap(chosen(said, "Fertig")), "Zur Freigabe"))
    await confirm(otto)
    sent = await pass_time(anna, seconds=61)
    assert recipients(sent, "Es gibt") == ["a", "b"]
    assert not any("Gesendet: 2" in message.text for _, message in sent)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("x" * 5000, "Der Text hat 5.000 Zeichen"),
        ("Es gibt **Neues", "Bei der Fettschrift fehlt etwas"),
        ("[hier](javascript:alert(1))", "Ein Link stimmt nicht"),
        ("\u202e\u200b", "Darin sind keine Wörter"),
    ],
)
async def test_a_text_that_cannot_be_sent_is_not_kept_and_it_is_said_why(anna: Talk, typed: str, answer: str) -> None:
    erika, _ = await two(anna)
    await erika.say("/rundnachricht")
    said = await erika.say(typed)
    assert said[0].text.startswith(answer)
    assert said[-1].text.startswith("Schreiben Sie mir den Text")
    said = await erika.say("Es gibt Neues")
    assert "Deutsch: Es gibt Neues" in said[-1].text


async def test_the_last_piece_of_a_text_that_an_app_has_cut_is_not_taken_for_the_whole(anna: Talk) -> None:
    """Telegram's apps send 5,000 characters as two messages, of which the second would be short enough."""
    erika, _ = await two(anna)
    await erika.say("/rundnachricht")
    said = await erika.say("x" * 4096)
    assert said[0].text.startswith("Der Text hat 4.096 Zeichen")
    (said_,) = await erika.say("x" * 904)
    assert said_.text.startswith("Das ist ein Teil des langen Textes")
    later = erika.incoming(text="Es gibt Neues")
    said = await erika.receive(replace(later, sent_at=later.sent_at + timedelta(seconds=60)))
    assert "Deutsch: Es gibt Neues" in said[-1].text


@pytest.mark.parametrize("typed", ["3", "English"])
async def test_a_language_is_chosen_by_number_or_word_as_well(anna: Talk, typed: str) -> None:
    erika, _ = await two(anna)
    await erika.say("/rundnachricht")
    await erika.tap(chosen(await erika.say("Es gibt Neues"), "Text"))
    assert "auf English" in (await erika.say(typed))[-1].text
    assert "English: There is news" in (await erika.say("There is news"))[-1].text


async def test_who_is_alone_is_told_that_nobody_else_may_confirm(anna: Talk) -> None:
    erika = await joined(anna, "erika", "editor")
    said = await offered(erika)
    assert "Im Team ist aber sonst niemand, der das darf" in said[-1].text
    await joined(anna, "otto", "sender")
    said = await erika.tap(chosen(await erika.say("/rundnachricht"), "Nr. 1, wartet auf Freigabe: Es gibt Neues"))
    assert "Alle, die das dürfen, haben eine Nachricht bekommen" in said[-1].text


async def test_commands_and_sentences_of_citizens_work_in_between(anna: Talk) -> None:
    erika, _ = await two(anna)
    await erika.say("/rundnachricht")
    said = await erika.say("/hilfe")
    assert "/rundnachricht" in said[0].text
    assert said[-1].text == "Die Rundnachricht wartet noch: /rundnachricht"
    assert (await erika.say("zurück"))[-1].text
    assert (await anna.another("a").say("/hilfe"))[0].text.count("/rundnachricht") == 0


async def test_a_test_goes_to_oneself_only(anna: Talk) -> None:
    erika, _ = await two(anna)
    await erika.say("/rundnachricht")
    said = await erika.say("Es gibt **Neues**")
    before = len(anna.heard)
    said = await erika.tap(chosen(said, "Test"))
    assert said[0].text.startswith("Es gibt Neues")
    assert said[0].spans
    assert {to.user for to, _ in anna.heard[before:]} == {"erika"}


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


async def test_what_is_sent_names_nobody_any_more(anna: Talk) -> None:
    erika, otto = await two(anna)
    await offered(erika)
    await confirm(otto)
    await pass_time(anna, seconds=61)
    tally = await anna.app.memory.newsroom.tally(
        (await anna.app.memory.newsroom.find(1)) or Announcement(), "x", "de", anna.app.clock.now() + timedelta(1)
    )
    assert tally.sent == 6
    file = anna.app.memory.socket().with_suffix(".db")
    if not file.exists():
        return  # the same statements on the server; here the file is looked into
    with closing(sqlite3.connect(file)) as database:
        columns = "person_id, address, message, text_id, key"
        rows = database.execute(f"SELECT {columns} FROM outbox WHERE announcement_id = 1").fetchall()  # noqa: S608
    assert rows == [(None,) * 5] * 6
