"""How fast an announcement goes to 20,000 people on Telegram, and what citizens who write meanwhile notice of it.

Run `python -m benchmarks.announcements` on a machine with nothing else to do; it takes three minutes, or with `--ours`
a half of that. A Bot API of our own, on one core, permits 300 messages in any second, exactly; the bot has another.
3 % of the people have blocked the bot, for 1 % something fails once: half of these get an error of the server's, half
the message, but the connection breaks before the bot is told. Beside Mitreden, each for 20 seconds: aiogram's
documented broadcast loop, and python-telegram-bot's AIORateLimiter with all messages handed to it at once.

What counts against the limit: every message, and every refusal of somebody who has blocked the bot. Telegram does not
say whether it counts the latter, so that it has to be taken for granted; it does mean that at most 97 % of what is
permitted can arrive.
"""

import argparse
import asyncio
import gc
import logging
import os
import platform
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles

from benchmarks import installed
from benchmarks.telegram import cpu_seconds, share_cores
from bot import app as application
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.core.announcement import Announcement
from bot.core.conversation import Person
from bot.core.messages import Address
from storage.changes import Changes
from tests.channels.citizen import Citizen
from tests.channels.fake_telegram import Call, FakeTelegram

ROOT = Path(__file__).parents[1]
PERMITTED = 300
BLOCKED, FAILING = 0.03, 0.01
LATENCY = 0.02
"""Seconds of a round trip."""
TALKING = 40
"""Citizens who write, one after the other, all the while."""
EVERY = 0.1
"""Seconds between two of their messages."""
IDLE = 20.0
"""Seconds for which they write before anything is announced."""
PEERS = 20.0
"""Seconds that a peer gets."""
LONGEST = 150.0
"""Seconds that ours gets."""
END_OF_LOG = 2_000
"""Characters of a log that are shown of a bot that has ended."""
NOW = "2025-11-10T10:00:00+01:00"
PEER_FILES = {
    "aiogram, documented loop": "aiogram_broadcast.py",
    "python-telegram-bot, AIORateLimiter": "ptb_broadcast.py",
}


class HasEndedError(RuntimeError):
    """A bot whose process ended before it was through; the text names it, and how its log ends."""


class Meter:
    """Citizens who write at a steady pace, and how long each waits for an answer."""

    def __init__(self, citizens: list[Citizen]) -> None:
        self._citizens = citizens
        self._waited: list[tuple[float, float]] = []

    async def run(self) -> None:
        """Write until cancelled."""
        turn = 0
        async with asyncio.TaskGroup() as asked:
            while True:
                asked.create_task(self._ask(self._citizens[turn % len(self._citizens)]))
                turn += 1
                await asyncio.sleep(EVERY)

    async def _ask(self, citizen: Citizen) -> None:
        began = time.monotonic()
        await citizen.say("/barrierefreiheit")
        try:
            await citizen.answers(1, timeout=LONGEST)
        finally:  # whoever still waits at the end has waited for so long, and counts
            self._waited.append((began, time.monotonic() - began))

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """The middle and the 99th percentile of the waits that began in a time; seconds."""
        times = [waited for began, waited in self._waited if begin <= began < end]
        cuts = quantiles(times, n=100) if len(times) > 1 else [float("nan")] * 99
        return cuts[49], cuts[98]


