"""`mitreden announce`: what a file says becomes a draft or a preview, and a mistake a sentence with its remedy."""

from pathlib import Path

import pytest

from tests.channels.test_telegram_announcements import png
from tests.commands import NOW, lines, mitreden

GOOD = """
expires_hours = 2
[text]
de = "Es gibt **Neues**: [hier](https://example.org/?a=1&b=2)"
en = "There is news"
"""


def written(folder: Path, content: str) -> str:
    """A file with an announcement; its name."""
    (folder / "news.toml").write_text(content, encoding="utf-8")
    return "news.toml"


def test_a_preview_counts_by_channel_language_and_segment_and_shows_the_texts_of_each_network(tmp_path: Path) -> None:
    for user in "abcdef":
        mitreden(tmp_path, "chat", *NOW, "--user", user, said=lines("/start", "1", "/neuigkeiten ja"))
    done = mitreden(tmp_path, "announce", written(tmp_path, GOOD), "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout.splitlines()
    assert shown[0].split() == ["channel", "language", "not_begun", "unfinished", "finished"]
    assert shown[1].split() == ["terminal", "de", "6", "0", "0"]
    assert shown[2] == "together: 6"
    assert "ends: 2 hours after that; who has not got it then does not" in shown
    assert 'Es gibt <b>Neues</b>: <a href="https://example.org/?a=1&amp;b=2">hier</a>' in shown
    assert "Es gibt Neues: hier (https://example.org/?a=1&b=2)" in shown
    assert "== de-simple (no text of its own: gets that of de)" in shown
    assert "== en" in shown
    few = mitreden(tmp_path, "announce", "news.toml", "--dry-run", "--audience", "stage=finished")
    assert "together: 0" in few.stdout
    nobody = mitreden(tmp_path, "announce", "news.toml", "--audience", "language=en")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "The audience fits nobody" in nobody.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[text]\nde = 'a'\n[text", "not valid TOML"),
        ("text = 3", "text: a table is expected, not a whole number"),
        ("text = {}", "[text] is empty"),
        ("[text]\nfr = 'x'", "[text] fr: the process has no such language. Use: de, de-simple, en"),
        ("[text]\nde = '**offen'", "[text] de: ** without its other half"),
        ("[text]\nde = '[x](javascript:a)'", "[text] de: a link that is none"),
        (f"[text]\nde = '{'x' * 5000}'", "[text] de: 5000 characters; 1 to 3500 are possible"),
        ("[text]\nde = ''", "[text] de: 0 characters"),
        ("[text]\nde = 'x'\n[audience]\nstage = 'begun'", "[audience] stage: begun is unknown. Use one of: not_begun"),
        (
            "[text]\nde = 'x'\n[audience]\nstage = 3",
            "audience.stage: a text in quotation marks is expected, not a whole number",
        ),
        ("[text]\nde = 'x'\n[audience]\nage = 'old'", 'audience: nothing reads "age"'),
        ("[text]\nde = 'x'\n[audience]\nevent = 'nowhere'", "[audience] event: nowhere is unknown"),
        ("expires_hours = 0\n[text]\nde = 'x'", "expires_hours has to be between 0 and 336"),
        ("expires = '2h'\n[text]\nde = 'x'", 'news.toml: nothing reads "expires"'),
        ("picture = 'a.png'\n[text]\nde = 'x'", "picture a.png cannot be read"),
        ("picture = 'news.toml'\n[text]\nde = 'x'", "news.toml is no picture to be sent"),
        (f"picture = 'good.png'\n[text]\nde = '{'x' * 901}'", "901 characters; 1 to 900 are possible"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence_with_place_and_remedy(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "good.png").write_bytes(png())
    done = mitreden(tmp_path, "announce", written(tmp_path, content), "--dry-run")
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert done.stderr.startswith("mitreden: news.toml: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--audience", "stage=begun"), "--audience stage: begun is unknown. Use one of: not_begun"),
        (("--audience", "age=old"), "--audience: age is unknown. Use: channel, language, stage, event, rooms"),
        (("--at", "gestern"), "--at gestern: not a date and time"),
        (("--at", "2020-01-01T10:00:00"), "--at names a time that is over"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    done = mitreden(tmp_path, "announce", written(tmp_path, GOOD), *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = mitreden(tmp_path, "announce", "nowhere.toml")
    assert (done.returncode, done.stderr) == (1, "mitreden: nowhere.toml: cannot be read. Name a TOML file in UTF-8.\n")
