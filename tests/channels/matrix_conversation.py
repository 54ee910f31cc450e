"""What people and the bot say to each other on Matrix, as far as several tests need it."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

from bot import app as application
from bot import export
from tests.channels.matrix_citizen import MatrixCitizen
from tests.channels.matrix_js_citizen import MatrixJsCitizen
from tests.channels.matrix_listening import Heard

Citizen = MatrixCitizen | MatrixJsCitizen
WISH = "Bitte samstags öffnen, gern bis 14 Uhr"
ORDER = "!sprache "
TOLD = {"de": "Ich schreibe jetzt Deutsch.", "en": "I will write in English from now on."}
"""What a change of the language is answered with: which of two commands it was can be seen."""


async def to_the_survey(citizen: Citizen, bot: str, **fields: Any) -> None:
    """From an invitation to the first question, by numbers; fields are those of the room."""
    await citizen.creates_room(bot, direct=True, **fields)
    await citizen.hears("1 Deutsch")
    await citizen.says("1")
    await citizen.hears("1 Umfrage beginnen")
    await citizen.says("1")
    await citizen.hears("1 Ja, einverstanden")
    await citizen.says("1")


async def answers_everything(citizen: Citizen, answer: Callable[[Heard], str]) -> None:
    """Answer every question up to the thanks."""
    for _ in range(40):
        asked = await citizen.hears()
        if asked.text.startswith("Vielen Dank"):
            return
        if "?" not in asked.text and "\n1 " not in asked.text:
            asked = await citizen.hears("?")  # the introduction asks nothing
        await citizen.says(answer(asked))
    raise AssertionError("\n".join(citizen.transcript))


def first_option(asked: Heard) -> str:
    """The first option of every question, and a wish."""
    return "1" if "\n1 " in asked.text else WISH


async def exported(app: application.App) -> list[dict[str, object]]:
    """The submitted responses as an operator gets them."""
    return list(json.loads(export.as_json(app.process, await app.memory.results.responses())))


async def is_at_home(citizen: Citizen, bot: str, **fields: Any) -> str:
    """A private room with the bot in which nothing waits for an answer, in German; the room."""
    room = await citizen.creates_room(bot, direct=True, **fields)
    await settles(citizen, room)
    return room


async def settles(citizen: Citizen, room: str) -> None:
    """From the bot's first words to where nothing waits for an answer, in German."""
    await citizen.hears("1 Deutsch", room=room)
    await citizen.says("!sprache de", room)
    await citizen.hears("1 Umfrage beginnen", room=room)
    await citizen.says("zurück", room)
    await citizen.hears("Was ich kann", room=room)


def orders(number: int, seed: int = 7) -> list[str]:
    """So many changes of the language at random: whether one is lost, doubled or overtaken shows in the answers."""
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    return [chance.choice(("de", "en")) for _ in range(number)]


def told(citizen: Citizen, bot: str, room: str = "") -> list[str]:
    """In which languages the bot has confirmed, in order; what it says beside that makes a test fail."""
    said = [one for one in citizen.messages(room) if one.sender == bot]
    start = next((index for index, one in enumerate(said) if "Was ich kann" in one.text), -1) + 1
    languages = {text: language for language, text in TOLD.items()}
    return [languages.get(one.text, one.unreadable or one.text) for one in said[start:]]


async def until(reached: Callable[[], bool], seconds: float, why: Callable[[], str]) -> None:
    """Wait for something that a test can see; raises AssertionError with what is there instead."""
    for _ in range(int(seconds / 0.1)):
        if reached():
            return
        await asyncio.sleep(0.1)
    raise AssertionError(why())
