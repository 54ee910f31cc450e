"""`mitreden reload`, SIGHUP and `mitreden rehearse`, as operators and organisers run them."""

import asyncio
import csv
import io
import re
import signal
import time
from pathlib import Path

import pytest

from tests.channels.fake_telegram import FakeTelegram
from tests.channels.telegram_process import Running
from tests.commands import lines, mitreden

MOVED = ("starts_at = 2025-11-26T18:00:00", "starts_at = 2025-11-26T19:00:00")


def own_content(folder: Path) -> None:
    """A city's own copy, in a folder in which the settings are found by themselves."""
    assert mitreden(folder.parent, "init", folder.name).returncode == 0


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "content" / "events.toml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def one_is_enough(folder: Path) -> None:
    """No second person has to agree before people are told."""
    settings = folder / "config.toml"
    settings.write_text(settings.read_text("utf-8").replace("four_eyes = true", "four_eyes = false"), "utf-8")


def test_reload_of_shipped_content_says_how_to_copy_it(tmp_path: Path) -> None:
    done = mitreden(tmp_path, "reload")
    assert (done.returncode, done.stderr) == (0, "")
    assert "mitreden init" in done.stdout


def test_reload_without_a_running_bot_compares_and_plans(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    own_content(folder)
    edit(folder, "starts_at = 2025-11-26T18:00:00", "starts_at = 2095-11-26T18:00:00")
    edit(folder, 'weekday = "Mittwoch"\nplace = "Bürgerhaus Misburg"', 'place = "Bürgerhaus Misburg"')
    assert mitreden(folder, "chat", said=lines("/erinnern misburg", "1")).returncode == 0
    assert "nothing to tell" in mitreden(folder, "reload").stdout
    edit(folder, "starts_at = 2095-11-26T18:00:00", "starts_at = 2095-11-26T19:00:00")
    assert "new: 19:00 instead of 18:00 (1 person)" in mitreden(folder, "reload").stdout
    assert "second person" in mitreden(folder, "reload", "--confirm").stdout
    one_is_enough(folder)
    confirmed = mitreden(folder, "reload", "--confirm").stdout
    assert "I am telling everybody" in confirmed
    assert "nothing to tell" in mitreden(folder, "reload", "--confirm").stdout


def test_a_mistake_in_the_files_is_said_and_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    own_content(folder)
    edit(folder, MOVED[0], "starts_at = 2025-11-27T18:00:00")
    done = mitreden(folder, "reload")
    assert done.returncode == 1
    assert "is not a Mittwoch" in done.stderr


async def test_a_running_bot_reloads_on_request_and_on_sighup(
    telegram: FakeTelegram, tmp_path: Path, running: Running
) -> None:
    folder = tmp_path
    own_content(folder)
    one_is_enough(folder)
    anna = telegram.citizen("anna")
    await running.start()
    await anna.say("/erinnern misburg")
    await anna.answers(timeout=30)
    edit(folder, *MOVED)
    running.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while "content_reloaded" not in (folder / "log").read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        await anna.quiet(0.1)
    await anna.say("/termine misburg")
    (card,) = await anna.answers()
    assert "19:00 Uhr" in card.text  # answered at once; nobody has been told yet
    before = len(telegram.sent(anna.id))
    done = await _in_a_thread(folder, "reload", "--confirm")
    assert "new: 19:00 instead of 18:00 (1 person)" in done
    assert await anna.private.until(lambda: len(telegram.sent(anna.id)) > before, 10)
    (notice,) = telegram.sent(anna.id)[before:]
    assert "neu: 19:00 statt 18:00 Uhr" in notice["caption"]
    assert notice["document"]["file_name"] == "misburg.ics"
    await anna.quiet(1.5)
    await running.stop()
    assert telegram.violations == []


async def _in_a_thread(folder: Path, *arguments: str) -> str:
    done = await asyncio.to_thread(mitreden, folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_rehearsal_shows_who_would_be_told_what_and_when(tmp_path: Path) -> None:
    done = mitreden(tmp_path, "rehearse", "--people", "12", "--output", "all.csv")
    assert (done.returncode, done.stderr) == (0, "Written: all.csv\n")
    line = r"^Wed 26 Nov 2025, 16:00 +Bürgerhaus Misburg, 2 hours before +\d+ +1, 3,"
    assert re.search(line, done.stdout, re.MULTILINE)
    assert "Sat 13 Dec 2025, 12:00  unfinished survey" in done.stdout
    rows = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text(encoding="utf-8-sig")), delimiter=";"))
    assert f"{len(rows)} messages to 12 people" in done.stdout
    hours = {int(row["when"][11:13]) for row in rows}
    assert hours <= set(range(8, 21))
    assert {row["language"] for row in rows} == {"de", "de-simple", "en"}
    again = mitreden(tmp_path, "rehearse", "--people", "12")
    assert again.stdout == done.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--people", "0"), "between 1 and 1000"),
        (("--from", "yesterday"), "--from yesterday: not a date"),
        (("--from", "2025-12-01", "--to", "2025-11-01"), "--from has to be before --to"),
        (("--output", "."), "is a folder"),
    ],
)
def test_a_mistake_in_a_rehearsal_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = mitreden(tmp_path, "rehearse", *arguments)
    assert done.returncode in {1, 2}
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_reminder_is_read_at_the_terminal(tmp_path: Path) -> None:
    said = lines("start misburg", "Deutsch", "Erinnern")
    assert mitreden(tmp_path, "chat", "--now", "2025-11-24T09:00", said=said).returncode == 0
    done = mitreden(tmp_path, "chat", "--now", "2025-11-25T18:30", said=lines("/hilfe"))
    assert done.stdout.count("Erinnerung an Ihren Termin:") == 1
    assert "Erinnerung" not in mitreden(tmp_path, "chat", "--now", "2025-11-25T18:40").stdout
