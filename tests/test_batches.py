"""A batch: all of it is written or nothing, each message once, and one that fails costs only itself."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from storage import tables
from storage.database import Unavailable
from tests import postgres
from tests.staff import joined
from tests.stored import rows
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, SHORT, config_in, talking


async def test_a_batch_is_handled_in_order_and_each_message_once(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        batch = [anna.incoming(text=typed) for typed in (*SHORT, "Ein Karussell", "1")]
        said = await anna.receive(*batch)
        assert said[-2].text.startswith("Vielen Dank")
        assert await anna.receive(*batch) == []
        responses = await anna.app.memory.results.responses()
        assert [response.answers["idea"] for response in responses] == [[("Ein Karussell", False)]]


async def test_a_message_that_fails_costs_only_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A handler that raises, in the middle of a batch: its sender gets an apology, everybody else an answer."""
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        berta, carla = anna.another("berta"), anna.another("carla")
        broken = berta.incoming(text="/umfrage")
        object.__setattr__(broken, "text", 4711)  # what no channel should ever hand over
        said = await anna.receive(anna.incoming(text="/umfrage"), broken, carla.incoming(text="/umfrage"))
        assert sum("Entschuldigung" in message.text for message in said) == 1
        assert sum("Darf ich" in message.text for message in said) == 2
        assert len(await rows(tmp_path, tables.dead_letters)) == 1


async def test_a_database_that_does_not_answer_costs_no_message(tmp_path: Path, server: postgres.Cluster) -> None:
    """Somebody holds a lock: the batch fails as a whole, and the same batch is handled once the lock is gone."""
    url = server.new_database()
    async with talking(config_in(tmp_path, BEISPIELSTADT, url), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all("/umfrage", "1")
        other = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        answer = anna.incoming(text="nein")
        async with other.connect() as blocker:
            await blocker.execute(text("LOCK TABLE drafts"))
            with pytest.raises(Unavailable):
                await anna.receive(answer)
        await other.dispose()
        assert "Was fehlt" in (await anna.receive(answer))[0].text


async def test_what_staff_asked_for_in_a_batch_that_was_not_written_is_done_once(
    tmp_path: Path, server: postgres.Cluster
) -> None:
    """The batch comes again with the same order in it: the files are read, and told of, when it is written."""
    url = server.new_database()
    async with talking(config_in(tmp_path, BEISPIELSTADT, url), BEISPIELSTADT_OPEN) as anna:
        sabine = await joined(anna, "sabine", "sender")
        other = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        order = sabine.incoming(text="/neu_laden")
        async with other.connect() as blocker:
            await blocker.execute(text("LOCK TABLE seen IN EXCLUSIVE MODE"))  # may be read, not written
            with pytest.raises(Unavailable):
                await sabine.receive(order)
        await other.dispose()
        begun, read = await sabine.receive(order)
        assert begun.text == "Ich lese die Dateien neu."
        assert "Es gibt nichts mitzuteilen" in read.text


async def test_two_people_of_the_same_name_in_two_channels_are_two_people(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all("/umfrage", "1")
        assert "Darf ich" in (await anna.another("Anna").say("/umfrage"))[1].text


async def test_a_text_may_hold_what_databases_stumble_over(tmp_path: Path, database_url: str) -> None:
    hostile = 'NUL \0 and \x1b[31m and \u202e turned, it\'s "quoted"; DROP TABLE people; 🙂 مرحبا'
    async with talking(config_in(tmp_path, BEISPIELSTADT, database_url), BEISPIELSTADT_OPEN) as anna:
        await anna.say_all(*SHORT, hostile, "1")
        responses = await anna.app.memory.results.responses()
        kept = 'NUL  and [31m and  turned, it\'s "quoted"; DROP TABLE people; 🙂 مرحبا'
        assert responses[0].answers["idea"] == [(kept, False)]


async def test_a_wish_of_1000_wide_characters_can_be_submitted(tmp_path: Path, database_url: str) -> None:
    wide = "".join(chr(0x4E00 + number * 7) for number in range(1000))
    config = config_in(tmp_path, None, database_url)
    async with talking(config) as anna:
        await anna.say_all("/umfrage", "1", "Nein", "1", "1", "1", wide, "ja", *["überspringen"] * 3)
        said = await anna.say("1")
        assert said[0].text.startswith("Vielen Dank")
        (response,) = await anna.app.memory.results.responses()
        assert response.answers["wish"] == [(wide, False)]
