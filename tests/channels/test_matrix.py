"""Citizens on Matrix, on a real Synapse: what they write, and what they read."""

import json
from pathlib import Path

import pytest

from bot import app as application
from bot import export
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.matrix_talking import Talker
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver
from tests.talk import OPEN

WISH = "Bitte samstags öffnen, gern bis 14 Uhr"


@pytest.fixture
async def bot(synapse: Homeserver, name: str) -> str:
    """The name of an account for the bot."""
    await synapse.register(f"mitreden-{name}")
    return f"mitreden-{name}"


async def to_the_survey(citizen: Talker, bot: str) -> None:
    """From an invitation to the first question, by numbers."""
    await citizen.creates_room(bot, direct=True)  # type: ignore[attr-defined]
    await citizen.hears("1 Deutsch")
    await citizen.says("1")
    await citizen.hears("1 Umfrage beginnen")
    await citizen.says("1")
    await citizen.hears("1 Ja, einverstanden")
    await citizen.says("1")


async def answers_everything(citizen: Talker) -> None:
    """The first option of every question, and a wish, up to the thanks."""
    for _ in range(40):
        asked = await citizen.hears()
        if asked.text.startswith("Vielen Dank"):
            return
        own_words = "\n1 " not in asked.text
        await citizen.says(WISH if own_words else "1")
    raise AssertionError("\n".join(citizen.transcript))


async def exported(app: application.App) -> list[dict[str, object]]:
    """The submitted responses as an operator gets them."""
    return list(json.loads(export.as_json(app.process, await app.memory.responses())))


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_the_whole_survey_in_an_encrypted_room_by_numbers(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_js_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path, None, OPEN) as app:
        await to_the_survey(anna, synapse.user_id(bot))
        await answers_everything(anna)
        (response,) = await exported(app)
        heard = [one for one in anna.messages() if one.sender == synapse.user_id(bot)]
        assert all(one.encrypted and one.shield == "NONE" and not one.unreadable for one in heard)
    answers = response["answers"]
    assert isinstance(answers, dict)
    assert (len(answers), answers["used"], answers["wish"]) == (18, "site", WISH)
    assert not synapse.text_in_database(WISH)


async def test_a_survey_in_a_plain_room(synapse: Homeserver, name: str, bot: str, tmp_path: Path) -> None:
    async with matrix_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path, None, OPEN) as app:
        await to_the_survey(anna, synapse.user_id(bot))
        await answers_everything(anna)
        assert len(await exported(app)) == 1
