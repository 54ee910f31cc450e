"""Announcements: from the first word to the last recipient, and who may do what on the way."""

import pytest

from bot import app as application
from bot.config import StaffSection
from bot.core.messages import Address
from tests.announced import PEOPLE, confirm, offered, pass_time, recipients, two
from tests.staff import chosen, joined, wants_news
from tests.talk import OPEN, FrozenClock, Recorder, Talk, config_in, talking


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


async def test_a_command_of_others_on_the_staff_is_said_to_be_theirs_and_to_nobody_else(anna: Talk) -> None:
    erika, _ = await two(anna)
    for command in ("/statistik", "/neu_laden", "/export"):
        assert (await erika.say(command))[0].text.startswith("Das darf nur jemand mit einer anderen Aufgabe im Team.")
        assert (await anna.say(command))[0].text.startswith("Diesen Befehl kenne ich nicht.")
