"""Courtesies are answered, but never without end."""

from pathlib import Path

from tests.talk import OPEN, config_in, talking


async def test_two_programs_do_not_thank_each_other_without_end(tmp_path: Path) -> None:
    """A courtesy is answered; the eighth in a row is the last that is."""
    async with talking(config_in(tmp_path), OPEN) as talk:
        assert (await talk.say("Danke"))[0].text.startswith("Sehr gern!")
        for _ in range(8):
            await talk.say("Danke")
        assert await talk.say("Danke") == []
        assert "Bürgerhaus Misburg" in (await talk.say("Wann ist Misburg?"))[0].text


async def test_thanks_in_own_words_are_an_answer_of_the_survey(tmp_path: Path) -> None:
    """Where own words are awaited, nothing but a plain question is taken for something else."""
    async with talking(config_in(tmp_path), OPEN) as talk:
        await talk.say_all("/umfrage", "1", "4", "1", "1")
        asked_again = await talk.say("Danke")
        assert asked_again[0].text.startswith("Sehr gern!")
        await talk.say("1")
        assert "Darf die Stadt Ihren Wunsch veröffentlichen?" in (await talk.say("Danke"))[0].text
