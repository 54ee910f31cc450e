"""Whom an announcement reaches, in which words, and what is left of it afterwards."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.announcement import Announcement
from bot.core.messages import Address
from tests.announced import PEOPLE, confirm, offered, pass_time, recipients, two
from tests.staff import chosen
from tests.talk import FrozenClock, Talk


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
    assert "Das sind jetzt so viele Personen: weniger als 5" in said[-1].text
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
