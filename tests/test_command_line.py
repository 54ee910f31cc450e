"""The commands as people run them: real processes, pipes, files, exit codes, and processes that are killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from handlers import erase

NOW = ("--now", "2025-11-10T10:00:00+01:00")
ONES = ["1"] * 60
EXTRA_PARAGRAPHS = 2
"""Empty lines inside the introduction, which look like the end of a message."""


def mitreden(
    folder: Path, *arguments: str, said: str | bytes = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with lines on its standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        input=said.encode() if isinstance(said, str) else said,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), **(environment or {})},
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def lines(*said: str) -> str:
    return "".join(f"{line}\n" for line in said)


def responses(folder: Path) -> list[dict[str, object]]:
    exported = mitreden(folder, "export", "--format", "json")
    assert exported.returncode == 0, exported.stderr
    return list(json.loads(exported.stdout))


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


def test_a_port_that_is_taken_ends_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        bot = {"MITREDEN_TELEGRAM_TOKEN": "123:abc", "MITREDEN_TELEGRAM_API_URL": "http://127.0.0.1:9"}
        metrics = mitreden(tmp_path, "run", environment={**bot, "MITREDEN_METRICS_PORT": port})
        assert metrics.stderr.startswith(f"mitreden: [metrics] port {port} cannot be used")
        hook = {
            "MITREDEN_TELEGRAM_WEBHOOK_URL": "https://example.org/hook",
            "MITREDEN_TELEGRAM_WEBHOOK_SECRET": "0123456789abcdef",
            "MITREDEN_TELEGRAM_WEBHOOK_PORT": port,
        }
        webhook = mitreden(tmp_path, "run", environment={**bot, **hook})
        assert webhook.returncode == 1
        last = webhook.stderr.splitlines()[-1]
        assert last.startswith(f"mitreden: [telegram] webhook_port {port} cannot be used")


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
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
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
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
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
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        check=True,
    )
    assert done.stderr == b""
    mitreden(tmp_path, "chat", *NOW, said=lines(*ONES))
    assert len(responses(tmp_path)) == 1


def test_the_csv_quotes_formulas_of_free_text_and_nothing_else(tmp_path: Path) -> None:
    no_user = ("/umfrage", "1", "1", "4", "1", "1", "1", '=HYPERLINK("http://x"); "a"', "1", "1", "1", "1", "1")
    mitreden(tmp_path, "chat", *NOW, said=lines(*no_user))
    exported = mitreden(tmp_path, "export", "--format", "csv", "--output", "answers.csv")
    assert exported.returncode == 0
    raw = (tmp_path / "answers.csv").read_bytes()
    assert raw.startswith("\ufeff".encode())
    header, row = raw.decode("utf-8-sig").splitlines()
    cells = dict(zip(header.split(";"), _cells(row), strict=True))
    assert cells['"wish"'] == '"\'=HYPERLINK(""http://x""); ""a"""'
    assert cells['"priorities"'] == '"near_home"'
    assert cells['"office"'] == '""'
    assert (tmp_path / "answers.csv").stat().st_mode & 0o077 == 0


def _cells(row: str) -> list[str]:
    """The quoted fields of a row, quotes kept."""
    cells, field, quoted = [], "", False
    for character in row:
        quoted ^= character == '"'
        if character == ";" and not quoted:
            cells.append(field)
            field = ""
        else:
            field += character
    return [*cells, field]


def test_results_asked_for_where_there_is_no_database_say_so_and_leave_nothing_there(tmp_path: Path) -> None:
    """Given in another folder, the command once handed out empty results without a word, and made a key there."""
    exported = mitreden(tmp_path, "export", "--format", "json")
    assert (exported.returncode, exported.stdout.strip()) == (0, "[]")
    assert f"{tmp_path / 'data' / 'mitreden.db'}: there is no database yet" in exported.stderr
    reported = mitreden(tmp_path, "report", "--output", "page.html")
    assert "there is no database yet" in reported.stderr
    assert mitreden(tmp_path, "staff", "list").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("command", [("chat",), ("export",), ("staff", "list"), ("migrate",), ("audit",)])
