"""Whoever writes far faster than people can is told once and then not read for a minute; nobody else notices."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from bot.core.messages import Address, Incoming
from bot.floods import BURST, PAUSE, Batch, Floods
from bot.pace import Limits
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, config_in, talking

STARTED = datetime.fromisoformat("2025-11-10T10:00:00+01:00")
ANNA, BERTA = "anna", "berta"


def said(user: str, text: str = "", *, tapped: bool = False, minutes: int = 1, vouched: bool = True) -> Incoming:
    """A message, so many minutes after the start of the bot."""
    at, choice = STARTED + timedelta(minutes=minutes), "q:1:a:b" if tapped else None
    return Incoming(id="1", sender=Address("net", user, user), sent_at=at, text=text, choice=choice, vouched=vouched)


def read(floods: Floods, at: float, message: Incoming, times: int = 1) -> tuple[int, int]:
    """How many messages of a batch are read, and how often their sender is told that the others are not."""
    batch = Batch(floods, at)
    told, is_read = 0, 0
    for _ in range(times):
        if batch.reads(message):
            is_read += 1
        else:
            told += batch.tells(message.sender)
    batch.committed()
    return is_read, told


def test_a_survey_is_read_to_the_last_answer_however_fast_it_is_tapped_through_or_typed() -> None:
    tapping, typing = Floods({"net": 1.0}, STARTED), Floods({"net": 1.0}, STARTED)
    assert [read(tapping, at / 8, said(ANNA, tapped=True)) for at in range(300)] == [(1, 0)] * 300
    assert [read(typing, at / 2, said(ANNA)) for at in range(70)] == [(1, 0)] * 70


def test_a_thousand_messages_in_ten_seconds_are_read_up_to_a_burst_and_told_of_once() -> None:
    floods = Floods({"net": 1.0}, STARTED)
    outcomes = [read(floods, at / 10, said(ANNA), 10) for at in range(100)]
    assert BURST <= sum(is_read for is_read, _ in outcomes) <= BURST + 10
    assert sum(told for _, told in outcomes) == 1
    assert read(floods, 9.0, said(BERTA)) == (1, 0)
    assert read(floods, 10 + PAUSE, said(ANNA)) == (1, 0)
    assert read(floods, 11 + PAUSE, said(ANNA), 1000)[1] == 0, "told again within ten minutes"


def test_long_texts_count_more_but_any_answer_fits() -> None:
    floods = Floods({"net": 1.0}, STARTED)
    assert read(floods, 0.0, said(ANNA, "x" * 3000), 1000)[0] == 5


def test_a_batch_that_is_handled_again_counts_once() -> None:
    """The database may fail for an hour: the same answers come again and again, and are read in the end."""
    floods = Floods({"net": 1.0}, STARTED)
    for at in range(100):
        batch = Batch(floods, float(at))
        assert all(batch.reads(said(ANNA)) for _ in range(30))
    assert read(floods, 100.0, said(ANNA), 30) == (30, 0)


def test_what_was_sent_while_the_bot_was_away_is_read_where_the_network_vouches_for_when_that_was() -> None:
    floods = Floods({"net": 1.0}, STARTED)
    assert read(floods, 0.0, said(ANNA, minutes=-1), 500) == (500, 0)
    assert read(floods, 0.0, said(BERTA, minutes=-1, vouched=False), 500) == (BURST, 1)


async def test_a_flood_is_answered_no_more_and_the_question_that_waits_is_kept(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    async with serving(telegram, tmp_path, limits=Limits(overall=1000.0, burst=1000, per_chat=1.0)) as app:
        await asyncio.sleep(1.1)  # Telegram's clock has whole seconds: that of the start is before it
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
