"""Updates that nobody can read and messages that a handler fails at: they cost only themselves."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.core.messages import Incoming
from tests.channels.citizen import Citizen
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.channels.telegram_process import NOW, PATIENCE
from tests.conftest import Figures
from tests.ordeal.canary import CANARY
from tests.ordeal.measured import counted, evenly, percentile, waited
from tests.ordeal.scale import scaled

EVERY = 1.0 / scaled(100, 50)
"""Seconds between two messages, each of somebody else."""
FAILS = f"Daran scheitert der {CANARY}"


def spoil(batch: Sequence[Incoming]) -> None:
    """Give what no channel should ever hand over to whoever asks for it."""
    for message in batch:
        if message.text == FAILS:
            object.__setattr__(message, "text", 4711)


async def asked(telegram: FakeTelegram, number: int, *, poison: bool) -> tuple[list[float], list[Citizen]]:
    """Seconds that so many citizens waited for their answers, and those of them whose message fails."""
    waits: list[asyncio.Task[float]] = []
    failing: list[Citizen] = []
    async with asyncio.TaskGroup() as everybody:
        async for index in evenly(number, EVERY):
            if poison and index % 100 == 50:
                telegram.poison()
            elif poison and index % 100 == 99:
                failing.append(telegram.citizen(f"failing{index}"))
                await failing[-1].say(FAILS)
            else:
                waits.append(everybody.create_task(waited(telegram.citizen(f"asking{index}"))))
    return [one.result() for one in waits], failing


async def test_unreadable_updates_and_failing_handlers_cost_nobody_else_anything(
    telegram: FakeTelegram, tmp_path: Path, figures: Figures
) -> None:
    many = scaled(10_000, 200)
    each = many // 100
    async with serving(telegram, tmp_path, None, NOW, spoil=spoil) as app:
        without, _ = await asked(telegram, many, poison=False)
        waits, failing = await asked(telegram, many, poison=True)
        for citizen in failing:
            (apology,) = await citizen.answers(timeout=PATIENCE)
            assert apology.text.startswith("Entschuldigung")
        await app.outbox.idle()
    letters = await counted(tmp_path, "dead_letters", "message_id")
    kinds = await counted(tmp_path, "dead_letters", "error")
    before, after = (percentile(seconds, 99) * 1000 for seconds in (without, waits))
    figures(
        f"{many:,} updates, {each} unreadable, {each} failing: {len(waits):,} of {many - 2 * each:,} others answered, "
        f"{len(letters)} dead letters, p99 {after:.0f} ms, without them {before:.0f} ms"
    )
    assert len(waits) == many - 2 * each
    assert set(letters.values()) == {1}
    assert sorted(kinds.values()) == [each, each]
    assert ("unreadable",) in kinds
    assert scaled(int(after - before), 0) <= 100
