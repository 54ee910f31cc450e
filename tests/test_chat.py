"""`mitreden chat` as a process: from the first line to the thanks, whatever is typed, broken off or killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import NOW, ONES, environment_of_ours, lines, mitreden, responses

EXTRA_PARAGRAPHS = 2
"""Empty lines inside the introduction, which look like the end of a message."""


def test_the_first_option_leads_from_the_command_to_the_thanks(tmp_path: Path) -> None:
    done = mitreden(tmp_path, "chat", *NOW, said=lines("/umfrage", *ONES))
    assert (done.returncode, done.stderr) == (0, "")
    assert any(message.startswith("Vielen Dank") for message in done.stdout.split("\n\n"))
    assert done.stdout.count("Probe: Die Uhr steht auf Montag, 10. November 2025.") == 1
    (response,) = responses(tmp_path)
    assert response["day"] == "2025-11-10"
    answers = response["answers"]
    assert isinstance(answers, dict)
    assert set(answers) == {
        *("used", "errands", "ways", "office", "satisfaction", "effort", "came_back", "priorities", "digital_first"),
        *("aspects_appointment", "aspects_waiting", "aspects_staff", "aspects_forms"),
        *("wish", "wish_public", "district", "age", "support"),
    }
    assert answers["errands"] == ["id_document"]


@pytest.mark.parametrize("after", range(1, 24))
def test_broken_off_after_any_line_and_continued_gives_the_same_answers(tmp_path: Path, after: int) -> None:
    whole = lines("/umfrage", *ONES).splitlines(keepends=True)
    broken_off = mitreden(tmp_path, "chat", *NOW, said="".join(whole[:after]))
    continued = mitreden(tmp_path, "chat", *NOW, said=lines(*ONES))
    assert (broken_off.returncode, continued.returncode) == (0, 0)
    (response,) = responses(tmp_path)
    answers = response["answers"]
    assert isinstance(answers, dict)
    assert (len(answers), answers["used"], answers["wish"], answers["age"]) == (18, "site", "1", "under_18")


def test_whoever_tries_things_out_may_be_staff_where_no_network_is_configured(tmp_path: Path) -> None:
    configured = {"MITREDEN_TELEGRAM_TOKEN": "123:abc"}
    refused = mitreden(tmp_path, "chat", "--staff", said="/hilfe\n", environment=configured)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("mitreden: --staff is for trying things out")
    assert mitreden(tmp_path, "chat", "--staff", "--language", "de", said="/hilfe\n").returncode == 0


def test_at_the_terminal_nobody_reads_what_another_is_told(tmp_path: Path) -> None:
    """What is said to others waits for them, and is there when they come."""
    roles = {"erika": "editor", "otto": "sender"}
    codes = {user: mitreden(tmp_path, "staff", "invite", "--role", role).stdout for user, role in roles.items()}
    for user, code in codes.items():
        mitreden(tmp_path, "chat", *NOW, "--user", user, said=lines("/start", "1", code.split()[0]))
    mitreden(tmp_path, "chat", *NOW, "--user", "anna", said=lines("/start", "1", "/neuigkeiten ja"))
    erika = mitreden(tmp_path, "chat", *NOW, "--user", "erika", said=lines("/rundnachricht", "Es gibt Neues", "1"))
    assert "Eine zweite Person muss sie freigeben" in erika.stdout
    assert "wartet auf Ihre Freigabe" not in erika.stdout
    otto = mitreden(tmp_path, "chat", *NOW, "--user", "otto", said=lines("/hilfe"))
    assert "Rundnachricht 1 wartet auf Ihre Freigabe" in otto.stdout


def test_at_the_real_time_the_process_is_over_and_the_bot_says_so(tmp_path: Path) -> None:
    done = mitreden(tmp_path, "chat", "--language", "de", said=lines("/umfrage", "1"))
    assert "Die Umfrage ist beendet." in done.stdout
    assert "Probe:" not in done.stdout
    assert responses(tmp_path) == []


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xfe\n",
        b"\0\x1b[2J\n",
        b"",
        b"\n",
        "🙂🙂🙂\n".encode(),
        "مرحبا بالعالم\n".encode(),
        b"x" * 10_000 + b"\n",
        b"no end of line",
        b"99999999999999999999\n",
        b"%s %n {0} {answer} \\ ' \" ; --\n",
    ],
)
def test_strange_input_gets_a_sentence_and_loses_nothing(tmp_path: Path, said: bytes) -> None:
    before = lines("/umfrage", "1", "1", "1").encode()
    done = mitreden(tmp_path, "chat", *NOW, said=before + said)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Traceback" not in done.stdout
    mitreden(tmp_path, "chat", *NOW, said=lines(*ONES))
    assert len(responses(tmp_path)) == 1


def test_a_wish_of_5000_characters_is_asked_for_again_with_both_figures(tmp_path: Path) -> None:
    no_user = lines("/umfrage", "1", "1", "4", "1", "1", "1")
    done = mitreden(tmp_path, "chat", *NOW, said=no_user + lines("ä" * 5000, "Mehr Bänke"))
    assert "Ihr Text hat 5.000 Zeichen. Möglich sind höchstens 1.000." in done.stdout


@pytest.mark.parametrize("confirmed", [0, 1, 4, 9, 16])
@pytest.mark.parametrize("delay", [0.0, 0.004])
def test_kill_9_loses_no_answer_that_was_confirmed(tmp_path: Path, confirmed: int, delay: float) -> None:
    """Killed with an answer in flight: each question on the screen was put because the answer before it is stored."""
    running = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat", *NOW, "--language", "de"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment_of_ours(),
    )
    assert running.stdin
    assert running.stdout
    running.stdin.write(lines("/umfrage", "1", *ONES[:confirmed]).encode())
    running.stdin.flush()
    seen = b""
    before_questions = 4  # the rehearsal's clock, the introduction, consent, the survey's introduction
    while seen.count(b"\n\n") < before_questions + EXTRA_PARAGRAPHS + 1 + confirmed:
        seen += os.read(running.stdout.fileno(), 65536)
    running.stdin.write(b"1\n")
    running.stdin.flush()
    time.sleep(delay)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert running.returncode == -signal.SIGKILL
    stored = mitreden(tmp_path, "chat", *NOW, said=lines("/meine_daten")).stdout
    answers = stored.partition('"answers": {')[2].partition("\n    }")[0]
    assert answers.count('\n      "') in {confirmed, confirmed + 1}
    mitreden(tmp_path, "chat", *NOW, said=lines(*ONES))
    assert len(responses(tmp_path)) == 1


@pytest.mark.parametrize(
    "place", ["after_fetch", "before_commit", "after_commit", "before_send", "after_send", "before_mark"]
)
@pytest.mark.parametrize("time_reached", [2, 5, 9])
def test_a_process_that_ends_anywhere_is_continued_by_the_next(tmp_path: Path, place: str, time_reached: int) -> None:
    ended = mitreden(
        tmp_path,
        *("chat", *NOW),
        said=lines("/umfrage", *ONES),
        environment={"MITREDEN_FAILPOINT": f"{place}:{time_reached}"},
    )
    assert ended.returncode == 137
    mitreden(tmp_path, "chat", *NOW, said=lines("/umfrage", *ONES))
    (response,) = responses(tmp_path)
    answers = response["answers"]
    assert isinstance(answers, dict)
    assert (len(answers), answers["used"]) == (18, "site")


def test_two_chats_at_once_are_refused_with_a_sentence(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat", *NOW],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment_of_ours(),
    )
    assert running.stdin
    assert running.stdout
    running.stdin.write(b"/umfrage\n")
    running.stdin.flush()
    running.stdout.readline()
    time.sleep(0.5)
    second = mitreden(tmp_path, "chat", *NOW, said="1\n")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith("mitreden: ")
    assert "another Mitreden" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    assert mitreden(tmp_path, "export", "--format", "json").stdout.strip() == "[]"  # reading is allowed beside it
    running.communicate()
    assert mitreden(tmp_path, "chat", *NOW, said="1\n").returncode == 0


def test_a_reader_that_goes_away_ends_the_chat_quietly_and_loses_nothing(tmp_path: Path) -> None:
    command = f"(echo /umfrage; yes 1 | head -60) | {sys.executable} -m bot chat {' '.join(NOW)} | head -3"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        capture_output=True,
        env=environment_of_ours(),
        check=True,
    )
    assert done.stderr == b""
    mitreden(tmp_path, "chat", *NOW, said=lines(*ONES))
    assert len(responses(tmp_path)) == 1


def test_logs_and_errors_never_hold_what_somebody_typed(tmp_path: Path) -> None:
    """The canary goes through every state; standard error and log stay without it, also where something fails."""
    canary = "Kanarienvogel-4711"
    said = [canary, "/umfrage", canary, "1", canary, "1", canary, "4", canary, "1", "1", "1", canary, *ONES, canary]
    done = mitreden(tmp_path, "chat", *NOW, said=lines(*said))
    assert canary not in done.stderr
    assert canary in json.dumps(responses(tmp_path))


def test_a_rehearsal_destroys_nothing_real(tmp_path: Path) -> None:
    """The clock of a rehearsal after the end must not make the bot forget who has taken part."""
    mitreden(tmp_path, "chat", *NOW, said=lines("/umfrage", *ONES))
    mitreden(tmp_path, "chat", "--now", "2026-06-01T10:00:00+02:00", said=lines("/start"))
    again = mitreden(tmp_path, "chat", *NOW, said=lines("/umfrage", *ONES))
    assert "Sie haben schon teilgenommen" in again.stdout
    assert len(responses(tmp_path)) == 1


@pytest.mark.parametrize("name", ["mit Leerzeichen", "was?", "50%20", "Ümläut"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    done = mitreden(folder, "chat", *NOW, said=lines("/start"))
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "data" / "mitreden.db").stat().st_size > 0
    assert [path.name for path in folder.iterdir()] == ["data"]


@pytest.mark.parametrize("typed", ["/r/hannover ist gut", "!!! Mehr Termine", "/ mehr Personal"])
def test_what_only_looks_like_a_command_is_an_answer(tmp_path: Path, typed: str) -> None:
    no_user = ("/umfrage", "1", "1", "4", "1", "1", "1")
    mitreden(tmp_path, "chat", *NOW, said=lines(*no_user, typed, "1", "1", "1", "1", "1"))
    (response,) = responses(tmp_path)
    assert response["answers"]["wish"] == typed  # type: ignore[index]