def test_a_key_that_is_missing_or_another_one_is_one_sentence_for_every_command(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """After a restored backup: commands that only read once spoke of a mistake of ours, and a new key was made."""
    mitreden(tmp_path, "chat", *NOW, said="/start\n")
    key = tmp_path / "data" / "mitreden.key"
    key.unlink()
    missing = mitreden(tmp_path, *command)
    assert (missing.returncode, missing.stdout, len(missing.stderr.splitlines())) == (1, "", 1)
    assert "the key is missing" in missing.stderr
    assert not key.exists()
    wrong = mitreden(tmp_path, *command, environment={"MITREDEN_STORAGE_KEY": "A" * 43 + "="})
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (1, "", 1)
    assert "[storage] key: this key does not open the database" in wrong.stderr


def test_the_codebook_explains_every_id_and_the_figures_of_scales(tmp_path: Path) -> None:
    book = json.loads(mitreden(tmp_path, "export", "--codebook").stdout)
    questions = {question["id"]: question for question in book["questions"]}
    assert [option["value"] for option in questions["satisfaction"]["options"]] == [-2, -1, 0, 1, 2]
    assert set(book["missing"]) == {"no_answer", "skipped", ""}
    assert "aspects_waiting" in questions


def test_init_makes_a_copy_that_runs_and_writes_over_nothing(tmp_path: Path) -> None:
    made = mitreden(tmp_path, "init", "city")
    assert made.returncode == 0
    assert mitreden(tmp_path, "--config", "city/config.toml", "check").returncode == 0
    talked = mitreden(tmp_path, "chat", "--config", "city/config.toml", *NOW, said=lines("/umfrage", *ONES))
    assert "Vielen Dank" in talked.stdout
    assert (tmp_path / "city" / "data" / "mitreden.db").exists()
    again = mitreden(tmp_path, "init", "city")
    assert (again.returncode, "not empty" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("chat", "--nonsense"), 2, "--nonsense"),
        ((), 2, "COMMAND"),
        (("chat", "--now", "yesterday"), 1, "2025-11-10T10:00:00+01:00"),
        (("chat", "--speed", "0"), 2, "above 0"),
        (("chat", "--speed", "fast"), 2, "'fast' is not a number"),
        (("ask",), 2, "ask needs a question"),
        (("staff", "invite"), 2, "needs a role"),
        (("staff", "remove"), 2, "needs a number"),
        (("staff", "remove", "Anna"), 2, "'Anna' is not a whole number"),
        (("chat", "--language", "tlh"), 1, "Use one of: de, de-simple, en"),
        (("--config", "nowhere.toml", "check"), 1, "nowhere.toml"),
        (("check", "nowhere"), 1, ""),
        (("export", "--output", "no/such/folder/file"), 1, "no/such/folder"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = mitreden(tmp_path, *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert len(done.stderr.splitlines()) <= 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("[storage]\nurll = 'x'", 'unknown key "urll"'),
        ("[storag]\nurl = 'x'", "[storag]"),
        ("[storage]\nurl = 3", "a text in quotation marks"),
        ("[storage]\nurl = 'mysql://x'", "sqlite and postgresql"),
        ("[storage]\nurl = 'sqlite://'", "names no file"),
        ("[storage]\nurl = 'nonsense'", "no database URL"),
        ("[storage", "not valid TOML"),
        ("[storage]\nurl = 'sqlite:///.'", "is a folder"),
        ("[storage]\nkey = 'short'", "[storage] key is not base64"),
        ("[storage]\nkey_file = '.'", "Is a directory"),
        ("[process]\nfolder = 'nowhere'", "no such folder"),
        ("process = 'hannover'", "not a section"),
        ("[[storage]]", "not a section"),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence_with_the_remedy(tmp_path: Path, settings: str, says: str) -> None:
    (tmp_path / "config.toml").write_text(settings, encoding="utf-8")
    done = mitreden(tmp_path, "chat", *NOW, said="/start\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[storage]\nurl = 'sqlite:///one.db'\n", encoding="utf-8")
    environment = {"MITREDEN_STORAGE_URL": "sqlite:///two.db", "MITREDEN_STORAGE_KEY": "A" * 43 + "="}
    mitreden(tmp_path, "chat", *NOW, said="/start\n", environment=environment)
    assert (tmp_path / "two.db").exists()
    assert not (tmp_path / "one.db").exists()
    assert not (tmp_path / "data").exists()


def test_migrate_makes_the_database_and_may_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        done = mitreden(tmp_path, "migrate")
        assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "data" / "mitreden.db").exists()


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


def test_an_answer_to_a_question_that_changed_its_type_is_still_exported(tmp_path: Path) -> None:
    mitreden(tmp_path, "init", "city")
    here = ("--config", "city/config.toml")
    mitreden(tmp_path, *here, "chat", *NOW, said=lines("/umfrage", *ONES))
    survey = tmp_path / "city" / "content" / "survey.toml"
    old = survey.read_text(encoding="utf-8")
    survey.write_text(
        old.replace(
            'id = "wish"\ntype = "open"\nat_most = 1000', 'id = "wish"\ntype = "number"\nminimum = 0\nmaximum = 5'
        ).replace('publishes = "wish"\n', ""),
        encoding="utf-8",
    )
    assert survey.read_text(encoding="utf-8") != old
    exported = mitreden(tmp_path, *here, "export", "--format", "json")
    assert exported.returncode == 0, exported.stderr


@pytest.mark.parametrize("name", ["mit Leerzeichen", "was?", "50%20", "Ümläut"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    done = mitreden(folder, "chat", *NOW, said=lines("/start"))
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "data" / "mitreden.db").stat().st_size > 0
    assert [path.name for path in folder.iterdir()] == ["data"]


@pytest.mark.parametrize("typed", ["ABCDE-FGHJK", "abcdefghjk", "ABCDE FGHJK", "„ABCDE–FGHJK“", "ABCDE23456"])
def test_a_deletion_code_is_read_however_it_is_written(typed: str) -> None:
    assert len(erase.code_of(typed)) == 10
    assert erase.code_in("ABCDEFGHJK") is None  # two words may look so
    assert erase.code_in("löschen ABCDE-FGHJK") == "ABCDEFGHJK"


@pytest.mark.parametrize("typed", ["/r/hannover ist gut", "!!! Mehr Termine", "/ mehr Personal"])
def test_what_only_looks_like_a_command_is_an_answer(tmp_path: Path, typed: str) -> None:
    no_user = ("/umfrage", "1", "1", "4", "1", "1", "1")
    mitreden(tmp_path, "chat", *NOW, said=lines(*no_user, typed, "1", "1", "1", "1", "1"))
    (response,) = responses(tmp_path)
    assert response["answers"]["wish"] == typed  # type: ignore[index]
