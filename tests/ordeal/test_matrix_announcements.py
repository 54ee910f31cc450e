"""The process is killed in the middle of an announcement on Matrix: everybody gets it, and nobody gets it twice."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from bot import app as application
from tests.channels.announcing import confirmed
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import until
from tests.channels.matrix_process import bot_process
from tests.channels.synapse import Homeserver
from tests.conftest import Figures
from tests.ordeal.canary import NEWS
from tests.ordeal.matrix_lives import at_home, names
from tests.ordeal.scale import scaled
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, FrozenClock, config_in

KILLS, PEOPLE = scaled(10, 2), scaled(80, 12)


async def test_an_announcement_survives_kills(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, figures: Figures
) -> None:
    """Words and picture reach everybody once, also where it stays open whether the homeserver had taken them."""
    me, chance = synapse.user_id(bot), random.Random(19)  # noqa: S311 - the same kills in every run
    async with (
        bot_process(synapse, bot, tmp_path, MITREDEN_MATRIX_PER_SECOND="10") as running,
        AsyncExitStack() as stack,
    ):
        people = [await stack.enter_async_context(matrix_citizen(synapse, f"{name}-{one}")) for one in range(PEOPLE)]
        await running.starts()
        await running.is_ready()
        for one, room in zip(people, await at_home(people, me), strict=True):
            await one.says("!neuigkeiten ja", room)
            await one.hears("Sie bekommen Neuigkeiten", room=room)
        await running.stops()
        config = config_in(tmp_path, BEISPIELSTADT)
        async with application.opened(config, FrozenClock(BEISPIELSTADT_OPEN), {}, {}) as app:
            await confirmed(app, NEWS, picture=True)

        def got(what: str) -> Counter[str]:
            return Counter(
                {one.user_id: sum(said.text.startswith(what) for said in one.messages(one.room, me)) for one in people}
            )

        for kill in range(KILLS):
            await running.starts()
            wanted = got(NEWS).total() + chance.randrange(1, PEOPLE // (KILLS + 1))
            await until(lambda: got(NEWS).total() >= wanted, 60, lambda: f"{got(NEWS).total()} of {wanted}, {kill=}")  # noqa: B023
            await asyncio.sleep(chance.uniform(0.0, 0.15))
            await running.is_killed()
        begun = got(NEWS).total()
        await running.starts()
        await until(
            lambda: min(got(NEWS).values()) > 0 and min(got("picture.png").values()) > 0,
            120,
            lambda: str(got(NEWS)),
        )
        await asyncio.sleep(2.0)
        words, pictures = got(NEWS), got("picture.png")
        await running.stops()
        leaks = running.leaks(*names(dict.fromkeys(people)), name)
    twice = sum(number > 1 for counted in (words, pictures) for number in counted.values())
    missing = sum(number == 0 for counted in (words, pictures) for number in counted.values())
    figures(
        f"{KILLS} kills during an announcement with a picture to {PEOPLE} people, {begun} of whom had it before the "
        f"last start: {missing} missing, {twice} twice, {len(leaks)} words in the log"
    )
    assert (missing, twice, leaks) == (0, 0, [])
    assert begun < PEOPLE, "the kills came when all was over"
