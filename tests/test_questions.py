"""Questions in groups, about a person's own data, and on the command line."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.paths import ROOT
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, Talk, config_in, talking

NOW = datetime.fromisoformat("2025-11-20T10:00:00+01:00")


async def _in_group(talk: Talk, text: str) -> str:
    message = replace(talk.incoming(text=text), private=False, link="https://bot.example")
    return "\n".join(said.text for said in await talk.receive(message))


async def test_a_group_is_told_the_dates_and_nothing_else(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as talk:
        assert "Bürgerhaus Misburg" in await _in_group(talk, "wann ist der nächste Termin?")
        assert "Bürgerhaus Misburg" in await _in_group(talk, "/termine")
        for private in ("/umfrage", "/meine_daten", "guten Morgen zusammen", "/start survey"):
            assert "https://bot.example" in await _in_group(talk, private), private
        known = await talk.app.memory.known("terminal", [], [talk.incoming().sender])
        assert known.people == {}, "of a group nothing is remembered"


async def test_a_text_that_was_asked_back_is_the_persons_data_until_it_is_settled(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as talk:
        await talk.say_all("/umfrage", "1", "nein", "3", "1", "1", "1", "Wann ist der nächste Termin?")
        stored = (await talk.say("/meine_daten"))[0].attachment
        assert stored is not None
        assert "Wann ist der nächste Termin?" in stored.content.decode()
        await talk.say("Pause")
        stored = (await talk.say("/meine_daten"))[0].attachment
        assert stored is not None
        assert "Termin" not in stored.content.decode()


async def test_a_text_that_was_asked_back_goes_with_its_message(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as talk:
        await talk.say_all("/umfrage", "1", "nein", "3", "1", "1", "1")
        asked = replace(talk.incoming(text="Wann ist der nächste Termin?"), target="$asked")
        await talk.receive(asked)
        await talk.receive(replace(talk.incoming(), kind="delete", target="$asked"))
        stored = (await talk.say("/meine_daten"))[0].attachment
        assert stored is not None
        assert "Termin" not in stored.content.decode()


def _ask(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    call = [sys.executable, "-m", "bot", "ask", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(call, cwd=folder, input=given, capture_output=True, env=environment, check=False)


def test_ask_answers_one_question(tmp_path: Path) -> None:
    done = _ask(tmp_path, "--now", "2025-11-20T10:00", "--json", "wo", "am", "3.12.?")
    reply = json.loads(done.stdout)
    assert (reply["intent"], reply["events"], reply["lang"]) == ("event_where", ["schuetzenplatz"], "de")
    assert "Am Schützenplatz 1" in reply["answer"]
    assert _ask(tmp_path).returncode == 2
    assert b"Write: mitreden ask" in _ask(tmp_path).stderr


def test_ask_answers_line_by_line_and_says_which_line_is_none(tmp_path: Path) -> None:
    lines = [
        b'{"q": "when is the next one?", "now": "2025-11-20T10:00:00+01:00", "lang": "en", "id": 7}',
        b"no json",
        b'{"q": 3}',
        b'{"q": "", "lang": "tlh"}',
        json.dumps({"q": "x" * 5000 + "\0🙂"}).encode(),
        b'{"q": "Wann?", "now": "gestern"}',
        b'{"q": "Wo ist der Termin in Misburg?", "lang": "de-ls"}',
    ]
    done = _ask(tmp_path, "--jsonl", given=b"\n".join(lines))
    replies = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert len(replies) == len(lines)
    assert replies[0]["events"] == ["misburg"]
    assert [number for number, reply in enumerate(replies, 1) if "error" in reply] == [2, 3, 6]
    assert replies[6]["lang"] == "de-simple"
    assert done.returncode == 1
    assert [line[:16] for line in done.stderr.decode().splitlines()] == [f"mitreden: line {n}" for n in (2, 3, 6)]
