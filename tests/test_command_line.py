"""The commands as operators run them: settings, folders and keys; every mistake is one sentence with the remedy."""

import socket
from pathlib import Path

import pytest

from tests.commands import NOW, ONES, lines, mitreden


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
