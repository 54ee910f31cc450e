"""Evenings as citizens and staff see them: cards, what is known and nothing else, who comes."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.paths import CONTENT
from tests.talk import config_in, talking

NOW = datetime.fromisoformat("2025-11-20T10:00:00+01:00")
KNOWN = """
ends_at = 2025-11-26T20:30:00
capacity = 80
registration.de = "Bitte bis 24. November."
registration.de-simple = "Bitte melden Sie sich an."
registration.en = "Please register by 24 November."
accessibility.de = "Ohne Stufen, mit Induktionsschleife."
accessibility.de-simple = "Es gibt keine Stufen."
accessibility.en = "Step-free, with an induction loop."
"""


async def test_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        (card,) = await anna.say("/termine misburg")
        facts, _, question = card.text.partition("\n\n")
        assert facts == "Mittwoch, 26. November 2025, 18:00 Uhr\nBürgerhaus Misburg\nSeckbruchstraße 20"
        assert question == "Was möchten Sie mit diesem Termin tun?"
        assert card.venue is None


async def test_what_organisers_add_is_on_the_card(tmp_path: Path) -> None:
    shutil.copytree(CONTENT, tmp_path / "content")
    file = tmp_path / "content" / "events.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('id = "misburg"', f'id = "misburg"{KNOWN}'), encoding="utf-8")
    async with talking(config_in(tmp_path, tmp_path / "content"), NOW) as anna:
        (card,) = await anna.say("/termine misburg")
        assert card.text.partition("\n\n")[0].splitlines()[3:] == [
            "Ende: Mittwoch, 26. November 2025, 20:30 Uhr",
            "Platz für 80 Personen",
            "Anmeldung: Bitte bis 24. November.",
            "Barrierefreiheit: Ohne Stufen, mit Induktionsschleife.",
        ]


async def test_staff_see_how_many_come_and_citizens_do_not(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, None, database_url), NOW) as anna:
        await anna.say_all("/termine misburg", "Ich komme")
        await anna.another("berta").say_all("/termine misburg", "vielleicht")
        carla = anna.another("carla")
        await carla.say_all("/termine misburg", "Ich komme", "nein")
        assert "Team" not in (await anna.say("/termine misburg"))[0].text
        now = anna.app.clock.now()
        await anna.app.memory.invite("TEAM-ABCDE-FGHJK", "analyst", now, now + timedelta(minutes=10))
        staff = anna.another("sabine")
        await staff.say("TEAM-ABCDE-FGHJK")
        said = (await staff.say("/termine misburg"))[0].text
        assert "\nFür das Team: 1 kommen, 1 vielleicht, 1 kommen nicht.\n" in said
        await carla.say_all("/loeschen", "2")
        assert "0 kommen nicht" in (await staff.say("/termine misburg"))[0].text


async def test_no_silences_one_event_of_all_until_somebody_wants_it_again(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        await anna.say_all("/erinnern alle", "/termine misburg", "5")
        day_before = datetime.fromisoformat("2025-11-26T12:00:00+01:00")
        assert await anna.wait_until(day_before, timedelta(hours=1)) == []
        await anna.say("/erinnern misburg")
        assert len(await anna.wait_until(datetime.fromisoformat("2025-11-26T17:00:00+01:00"))) == 1


@pytest.mark.parametrize("typed", ["Misburg", "bürgerhaus misburg", "Seckbruchstraße 20", "1", "misburg"])
async def test_an_event_is_chosen_by_any_of_its_names(tmp_path: Path, typed: str) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        (card,) = await anna.say_all("/termine", typed)
        assert "Bürgerhaus Misburg\nSeckbruchstraße 20" in card.text
        assert card.about == "misburg"


async def test_past_events_are_shown_on_request_and_marked(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        (shown,) = await anna.say_all("/termine", "Auch vergangene zeigen")
        assert shown.text.startswith("Alle 5 Termine:")
        assert shown.text.count("schon vorbei") == 1
        assert [choice.label for choice in shown.choices][-1] == "Alle in den Kalender"
        assert (await anna.say("/termine alle"))[0].text == shown.text


async def test_a_button_of_a_past_event_does_nothing_but_say_so(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), datetime.fromisoformat("2025-11-26T21:00:00+01:00")) as anna:
        for action in ("remind", "yes", "calendar", "hour", "ask", "nonsense"):
            (said,) = await anna.tap(f"e:misburg:{action}")
            assert said.text.startswith("Dieser Termin ist vorbei.")
        assert (await anna.tap("e:nowhere:remind"))[0].text.startswith("Dieser Termin ist vorbei.")
        assert await anna.app.memory.diary.subscribers_of("misburg") == 0


async def test_a_list_of_events_stands_in_nobodys_way(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        await anna.say("/termine")
        (told,) = await anna.say("Wo ist der Termin in Döhren?")
        assert "Helmstedter Straße 15" in told.text
        assert "Bürgerhaus Misburg\nSeckbruchstraße 20" in (await anna.say("1"))[0].text  # the list is still open
        (said,) = await anna.say("Danke schön")
        assert said.text.startswith("Sehr gern!")
        assert said.choices == ()


@pytest.mark.parametrize("typed", ["Erinnere mich an Misburg", "remind me of misburg", "Erinnerung Misburg"])
async def test_a_reminder_is_ordered_in_a_sentence(tmp_path: Path, typed: str) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        assert "– Bürgerhaus Misburg, 26. November 2025" in (await anna.say(typed))[0].text
        assert await anna.app.memory.diary.subscribers_of("misburg") == 1


async def test_an_answer_in_own_words_orders_no_reminder(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        await anna.say_all("/umfrage", "1", "Nein", "1", "1", "1")
        for typed in ("Erinnere mich an Misburg", "in einer Stunde"):
            (said,) = await anna.say(typed)
            assert "Darf die Stadt Ihren Wunsch veröffentlichen?" in said.text
            await anna.say("zurück")
        assert await anna.app.memory.diary.subscribers_of("misburg") == 0
