"""`/statistik` and `/export`: results in the chat, for staff only, in words and as pictures."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.messages import Outgoing
from storage.database import database
from tests import simulated
from tests.published import LANGUAGES, unpacked
from tests.staff import joined
from tests.talk import config_in, talking


@pytest.mark.parametrize(
    "command", ["/statistik", "/statistik 5", "/export", "/wuensche_pruefen", "Statistik", "Export"]
)
async def test_results_are_for_staff_only(tmp_path: Path, command: str) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await simulated.fill(anna.app.memory, anna.app.process.survey, 30)
        editor = await joined(anna, "stefan", "editor" if command != "/wuensche_pruefen" else "analyst")
        for person in (anna, editor):
            said = await person.say(command)
            assert not any("Umfrage begonnen" in one.text or one.attachment or "offen," in one.text for one in said)


async def test_statistics_come_as_text_first_then_as_a_picture_with_the_same_words(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await simulated.fill(anna.app.memory, anna.app.process.survey, 300, LANGUAGES)
        analyst = await joined(anna, "stefan", "analyst")
        words, picture = await analyst.say("/statistik 5")
        assert words.text.startswith("Frage 5, Zufriedenheit insgesamt")
        assert "Mittelwert: " in words.text
        assert picture.attachment is not None
        assert (picture.attachment.media_type, picture.attachment.content[:4]) == ("image/png", b"\x89PNG")
        assert "Zufriedenheit insgesamt" in picture.text
        for number in range(7):
            guest = anna.another(f"guest {number}")
            await guest.say_all("/termine", "1", "3")
        (overview,) = await analyst.say("/statistik")
        assert "– Leonore-Goldschmidt-Schule (IGS Mühlenberg): 7 kommen, 0 vielleicht, 0 kommen nicht." in overview.text
        assert "abgesendet: 300 (100 %)" in overview.text
        crossed = await analyst.say("/statistik 5 nach stadtbezirk")
        assert "Linden-Limmer" in crossed[0].text
        assert crossed[-1].attachment is not None
        assert "Diese Frage gibt es nicht" in (await analyst.say("/statistik 99"))[0].text
        assert "lassen sich diese Fragen nicht" in (await analyst.say("/statistik 5 nach wunsch"))[0].text
        everything = await analyst.say("/statistik alle")
        assert sum(one.attachment is not None for one in everything) == 15
        (data,) = await analyst.say("/export")
        assert data.attachment is not None
        assert "results.csv" in unpacked(data.attachment.content)


async def test_where_every_table_would_give_a_count_away_no_number_of_surveys_is_promised(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await simulated.fill(anna.app.memory, anna.app.process.survey, 30)
        (said,) = await (await joined(anna, "stefan", "analyst")).say("/statistik 5")
        assert said.text.startswith("Es gibt noch zu wenige Antworten.")
        assert "ab 5" not in said.text


async def test_slow_work_lets_others_be_answered_meanwhile(tmp_path: Path) -> None:
    """The answer to who asked for all pictures comes after that of somebody who wrote later."""
    async with talking(config_in(tmp_path)) as anna:
        await simulated.fill(anna.app.memory, anna.app.process.survey, 300)
        analyst = await joined(anna, "stefan", "admin")
        await anna.app.dispatch.receive([analyst.incoming(text="/statistik alle")])
        await anna.app.dispatch.receive([anna.incoming(text="/hilfe")])
        await anna.app.dispatch.afterwards.idle()
        sent: list[Outgoing] = [message for _, message in anna._recorder.sent]  # noqa: SLF001 - the test's own recorder
        last_picture = max(place for place, one in enumerate(sent) if one.attachment)
        help_at = max(place for place, one in enumerate(sent) if one.text.startswith("Das kann ich"))
        assert help_at < last_picture


async def test_work_that_fails_is_apologised_for(tmp_path: Path, capsys: Any) -> None:
    async with talking(config_in(tmp_path)) as anna:
        analyst = await joined(anna, "stefan", "admin")
        await simulated.fill(anna.app.memory, anna.app.process.survey, 10)
        stored = database("sqlite:///data/mitreden.db", tmp_path)
        await stored.write(lambda connection: connection.execute(text("ALTER TABLE response_answers RENAME TO gone")))
        said = await analyst.say("/statistik 5")
        await stored.write(lambda connection: connection.execute(text("ALTER TABLE gone RENAME TO response_answers")))
        await stored.close()
        assert "schiefgegangen" in said[0].text
    assert "job_failed" in capsys.readouterr().out
