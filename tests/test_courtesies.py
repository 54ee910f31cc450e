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


async def test_somebody_who_goes_on_hears_now_and_then_what_works(tmp_path: Path) -> None:
    """A person's messages do not vanish for good, while a program that answers each of ours comes to an end."""
    async with talking(config_in(tmp_path), OPEN) as talk:
        heard = [await talk.say("blablabla") for _ in range(17)]
        assert [bool(said) for said in heard] == [*[True] * 8, *[False, False, False, True] * 2, False]
        assert {said[0].text for said in (heard[7], heard[11], heard[15])} == {
            "Ich verstehe Ihre Nachrichten gerade nicht. Ich warte jetzt. Schreiben Sie „Hilfe“, dann geht es weiter."
        }
        assert await talk.say("Hilfe")
        assert await talk.say("blablabla")


async def test_thanks_in_own_words_are_an_answer_of_the_survey(tmp_path: Path) -> None:
    """Where own words are awaited, nothing but a plain question is taken for something else."""
    async with talking(config_in(tmp_path), OPEN) as talk:
        await talk.say_all("/umfrage", "1", "4", "1", "1")
        asked_again = await talk.say("Danke")
        assert asked_again[0].text.startswith("Sehr gern!")
        await talk.say("1")
        assert "Darf die Stadt Ihren Wunsch veröffentlichen?" in (await talk.say("Danke"))[0].text
