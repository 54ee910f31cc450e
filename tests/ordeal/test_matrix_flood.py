"""One account floods the bot with invitations and messages on Matrix: nobody else waits for it, and it joins few rooms.

The homeserver of a test shares its cores with the bot and slows down by itself. What others wait for is held against
the same flood by the same account going past the bot, to somebody whose app only listens, on such a way as the bot's;
and as neither the homeserver nor the machine is the same all the time, it goes to one and the other by turns.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bot.channels.matrix.invites import BY_ONE
from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import TOLD
from tests.channels.matrix_way import Way, way_to
from tests.channels.synapse import Homeserver
from tests.conftest import Figures
from tests.ordeal.canary import CANARY
from tests.ordeal.matrix_lives import at_home, bot_on_a_way, names
from tests.ordeal.measured import evenly, percentile
from tests.ordeal.scale import scaled

INVITATIONS, IN_A_TURN = scaled(1_000, 16), scaled(125, 8)
FLOOD, SECONDS = scaled(1_000, 60), scaled(10, 3)
"""Messages, and the time in which they are sent."""
TURNS = scaled(4, 1)
"""How often they are sent to the bot."""
OTHERS = scaled(10, 3)
"""People who ask something again and again meanwhile."""
APART = scaled(2, 1)
"""Seconds between two questions of one of them, so that the bot does not take them for a flood as well."""


@dataclass
class Waits:
    """How long people wait for an answer; of that, from the homeserver's news to the bot's request to send."""

    whole: list[float] = field(default_factory=list)
    of_the_bot: list[float] = field(default_factory=list)

    def add(self, others: "Waits") -> None:
        """More of them."""
        self.whole += others.whole
        self.of_the_bot += others.of_the_bot

    def __str__(self) -> str:
        return (
            f"{self.p50:.0f}/{self.p95:.0f} ms (of it in the bot p95 {self.p95_of_the_bot:.0f} ms, n={len(self.whole)})"
        )

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return 1000 * percentile(self.whole, 50)

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return 1000 * percentile(self.whole, 95)

    @property
    def p95_of_the_bot(self) -> float:
        """Milliseconds."""
        return 1000 * percentile(self.of_the_bot, 95) if self.of_the_bot else 0.0


@dataclass
class Measured:
    """People who talk to the bot through a way that sees what passes."""

    way: Way
    people: list[MatrixCitizen]
    told_at: dict[str, float] = field(default_factory=dict)
    """When the bot was last told of something by whom."""

    def notes(self, path: str, body: bytes) -> bytes:
        """What the homeserver answers the bot."""
        if path.endswith("/sync"):
            now = asyncio.get_running_loop().time()
            self.told_at |= {one.user_id: now for one in self.people if f'"{one.user_id}"'.encode() in body}
        return body

    async def meanwhile(self, flood: Callable[[], Awaitable[None]]) -> Waits:
        """What they wait for while something else goes on."""
        waits, over = Waits(), asyncio.Event()

        async def asks(one: MatrixCitizen, start: float) -> None:
            await asyncio.sleep(start)
            loop, language = asyncio.get_running_loop(), "de"
            while not over.is_set():
                language = "en" if language == "de" else "de"
                began = loop.time()
                await one.says(f"!sprache {language}")
                await one.hears(TOLD[language], timeout=60)
                waits.whole.append(loop.time() - began)
                sends = (
                    at
                    for _, path, at in reversed(self.way.passed)
                    if "/send/" in path and one.room in path and at >= began
                )
                if (sent := next(sends, None)) and began <= self.told_at.get(one.user_id, 0.0) <= sent:
                    waits.of_the_bot.append(sent - self.told_at[one.user_id])
                await asyncio.sleep(max(0.0, began + APART - loop.time()))

        async with asyncio.TaskGroup() as everybody:
            for index, one in enumerate(self.people):
                everybody.create_task(asks(one, index * APART / len(self.people)))
            await flood()
            over.set()
        return waits


async def by_turns(
    measured: Measured, turns: int, past: Callable[[], Awaitable[None]], at: Callable[[], Awaitable[None]]
) -> tuple[Waits, Waits]:
    """What others wait for while a flood goes past the bot, and while it goes to the bot."""
    elsewhere, here = Waits(), Waits()
    for turn in range(turns):
        order = ((past, elsewhere), (at, here))
        for flood, waits in order if turn % 2 else order[::-1]:
            waits.add(await measured.meanwhile(flood))
    return elsewhere, here


async def invites(citizen: MatrixCitizen, whom: str) -> None:
    """Invite somebody to room after room, some at once."""
    for start in range(0, IN_A_TURN, 8):
        await asyncio.gather(*(citizen.creates_room(whom) for _ in range(start, min(start + 8, IN_A_TURN))))


async def writes(citizen: MatrixCitizen, room: str) -> None:
    """All those messages, evenly, some of them as long as Matrix takes."""
    chance = random.Random(31)  # noqa: S311 - the same flood in every run
    texts = ("!sprache de", "1", "Wann ist der nächste Termin?", CANARY, f"{CANARY} " * 2_000)
    async with asyncio.TaskGroup() as sending:
        async for _ in evenly(FLOOD, SECONDS / FLOOD):
            sending.create_task(citizen.says(chance.choice(texts), room))


async def test_nobody_waits_for_an_account_that_floods_the_bot_with_invitations_and_messages(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, figures: Figures
) -> None:
    """Few of the invitations are accepted, one after the other, and whoever else writes is answered as before."""
    me = synapse.user_id(bot)
    async with bot_on_a_way(synapse, bot, tmp_path) as (way, running), AsyncExitStack() as stack:
        past = await stack.enter_async_context(way_to(synapse))
        somebody, *people = [
            await stack.enter_async_context(matrix_citizen(home, f"{name}-{one}"))
            for one, home in enumerate([synapse.by_way_of(past.url), *[synapse] * OTHERS])
        ]
        await running.starts()
        await running.is_ready()
        async with matrix_citizen(synapse, f"{name}-mallory") as mallory:  # a flood listens to nobody afterwards
            rooms = await at_home([mallory, *people], me)
            elsewhere = await mallory.creates_room(somebody.user_id)
            await somebody.joins(elsewhere)
        measured = Measured(way, people)
        way.change = measured.notes
        await measured.meanwhile(lambda: asyncio.sleep(SECONDS))
        quiet = await measured.meanwhile(lambda: asyncio.sleep(2 * SECONDS))
        before, passed = memory(running.process_id), len(way.passed)
        invited_elsewhere, invited = await by_turns(
            measured,
            INVITATIONS // IN_A_TURN,
            lambda: invites(mallory, somebody.user_id),
            lambda: invites(mallory, me),
        )
        joins = [at for _, path, at in way.passed[passed:] if "/join/" in path]
        written_elsewhere, written = await by_turns(
            measured, TURNS, lambda: writes(mallory, elsewhere), lambda: writes(mallory, rooms[0])
        )
        grown = memory(running.process_id) - before
        await running.stops()
        leaks = running.leaks(*names(dict.fromkeys(people), mallory), name)
    at_once = max((sum(at <= other < at + 1 for other in joins) for at in joins), default=0)
    figures(
        f"others wait p50/p95: {quiet}; {INVITATIONS:,} invitations {invited}, elsewhere {invited_elsewhere}; "
        f"{FLOOD:,} messages in {SECONDS} s {written}, elsewhere {written_elsewhere}"
    )
    figures(
        f"{len(joins)} joins, at most {at_once} a second; {grown:+.0f} MB; {len(leaks)} words in the log of "
        f"{len(running.log.splitlines()):,} lines"
    )
    assert 0 < len(joins) <= BY_ONE
    assert grown <= 50
    assert leaks == []
    assert scaled(int(invited.p95), 0) <= 1.2 * invited_elsewhere.p95
    assert scaled(int(written.p95), 0) <= 1.2 * written_elsewhere.p95


def memory(process: int) -> float:
    """Megabytes that a process has in memory."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