class Town:
    """The people an announcement is for, and those who write meanwhile, behind a Bot API."""

    def __init__(self, telegram: FakeTelegram, people: int) -> None:
        chance = random.Random(1)
        self.telegram = telegram
        self.chats = [telegram.citizen("somebody").id for _ in range(people)]
        shuffled = chance.sample(self.chats, people)
        blocked, failing = int(people * BLOCKED), int(people * FAILING)
        self.blocked, failing_chats = set(shuffled[:blocked]), shuffled[blocked : blocked + failing]
        for chat in self.blocked:
            telegram.chats.known[chat].state = "blocked"
        for number, chat in enumerate(failing_chats):
            telegram.fault("sendMessage", 1, 500 if number % 2 else "reset_after", chat_id=chat)
        telegram.limits.per_second = PERMITTED
        self.meter = Meter([telegram.citizen(f"talker{number}") for number in range(TALKING)])
        self._ours = set(self.chats)

    def requests(self) -> list[Call]:
        """The requests that were about an announcement, in order."""
        return [call for call in self.telegram.calls if call.params.get("chat_id") in self._ours]

    def figures(self, name: str, begun: float) -> "Figures":
        """What came of a run in which the citizens began to write at `begun`."""
        asked = self.requests()
        first, last = asked[0].at, asked[-1].at
        sent = [call for call in self.telegram.called("sendMessage") if first <= call.at <= last]
        counted = sum(1 for call in sent if call.status not in {429, 500})
        times = Counter(len(self.telegram.sent(chat)) for chat in self.chats)
        return Figures(
            name=name,
            seconds=last - first,
            counted=counted,
            arrived=counted - sum(1 for call in sent if call.status == 403),
            twice=sum(number for sent, number in times.items() if sent > 1),
            too_many=sum(1 for call in sent if call.status == 429),
            not_reached=times[0] - len(self.blocked),
            idle=self.meter.between(begun + 7, first - 1),
            meanwhile=self.meter.between(first, last),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of one run: requests that count, messages that arrived (both with replies), people, seconds."""

    name: str
    seconds: float
    counted: int
    arrived: int
    twice: int
    too_many: int
    not_reached: int
    idle: tuple[float, float]
    meanwhile: tuple[float, float]

    def line(self, lost: str) -> str:
        """A row of the table; `lost` is whom nobody knows of."""
        counted, arrived = self.counted / self.seconds, self.arrived / self.seconds
        replies = " | ".join(
            f"{middle * 1e3:,.0f} / {long * 1e3:,.0f} ms" for middle, long in (self.idle, self.meanwhile)
        )
        return (
            f"| {self.name} | {counted:.0f}/s | {counted / PERMITTED:.1%} | {arrived:.0f}/s | {self.too_many} "
            f"| {self.twice} | {lost} | {replies} |"
        )


HEADING = (
    "| sender | requests | of the permitted | arrived | 429s | twice | lost | replies p50 / p99, idle | meanwhile |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)


async def prepared(folder: Path, town: Town) -> None:
    """A database with people who want news, and an announcement that two have agreed on."""
    config = Config(base=folder)
    async with application.opened(config, Clock(), {}, {}) as app:
        now = app.clock.now()
        today = now.date()
        for role in ("editor", "sender"):
            member = town.telegram.citizen(role)
            code = f"TEAM-{role[:5].upper():A<5}-AAAAA".replace("I", "A").replace("O", "A")
            await app.memory.invite(code, role, now, now.replace(year=now.year + 1))
            address = Address("telegram", str(member.id), str(member.id))
            await app.memory.write(Changes(channel="telegram", now=now, today=today, paired=[(code, address)]))
        people = [
            Person(
                id=random.getrandbits(63), address=Address("telegram", str(chat), str(chat)), language="de", news=today
            )
            for chat in town.chats
        ]
        for begin in range(0, len(people), 1000):
            new = people[begin : begin + 1000]
            await app.memory.write(Changes(channel="telegram", now=now, today=today, new=new))
        # The clock of the run stands in 2025; agreed on there, the minute in which it can be taken back has passed.
        at = Clock(parse_instant(NOW, app.process.zone)).now()
        agreed = Announcement(
            id=1, state="confirmed", texts={"de": "Es gibt **Neuigkeiten**."}, author=1, confirmed_by=2, starts_at=at
        )
        await app.memory.newsroom.keep(agreed, "confirmed", at, at.date())


async def ours(people: int, core: int | None) -> str:
    """`mitreden run`, with citizens who write before and during the announcement."""
    async with FakeTelegram(latency=LATENCY) as telegram:
        town = Town(telegram, people)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            await prepared(folder, town)
            # It begins when the clock of the run comes to its time.
            start = datetime.fromisoformat(NOW) - timedelta(seconds=IDLE + 5)
            command = ("-m", "bot", "run", "--now", start.isoformat())
            log = folder / "log"
            running = await started(sys.executable, *command, telegram=telegram, folder=folder, core=core, log=log)
            figures = await watched("Mitreden", town, running, log, LONGEST)
            await asyncio.sleep(8)  # the rest is noted, and its staff are told
            running.send_signal(signal.SIGTERM)
            await running.wait()
            unclear, blocked = await as_staff_see_it(folder)
            assert blocked == len(town.blocked), f"{blocked} of {len(town.blocked)} are marked as blocked"
            return figures.line(f"{max(figures.not_reached - unclear, 0)} ({unclear} named as unclear)")


async def as_staff_see_it(folder: Path) -> tuple[int, int]:
    """Of how many recipients staff are told that it is unclear, and that they have blocked the bot."""
    config = Config(base=folder)
    process, _ = application.load_process(config)
    memory = application.open_memory(config, process)
    await memory.open_to_read()
    one = await memory.newsroom.find(1)
    assert one is not None
    tally = await memory.newsroom.tally(one, process.survey.id, "de", Clock().now())
    await memory.close()
    print(f"as staff see it: {tally}", file=sys.stderr)
    return tally.unclear, tally.blocked


async def peer(name: str, python: str, core: int | None) -> str:
    """A peer, in the environment of the peers."""
    async with FakeTelegram(latency=LATENCY) as telegram:
        town = Town(telegram, int(PERMITTED * PEERS))
        with tempfile.TemporaryDirectory() as place:
            script = installed.PEERS / PEER_FILES[name]
            chats = (str(town.chats[0]), str(town.chats[-1] + 1))
            command = (str(script), telegram.url, telegram.token, *chats, str(PERMITTED), str(IDLE))
            log = Path(place) / "log"
            running = await started(python, *command, telegram=telegram, folder=Path(place), core=core, log=log)
            figures = await watched(name, town, running, log, PEERS)
            running.kill()
            await running.wait()
            # Whom it had no time for is not lost.
            tried = {call.params["chat_id"] for call in town.requests()}
            lost = sum(1 for chat in tried - town.blocked if not telegram.sent(chat))
            return figures.line(str(lost))


async def started(
    *command: str, telegram: FakeTelegram, folder: Path, core: int | None, log: Path
) -> asyncio.subprocess.Process:
    """A bot, on a core of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MITREDEN_")} | {
        "PYTHONPATH": str(ROOT),
        "MITREDEN_TELEGRAM_TOKEN": telegram.token,
        "MITREDEN_TELEGRAM_API_URL": telegram.url,
        "MITREDEN_TELEGRAM_PER_SECOND": str(PERMITTED),
    }
    pinned = ("taskset", "-c", str(core)) if core is not None and shutil.which("taskset") else ()
    with log.open("wb") as written:
        return await asyncio.create_subprocess_exec(
            *pinned, *command, cwd=folder, env=environment, stdout=written, stderr=written
        )


