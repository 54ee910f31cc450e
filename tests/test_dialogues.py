"""The dialogues in `tests/dialogues`: whole conversations, word for word.

`>` is typed by the person, `<` is sent by the bot (its further lines are indented). `@` lines set the scene: `@now`,
`@language`, `@process FOLDER` and `@restart` (a new process on the same database), `@tap KEY`, `@user NAME`,
`@until INSTANT` (time passes, and the bot may speak of its own accord). The code in `Ihr Löschcode: …` stands as
{code}, which the person may type. `make dialogues` writes them anew: read the difference.
"""

import os
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import pytest

from bot.channels.terminal import rendered
from bot.core.messages import Outgoing
from tests.talk import OPEN, Talk, config_in, talking

FOLDER = Path(__file__).parent / "dialogues"
CODE = re.compile(r"(?:Löschcode|Lösch-Code|deletion code): ([A-Z2-9]{5}-[A-Z2-9]{5})\b")
RECORD = bool(os.environ.get("MITREDEN_RECORD"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
async def test_the_bot_says_what_the_dialogue_says(path: Path, tmp_path: Path, database_url: str) -> None:
    written = path.read_text(encoding="utf-8")
    played = await _play(written, tmp_path, database_url)
    if RECORD:
        path.write_text(played, encoding="utf-8")
        pytest.skip("written anew: read the difference")
    assert played == written


async def _play(written: str, folder: Path, url: str) -> str:
    """The dialogue again, with what the bot says now."""
    now, language, process, code = OPEN, None, None, ""
    lines: list[str] = []
    talk: Talk | None = None
    async with AsyncExitStack() as stack:
        for line in _script(written):
            lines.append(line)
            word, _, rest = line.partition(" ")
            if word == "@now":
                now = datetime.fromisoformat(rest)
            elif word == "@language":
                language = rest
            elif word == "@process":
                process = FOLDER.parent / "processes" / rest
            if word in {"@now", "@process", "@restart", "@language"}:
                await stack.aclose()
                talk = None
            if word not in {">", ">>", "@tap", "@user", "@until"} and line != ">":
                continue
            if talk is None:
                talk = await stack.enter_async_context(talking(config_in(folder, process, url), now, language=language))
            if word == "@user":
                talk = talk.another(rest)
                continue
            answers = await _answers(talk, word, rest.replace("{code}", code))
            code = next((found[1] for said in answers if (found := CODE.search(said.text))), code)
            lines += [shown.replace(code, "{code}") if code else shown for said in answers for shown in _shown(said)]
    return "\n".join(lines) + "\n"


async def _answers(talk: Talk, word: str, rest: str) -> list[Outgoing]:
    if word == "@until":
        return await talk.wait_until(datetime.fromisoformat(rest))
    return await (talk.tap(rest) if word == "@tap" else talk.say(rest))


def _script(written: str) -> Iterator[str]:
    """What is not said by the bot."""
    return (line for line in written.splitlines() if not line.startswith(("<", "  ")) or not line)


def _shown(message: Outgoing) -> list[str]:
    first, *others = rendered(message).split("\n")
    return [f"< {first}", *(f"  {line}".rstrip() if line else "  ." for line in others)]
