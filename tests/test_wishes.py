"""Wishes: only those whose authors agreed, read by staff first, supported by each person once, gone when erased."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.core.messages import Outgoing
from storage import tables
from storage.database import database
from storage.retention import Moment
from tests import simulated
from tests.staff import joined
from tests.stored import rows
from tests.talk import Talk, config_in, talking
from tests.test_dialogues import CODE

NON_USER = ("/umfrage", "1", "Nein", "1", "1", "1")
REST = ["überspringen"] * 3


async def wish(person: Talk, words: str, permission: str = "ja") -> str:
    """Take the survey with a wish; the deletion code."""
    await person.say_all(*NON_USER, words, permission, *REST)
    said = await person.say("1")
    return next(found[1] for one in said if (found := CODE.search(one.text)))


async def test_only_wishes_whose_authors_agreed_and_staff_released_are_read(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, None, database_url)) as anna:
        await wish(anna, "Bitte mehr Bänke.")
        await wish(anna.another("berta"), "Das geht niemanden etwas an.", "nein")
        await wish(anna.another("carla"), "Auch geheim.", "weiß nicht")
        await wish(anna.another("dora"), "Rufen Sie mich an: 0511 1234567.")
        reader = anna.another("emil")
        assert "noch keine freigegebenen" in (await reader.say("/wuensche"))[0].text
        editor = await joined(anna, "stefan", "editor")
        (asked,) = await editor.say("/wuensche_pruefen")
        for _ in range(2):
            assert "geheim" not in asked.text
            dangerous = "0511" in asked.text
            assert ("Telefonnummer" in asked.text) == dangerous
            (asked,) = await editor.say("2" if dangerous else "1")
        assert "0 offen, 1 freigegeben, 1 zurückgehalten" in asked.text
        (listed,) = await reader.say("/wuensche")
        assert [choice.label for choice in listed.choices] == ["Bitte mehr Bänke.", "Fertig"]
        audit = await anna.app.memory.audit()
        assert sorted(entry.action for entry in audit)[-2:] == ["wish_held", "wish_released"]
        assert all(entry.sound for entry in audit)
        (again,) = await editor.say("/wuensche_pruefen zurückgehalten")
        assert "0511" in again.text


async def test_a_second_quick_tap_does_not_judge_the_next_wish(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await wish(anna, "Eins.")
        await wish(anna.another("berta"), "Zwei.")
        editor = await joined(anna, "stefan", "editor")
        (asked,) = await editor.say("/wuensche_pruefen")
        key = asked.choices[0].key
        await editor.tap(key)
        await editor.tap(key)
        assert await anna.app.memory.results.how_many_wishes() == {"new": 1, "released": 1}


async def test_who_has_left_the_staff_judges_nothing_any_more(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await wish(anna, "Eins.")
        editor = await joined(anna, "stefan", "editor")
        (asked,) = await editor.say("/wuensche_pruefen")
        (member,) = await anna.app.memory.staff()
        await anna.app.memory.remove_staff(member.id, anna.app.clock.now())
        said = [*await editor.say("1"), *await editor.tap(asked.choices[0].key)]
        assert not any("Eins." in one.text for one in said)
        assert await anna.app.memory.results.how_many_wishes() == {"new": 1}


async def opened(person: Talk) -> Outgoing:
    """The only wish, opened."""
    await person.say("/wuensche")
    return (await person.say("1"))[-1]


async def test_each_person_supports_a_wish_once(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, None, database_url)) as anna:
        await wish(anna, "Bitte mehr Bänke.")
        await simulated.judge_wishes(anna.app.memory, lambda _: "released")
        (released,) = await anna.app.memory.results.wishes("released")
        for number in range(6):
            person = anna.another(f"p{number}")
            shown = await opened(person)
            assert "Prüfwert" in shown.text
            assert "Ihre Stimme zählt" in (await person.say("1"))[0].text
            shown = await opened(person)
            assert "Sie unterstützen diesen Wunsch" in shown.text
            assert [choice.label for choice in shown.choices] == ["Zurück zu den Wünschen", "Stimme zurücknehmen"]
            await person.tap(f"m:wish:support-{released.id}")
            if number == 0:
                assert "Weniger als 5" in shown.text
        (released,) = await anna.app.memory.results.wishes("released")
        assert released.voices == 6
        last = anna.another("p5")
        await opened(last)
        await last.say("2")
        assert "Sie unterstützen 1 Wunsch" not in (await last.say("/meine_daten"))[0].text
        first = anna.another("p0")
        assert "Sie unterstützen 1 Wunsch" in (await first.say("/meine_daten"))[0].text
        await first.say_all("/loeschen", "2")
        (released,) = await anna.app.memory.results.wishes("released")
        assert released.voices == 4


async def test_marks_of_voices_have_nothing_in_common_with_any_other_table(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await wish(anna, "Eins.")
        await wish(anna.another("berta"), "Zwei.")
        await simulated.judge_wishes(anna.app.memory, lambda _: "released")
        await anna.say_all("/wuensche", "1", "1", "2", "1")
    marks = [voice.mark for voice in await rows(tmp_path, tables.wish_voices)]
    assert len(marks) == len(set(marks)) == 2
    for table in tables.metadata.sorted_tables:
        if table.name != "wish_voices":
            found = await rows(tmp_path, table)
            assert not any(mark in row for mark in marks for row in found), table.name


async def test_a_deletion_code_removes_the_wish_and_its_voices(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        code = await wish(anna, "Bitte mehr Bänke.")
        await simulated.judge_wishes(anna.app.memory, lambda _: "released")
        berta = anna.another("berta")
        await opened(berta)
        await berta.say("1")
        await anna.say(f"/loeschen {code}")
        assert await anna.app.memory.results.how_many_wishes() == {}
    assert await rows(tmp_path, tables.wish_voices) == []


async def test_once_the_process_is_over_voices_are_numbers_only(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await wish(anna, "Bitte mehr Bänke.")
        await simulated.judge_wishes(anna.app.memory, lambda _: "released")
        for number in range(5):
            person = anna.another(f"p{number}")
            await opened(person)
            await person.say("1")
        now, zone = anna.app.clock.now(), anna.app.process.zone
        for _ in range(2):  # it is asked every minute
            await anna.app.memory.forget_old(Moment(now, anna.app.process.id, zone, now, now + timedelta(days=9)))
        (released,) = await anna.app.memory.results.wishes("released")
        assert released.voices == 5
        anna.app.clock.pass_time(days=90)  # type: ignore[attr-defined]
        shown = await opened(anna.another("p0"))
        assert [choice.label for choice in shown.choices] == ["Zurück zu den Wünschen"]
        assert "5 Menschen unterstützen" in shown.text
    assert await rows(tmp_path, tables.wish_voices) == []


@pytest.mark.parametrize("words", ["Rufen Sie mich an: 0511 168 1234", "Ich heiße Anna Schulz"])
async def test_the_review_hints_at_personal_details_and_lets_people_submit_all_the_same(
    tmp_path: Path, words: str
) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await anna.say_all(*NON_USER, words, "ja", *REST[:-1])
        (review,) = await anna.say("überspringen")
        assert "steht vielleicht" in review.text
        assert (await anna.say("1"))[0].text.startswith("Vielen Dank")


async def test_wishes_submitted_before_they_were_asked_for_are_taken_over(tmp_path: Path, database_url: str) -> None:
    """The migration: a database of the version before, with a wish in it that may be published."""
    config = config_in(tmp_path, None, database_url)
    async with talking(config) as anna:
        await wish(anna, "Bitte mehr Bänke.")
        await wish(anna.another("berta"), "Geheim.", "nein")
    stored = database(database_url, tmp_path)

    def back(connection: object) -> None:
        for statement in (
            "DROP TABLE wish_voices",
            "DROP TABLE wishes",
            "UPDATE alembic_version SET version_num = '0004'",
        ):
            connection.execute(text(statement))  # type: ignore[attr-defined]

    await stored.write(back)
    await stored.close()
    async with talking(config) as anna:
        assert [one.text for one in await anna.app.memory.results.wishes("new")] == ["Bitte mehr Bänke."]
