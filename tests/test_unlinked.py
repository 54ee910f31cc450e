"""No query leads from a response to a person, and nothing is left in a file of what was erased."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, TextClause, select, text
from sqlalchemy.exc import DBAPIError

from storage import tables
from storage.database import Unavailable, database
from tests import postgres
from tests.staff import joined
from tests.stored import rows
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, SHORT, config_in, talking


async def test_no_query_leads_from_a_response_to_a_person(tmp_path: Path, database_url: str) -> None:
    """Every value that tells one response from another, against every column of every other table.

    Six people take part on the same day, in the same language. What all responses have in common (day, language,
    version) leads to nobody; anything else must not stand in a row about people at all.
    """
    config = config_in(tmp_path, BEISPIELSTADT, database_url)
    async with talking(config, BEISPIELSTADT_OPEN, "p0") as first:
        for number in range(6):
            person = first.another(f"p{number}")
            await person.say_all(*SHORT, f"Idee Nummer {number}", "1")
    stored = database(database_url, tmp_path)
    kept = await stored.read(_everything)
    await stored.close()
    assert len(kept["responses"]) == len(kept["people"]) == len(kept["participations"]) == 6
    assert kept["drafts"] == []
    ours = {"responses", "response_answers"}
    telling = {
        value for row in kept["responses"] for value in row if sum(value in other for other in kept["responses"]) < 6
    }
    telling |= {row[3] for row in kept["response_answers"] if row[1] == "idea"}
    assert len(telling) == 6 * 3  # id, hash of the code, the typed idea
    for name in kept.keys() - ours:
        for row in kept[name]:
            assert not any(_same(value, row) for value in telling), name


async def test_postgresql_itself_does_not_remember_what_was_written_together(
    tmp_path: Path, server: postgres.Cluster
) -> None:
    """Its system columns: no response shares a transaction with a person, nor lies in the order of arrival."""
    url = server.new_database()
    async with talking(config_in(tmp_path, BEISPIELSTADT, url), BEISPIELSTADT_OPEN, "p0") as first:
        for number in range(6):
            await first.another(f"p{number}").say_all(*SHORT, f"Idee {number}", "1")
        await first.app.memory.tidy()
    stored = database(url, tmp_path)
    shared = text("SELECT count(*) FROM people p JOIN responses r ON p.xmin = r.xmin")
    transactions = text("SELECT count(DISTINCT xmin::text) FROM responses")
    order = text("SELECT id FROM responses ORDER BY ctid")
    assert await stored.read(lambda connection: connection.execute(shared).scalar()) == 0
    assert await stored.read(lambda connection: connection.execute(transactions).scalar()) == 1
    ids = await stored.read(lambda connection: list(connection.execute(order).scalars()))
    assert ids == sorted(ids)
    await stored.close()


def _same(value: Any, row: Sequence[Any]) -> bool:
    # True equals 1 in Python; a flag and a count are no common value.
    return any(value == other and type(value) is type(other) for other in row)


def _everything(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables.metadata.sorted_tables
    }


async def test_responses_do_not_lie_in_the_order_of_arrival(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN, "p0") as first:
        for number in range(8):
            await first.another(f"p{number}").say_all(*SHORT, f"Idee {number}", "1")
        responses = await first.app.memory.results.responses()
    assert [response.id for response in responses] == sorted(response.id for response in responses)
    stored = database("sqlite:///data/mitreden.db", tmp_path)
    for name in ("responses", "response_answers", "participations", "people"):
        order = text(f"SELECT rowid FROM {name}")  # noqa: S608 - our own names

        def by_rowid(connection: Connection, order: TextClause = order) -> None:
            connection.execute(order)

        with pytest.raises(Unavailable) as raised:
            await stored.read(by_rowid)
        assert isinstance(raised.value.__cause__, DBAPIError)
        assert "no such column: rowid" in str(raised.value.__cause__)
    await stored.close()


CANARY = "Kanarienvogel-4711"


def _files_with(folder: Path, words: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]


async def test_what_was_to_be_erased_while_somebody_read_is_tried_again_before_the_minute_is_over(
    tmp_path: Path,
) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        memory = anna.app.memory
        log = tmp_path / "data" / "mitreden.db-wal"
        await anna.say_all(*SHORT, "Ein Karussell")
        reading = sqlite3.connect(tmp_path / "data" / "mitreden.db", isolation_level=None)
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM people").fetchone()
        async with asyncio.timeout(4):
            said = await anna.say_all("/loeschen", "2")
        assert "gelöscht" in said[0].text
        assert log.stat().st_size > 0
        async with asyncio.timeout(4):  # each of these waited five seconds for the reader
            await anna.say_all("/hilfe", "/datenschutz")
        reading.close()
        await anna.say("/hilfe")
        assert log.stat().st_size > 0, "it is not tried with every batch"
        await memory.tidy(at_once=True)
        assert log.stat().st_size == 0


async def test_submissions_are_taken_out_of_the_files_by_the_minutes_duties(tmp_path: Path) -> None:
    """Not after each: that would hold up everybody again and again."""
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        log = tmp_path / "data" / "mitreden.db-wal"
        await anna.say_all(*SHORT, "Ein Karussell", "1")
        await anna.app.memory.tidy(at_once=True)
        assert log.stat().st_size > 0
        await anna.app.duties.forget()
        assert log.stat().st_size == 0


async def test_typed_text_is_in_no_file_before_submitting_nor_after_erasing(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all(*SHORT, CANARY)
        assert _files_with(tmp_path, CANARY) == []
        await anna.say_all("/loeschen", "2")
        assert _files_with(tmp_path, CANARY) == []
        assert await rows(tmp_path, tables.people) == []


async def test_a_submitted_text_is_in_no_file_after_its_code_was_used(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all(*SHORT, CANARY)
        said = await anna.say("1")
        code = said[1].text.split(": ")[1].split("\n")[0]
        assert _files_with(tmp_path, CANARY) != []  # else this test could not fail
        await anna.say(f"/loeschen {code}")
        assert _files_with(tmp_path, CANARY) == []


async def test_erasing_leaves_no_row_about_the_person(tmp_path: Path, database_url: str) -> None:
    config = config_in(tmp_path, BEISPIELSTADT, database_url)
    async with talking(config, BEISPIELSTADT_OPEN) as anna:
        await anna.say_all("/umfrage", "1", "ja", "/erinnern alle", "/erinnern rathaus", "in 1 Stunde")
        await anna.say_all("/termine rathaus", "Ich komme", "/loeschen", "2")
    stored = database(database_url, tmp_path)
    kept = await stored.read(_everything)
    await stored.close()
    about_nobody = {"seen", "process_keys", "events"}
    assert {name for name, found in kept.items() if found} <= about_nobody


async def test_staff_are_told_that_they_stay_on_the_team(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as talk:
        erika = await joined(talk, "erika", "editor")
        (shown,) = await erika.say("/meine_daten")
        assert "Sie gehören zum Team: Rundnachrichten schreiben" in shown.text
        assert shown.attachment is not None
        assert msgspec.json.decode(shown.attachment.content)["staff"] == {"number": 1, "role": "editor"}
        (erased,) = await erika.say_all("/loeschen", "2")
        assert erased.text.endswith("bleiben Ihre Adresse und Ihre Rolle gespeichert, bis die Verwaltung sie entfernt.")
        assert len(await rows(tmp_path, tables.staff)) == 1
        (shown,) = await talk.say("/meine_daten")
        assert "Team" not in shown.text
        (erased,) = await talk.say_all("/loeschen", "2")
        assert "Team" not in erased.text


async def test_ids_are_forgotten_after_48_hours_and_participations_when_the_process_is_over(tmp_path: Path) -> None:
    config = config_in(tmp_path, BEISPIELSTADT)
    async with talking(config, BEISPIELSTADT_OPEN) as anna:
        await anna.say_all(*SHORT, "überspringen", "1")
    async with talking(config, BEISPIELSTADT_OPEN + timedelta(hours=49)) as anna:
        assert await rows(tmp_path, tables.seen) == []
        assert len(await rows(tmp_path, tables.participations)) == 1
    async with talking(config, BEISPIELSTADT_OPEN + timedelta(days=40)) as anna:
        assert await rows(tmp_path, tables.participations) == []


async def test_my_data_names_every_table_that_knows_the_person(tmp_path: Path) -> None:
    """A new table with a person in it has to appear in /meine_daten: this list is what the handler covers."""
    known = {"people", "drafts", "outbox", "subscriptions", "attendance", "reminders"}
    with_people = {table.name for table in tables.metadata.sorted_tables if "person_id" in table.columns}
    assert with_people | {"people"} == known