async def until(so: Callable[[], bool], running: asyncio.subprocess.Process, seconds: float) -> None:
    """Wait until something is so, that long at the most; not for a process that has ended."""
    end = time.monotonic() + seconds
    while not so() and running.returncode is None and time.monotonic() < end:  # noqa: ASYNC110 - in another process
        await asyncio.sleep(0.2)


def cpu_of(name: str, running: asyncio.subprocess.Process, log: Path) -> float:
    """Seconds of processor time that a bot has used so far. Raises HasEndedError."""
    with suppress(OSError):  # it may end this very moment
        if running.returncode is None:
            return cpu_seconds([running.pid])
    said = log.read_text(encoding="utf-8", errors="replace")[-END_OF_LOG:].strip()
    raise HasEndedError(f"{name} has ended. Its log ends with:\n{said or '(nothing)'}")


async def watched(name: str, town: Town, running: asyncio.subprocess.Process, log: Path, seconds: float) -> Figures:
    """Let citizens write until everybody of the announcement was tried, or that long after the first.

    Raises HasEndedError.
    """
    gc.collect()
    gc.freeze()  # looking through all these people again and again would hold up the Bot API
    await until(lambda: bool(town.telegram.called("getUpdates")), running, IDLE)
    begun = time.monotonic()
    cpu_of(name, running, log)
    asking = asyncio.create_task(town.meter.run())
    try:
        await until(lambda: bool(town.requests()), running, LONGEST)
        first, bot, own = time.monotonic(), cpu_of(name, running, log), time.process_time()
        await until(lambda: len(town.requests()) >= len(town.chats), running, seconds)
        wall = time.monotonic() - first
        bot, own = (cpu_of(name, running, log) - bot) / wall, (time.process_time() - own) / wall
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    print(f"{name}: {bot:.0%} of its core, the Bot API {own:.0%} of the other", file=sys.stderr)
    figures = town.figures(name, begun)
    if town.telegram.violations:
        print(f"{name}: {town.telegram.violations[:3]}", file=sys.stderr)
    return figures


async def main(options: argparse.Namespace) -> None:
    """Print the table."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a peer that is killed breaks its connections
    core = share_cores()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; {options.people:,} people, {PERMITTED}/s")
    print(HEADING, flush=True)
    try:
        print(await ours(options.people, core), flush=True)
    except HasEndedError as problem:
        sys.exit(str(problem))
    if options.ours:
        return
    with tempfile.TemporaryDirectory() as place:
        python = installed.python(options.environment or Path(place))
        for name in PEER_FILES:
            try:
                print(await peer(name, python, core), flush=True)
            except HasEndedError as problem:
                print(problem, file=sys.stderr)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--ours", action="store_true", help="without the peers")
    arguments.add_argument("--people", type=int, default=20_000, help="recipients")
    arguments.add_argument("--environment", type=Path, help="where the peers' packages are, or will be")
    asyncio.run(main(arguments.parse_args()))
