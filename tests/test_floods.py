"""Whoever writes far faster than people can is told once and then not read for a minute; nobody else notices."""

from pathlib import Path

from bot.core.messages import Address, Incoming
from bot.floods import BURST, PAUSE, Batch, Floods
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, config_in, talking

ANNA, BERTA = Address("net", "anna", "anna"), Address("net", "berta", "berta")


def read(floods: Floods, at: float, sender: Address, messages: int, *, tapped: bool = False) -> tuple[int, int]:
    """How many messages of a batch are read, and how often their sender is told that the others are not."""
    batch = Batch(floods, at)
    told, is_read = 0, 0
    for _ in range(messages):
        if batch.reads(sender, tapped=tapped):
            is_read += 1
        else:
            told += batch.tells(sender)
    batch.committed()
    return is_read, told


def test_a_survey_is_read_to_the_last_answer_however_fast_it_is_tapped_through_or_typed() -> None:
    tapping, typing = Floods(), Floods()
    assert [read(tapping, at / 8, ANNA, 1, tapped=True) for at in range(300)] == [(1, 0)] * 300
    assert [read(typing, at / 2, ANNA, 1) for at in range(70)] == [(1, 0)] * 70


def test_a_thousand_messages_in_ten_seconds_are_read_up_to_a_burst_and_told_of_once() -> None:
    floods = Floods()
    outcomes = [read(floods, at / 10, ANNA, 10) for at in range(100)]
    assert BURST <= sum(is_read for is_read, _ in outcomes) <= BURST + 10
    assert sum(told for _, told in outcomes) == 1
    assert read(floods, 9.0, BERTA, 1) == (1, 0)
    assert read(floods, 10 + PAUSE, ANNA, 1) == (1, 0)
    assert read(floods, 11 + PAUSE, ANNA, 1000)[1] == 0, "told again within ten minutes"


def test_a_batch_that_is_handled_again_counts_once() -> None:
    """The database may fail for an hour: the same answers come again and again, and are read in the end."""
    floods = Floods()
    for at in range(100):
        batch = Batch(floods, float(at))
        assert all(batch.reads(ANNA) for _ in range(30))
    assert read(floods, 100.0, ANNA, 30) == (30, 0)


async def test_a_flood_is_answered_no_more_and_the_question_that_waits_is_kept(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    async with serving(telegram, tmp_path) as app:
        for text in ("/umfrage", "1", *("/impressum" for _ in range(300))):
            await anna.say(text)
        await berta.say("/impressum")
        await berta.answers()
        await anna.private.until(lambda: "in kurzer Zeit" in anna.private.sent[-1]["text"], 10)
        await app.outbox.idle()
        assert telegram.pending == 0
        answers = sum(message["text"].startswith("Dieser Chatbot") for message in anna.private.sent)
        assert BURST - 2 <= answers <= BURST + 5
        known = await app.memory.known("telegram", [], [Address("telegram", str(anna.id), str(anna.id))])
        (person,) = known.people.values()
        assert person.draft is not None
    assert telegram.violations == []


async def test_at_a_terminal_everything_is_read(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        batch: list[Incoming] = [anna.incoming(text="/impressum") for _ in range(2 * BURST)]
        assert len(await anna.receive(*batch)) == 2 * BURST
