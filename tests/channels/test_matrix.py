"""Citizens on Matrix, on a real Synapse: the whole survey, and an export that is exactly what they typed."""

import random
from pathlib import Path

import pytest

from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import (
    WISH,
    Citizen,
    answers_everything,
    exported,
    first_option,
    to_the_survey,
)
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.matrix_listening import Heard
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver
from tests.talk import OPEN, config_in, talking


class Wayward:
    """Answers at random, and keeps what was typed."""

    def __init__(self, seed: int, wish: str = WISH) -> None:
        self.typed = ["1", "1", "1"]
        self._wish = wish
        self._chance = random.Random(seed)  # noqa: S311 - the same in every run

    def __call__(self, asked: Heard) -> str:
        options = sum(line[:1].isdigit() for line in asked.text.splitlines())
        review = "1 Absenden" in asked.text
        answer = "1" if review else str(self._chance.randint(1, options)) if options else f"{self._wish} ({options})"
        self.typed.append(answer)
        return answer


async def answers_of(folder: Path, typed: list[str]) -> object:
    """What the same words come to at the terminal."""
    folder.mkdir()
    async with talking(config_in(folder), OPEN, language=None) as talk:
        await talk.say("/start")
        await talk.say_all(*typed)
        (response,) = await exported(talk.app)
    return response["answers"]


async def takes_the_survey(citizen: Citizen, bot: str, wayward: Wayward) -> None:
    await to_the_survey(citizen, bot)
    await answers_everything(citizen, wayward)


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_the_whole_survey_in_an_encrypted_room_by_numbers(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    secret = f"Wunsch von {name}"  # nobody else says it, in the clear, on the same homeserver
    anna_says = Wayward(seed=3, wish=secret)
    async with matrix_js_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path, None, OPEN) as app:
        await takes_the_survey(anna, synapse.user_id(bot), anna_says)
        (response,) = await exported(app)
        heard = anna.messages(sender=synapse.user_id(bot))
        assert all(one.encrypted and one.shield == "NONE" and not one.unreadable for one in heard)
        assert any(secret in typed for typed in anna_says.typed)
        assert response["answers"] == await answers_of(tmp_path / "terminal", anna_says.typed)
    assert not synapse.text_in_database(secret)


async def test_two_citizens_take_the_survey_at_once_in_plain_rooms(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with (
        matrix_citizen(synapse, name) as anna,
        matrix_citizen(synapse, f"{name}-paul") as paul,
        serving(synapse, bot, tmp_path, None, OPEN) as app,
    ):
        paul_says = Wayward(seed=5)
        await to_the_survey(anna, synapse.user_id(bot))
        await takes_the_survey(paul, synapse.user_id(bot), paul_says)
        await answers_everything(anna, first_option)
        answers = [response["answers"] for response in await exported(app)]
        assert len(answers) == 2
        assert await answers_of(tmp_path / "terminal", paul_says.typed) in answers
