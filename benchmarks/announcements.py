"""How fast an announcement goes to 20,000 people on Telegram, and what citizens who write meanwhile notice of it.

Run `python -m benchmarks.announcements` on a machine with nothing else to do; it takes some minutes, or with `--ours`
about one and a half. A Bot API of our own permits 300 messages in any second, exactly; 3 % of the people have blocked
the bot, 1 % of the requests fail once. Beside Mitreden, each for 20 seconds: aiogram's documented broadcast loop, and
python-telegram-bot's AIORateLimiter with all messages handed to it at once, both installed for this run only.
"""

import argparse
import asyncio
import os
import platform
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bot import app as application
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.core.announcement import Announcement
from bot.core.conversation import Person
from bot.core.messages import Address
from storage.memory import Changes
from tests.channels.citizen import Citizen
from tests.channels.fake_telegram import FakeTelegram

PEOPLE = 20_000
PERMITTED = 300
BLOCKED, FAILING = 0.03, 0.01
LATENCY = 0.02
"""Seconds of a round trip."""
TALKING = 40
"""Citizens who write, one after the other, all the while."""
EVERY = 0.1
"""Seconds between two of their messages."""
IDLE = 15.0
"""Seconds for which they write before anything is announced."""
PEERS = 20.0
"""Seconds that a peer gets."""
NOW = "2025-11-10T10:00:00+01:00"

AIOGRAM = """
import asyncio, sys
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
url, token, first, last, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
async def send(bot, user):
    try:
        await bot.send_message(user, "Es gibt Neuigkeiten.")
    except TelegramRetryAfter as error:
        await asyncio.sleep(error.retry_after)
        return await send(bot, user)
    except TelegramAPIError:
        return False
async def main():
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    for user in range(first, last):
        await send(bot, user)
        await asyncio.sleep(pause)
asyncio.run(main())
"""
"""As in aiogram's examples, `broadcast` of 2.x and the FAQ since; its pause of 0.05 s, for 20 messages a second, is
shortened here to what is permitted."""

PTB = """
import asyncio, sys
from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest
url, token, first, last, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
async def send(bot, user):
    try:
        await bot.send_message(user, "Es gibt Neuigkeiten.")
    except TelegramError:
        return False
async def main():
    limiter = AIORateLimiter(overall_max_rate=rate, overall_time_period=1, max_retries=3)
    bot = ExtBot(token, base_url=url + "/bot", request=HTTPXRequest(connection_pool_size=64, pool_timeout=600),
                 rate_limiter=limiter)
    async with bot:
        await asyncio.gather(*(send(bot, user) for user in range(first, last)))
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one run."""

    name: str
    seconds: float
    delivered: int
    twice: int
    too_many: int
    replies: int = 0
    idle: tuple[float, float] = (0.0, 0.0)
    meanwhile: tuple[float, float] = (0.0, 0.0)
    unclear: int = 0
    lost: int = 0

    def line(self) -> str:
        rate = (self.delivered + self.replies) / self.seconds
        replies = f"{self.idle[1] * 1e3:.0f} / {self.meanwhile[1] * 1e3:.0f} ms" if self.idle[1] else "–"
        return (
            f"| {self.name} | {rate:.0f} | {rate / PERMITTED:.0%} | {self.too_many} | {self.twice} | {self.lost} "
            f"| {self.unclear} | {replies} |"
        )


class Meter:
    """Citizens who write at a steady pace, and how long each waits for an answer."""

    def __init__(self, citizens: list[Citizen]) -> None:
        self._citizens = citizens
        self.waited: list[tuple[float, float]] = []

    async def run(self) -> None:
        turn = 0
        async with asyncio.TaskGroup() as asked:
            while True:
                asked.create_task(self._ask(self._citizens[turn % len(self._citizens)]))
                turn += 1
                await asyncio.sleep(EVERY)

    async def _ask(self, citizen: Citizen) -> None:
        began = time.monotonic()
        await citizen.say("/barrierefreiheit")
        await citizen.answers(1, timeout=60)
        self.waited.append((began, time.monotonic() - began))

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """The middle and the 99th percentile of the waits in a time."""
        times = sorted(waited for began, waited in self.waited if begin <= began < end)
        cuts = quantiles(times, n=100)
        return cuts[49], cuts[98]


async def prepared(folder: Path, telegram: FakeTelegram) -> None:
    """A database with people who want news, and an announcement that two have agreed on."""
    config = Config(base=folder)
    async with application.opened(config, Clock(), {}, {}) as app:
        now = app.clock.now()
        today = now.date()
        for role in ("editor", "sender"):
            member = telegram.citizen(role)
            code = f"TEAM-{role[:5].upper():A<5}-AAAAA".replace("I", "A").replace("O", "A")
            await app.memory.invite(code, role, now, now.replace(year=now.year + 1))
            address = Address("telegram", str(member.id), str(member.id))
            await app.memory.write(Changes(channel="telegram", now=now, today=today, paired=[(code, address)]))
        people = []
        for _ in range(PEOPLE):
            citizen = telegram.citizen("somebody")
            address = Address("telegram", str(citizen.id), str(citizen.id))
            people.append(Person(id=random.getrandbits(63), address=address, language="de", news=today))
        for begin in range(0, PEOPLE, 1000):
            new = people[begin : begin + 1000]
            await app.memory.write(Changes(channel="telegram", now=now, today=today, new=new))
        # The clock of the run stands in 2025; agreed on there, the minute in which it can be taken back has passed.
        at = Clock(parse_instant(NOW, app.process.zone)).now()
        agreed = Announcement(
            id=1, state="confirmed", texts={"de": "Es gibt **Neuigkeiten**."}, author=1, confirmed_by=2, starts_at=at
        )
        await app.memory.newsroom.keep(agreed, "confirmed", at, at.date())


async def ours() -> Figures:
    """`mitreden run`, with citizens who write before and during the announcement."""
    chance = random.Random(1)
    async with FakeTelegram(latency=LATENCY) as telegram:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            await prepared(folder, telegram)
            recipients = [chat for chat in telegram.chats.known.values() if chat.raw.get("first_name") == "Somebody"]
            blocked = set(chance.sample([chat.id for chat in recipients], int(PEOPLE * BLOCKED)))
            for chat in recipients:
                if chat.id in blocked:
                    chat.state = "blocked"
            open_chats = [chat.id for chat in recipients if chat.id not in blocked]
            failing = set(chance.sample(open_chats, int(PEOPLE * FAILING)))
            talking = [telegram.citizen(f"talker{number}") for number in range(TALKING)]
            telegram.limits.per_second = PERMITTED
            for chat_id in failing:
                telegram.fault("sendMessage", 1, 502, chat_id=chat_id)
            environment = {
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[1]),
                "MITREDEN_TELEGRAM_TOKEN": telegram.token,
                "MITREDEN_TELEGRAM_API_URL": telegram.url,
                "MITREDEN_TELEGRAM_PER_SECOND": str(PERMITTED),
            }
            waiting = asyncio.get_running_loop().time() + IDLE
            # The announcement begins when the database says so; until then its recipients are hidden by a later time.
            arguments = (sys.executable, "-m", "bot", "run", "--now", _earlier(IDLE + 5))
            meter = Meter(talking)
            with (folder / "log").open("ab") as log:
                running = await asyncio.create_subprocess_exec(*arguments, cwd=folder, env=environment, stderr=log)
            asking = asyncio.create_task(meter.run())
            begun = time.monotonic()
            await asyncio.sleep(max(waiting - asyncio.get_running_loop().time(), 0))
            wanted = PEOPLE - len(blocked) - len(failing)
            first = last = 0.0
            while True:
                got = [chat for chat in recipients if chat.sent]
                if got and not first:
                    first = time.monotonic()
                if len(got) >= wanted or time.monotonic() > begun + 400:
                    last = time.monotonic()
                    break
                await asyncio.sleep(0.25)
            asking.cancel()
            await asyncio.sleep(8)
            running.send_signal(signal.SIGTERM)
            await running.wait()
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            print(f"processor time of the bot: {used.ru_utime + used.ru_stime:.1f} s", file=sys.stderr)
            times = Counter(len(chat.sent) for chat in recipients)
            unclear = await _unclear(folder)
            delivered = sum(1 for chat in recipients if chat.sent)
            answered = sum(1 for began, waited in meter.waited if first <= began + waited <= last)
            idle = meter.between(begun + 3, first - 2)
            meanwhile = meter.between(first + 1, last)
            return Figures(
                "Mitreden",
                last - first,
                delivered,
                sum(number for sent, number in times.items() if sent > 1),
                sum(telegram.limits.refused.values()),
                answered,
                idle,
                meanwhile,
                unclear,
                PEOPLE - len(blocked) - delivered - unclear,
            )


def _earlier(seconds: float) -> str:
    from datetime import datetime, timedelta  # noqa: PLC0415

    return (datetime.fromisoformat(NOW) - timedelta(seconds=seconds)).isoformat()


async def _unclear(folder: Path) -> int:
    """Of how many recipients staff are told that it is unclear."""
    config = Config(base=folder)
    process, _ = application.load_process(config)
    memory = application.open_memory(config, process)
    await memory.open_to_read()
    one = await memory.newsroom.find(1)
    assert one is not None
    tally = await memory.newsroom.tally(one, process.survey.id, "de", Clock().now())
    await memory.close()
    print(f"as staff see it: {tally}", file=sys.stderr)
    return tally.unclear


async def peer(name: str, package: str, source: str, option: str) -> Figures:
    """A peer, in an environment of its own that is thrown away."""
    async with FakeTelegram(latency=LATENCY) as telegram:
        with tempfile.TemporaryDirectory() as place:
            python = Path(place) / "venv" / "bin" / "python"
            for step in (
                (sys.executable, "-m", "venv", str(Path(place) / "venv")),
                (str(python), "-m", "pip", "install", "-q", package),
            ):
                done = await asyncio.create_subprocess_exec(*step, stdout=-3, stderr=-3)
                await done.wait()
            chats = [telegram.citizen("somebody").id for _ in range(int(PERMITTED * PEERS))]
            telegram.limits.per_second = PERMITTED
            script = Path(place) / "peer.py"
            script.write_text(source, encoding="utf-8")
            arguments = (
                str(python),
                str(script),
                telegram.url,
                telegram.token,
                str(chats[0]),
                str(chats[-1] + 1),
                option,
            )
            running = await asyncio.create_subprocess_exec(*arguments, stderr=-3)
            while not telegram.called("sendMessage"):  # noqa: ASYNC110 - it waits for another process
                await asyncio.sleep(0.05)
            began = time.monotonic()
            try:
                async with asyncio.timeout(PEERS):
                    await running.wait()
            except TimeoutError:
                running.kill()
                await running.wait()
            seconds = time.monotonic() - began
            sent = [len(telegram.sent(chat)) for chat in chats]
            lost = sum(1 for one in sent if not one) if seconds < PEERS else 0
            delivered = sum(1 for one in sent if one)
            twice = sum(1 for one in sent if one > 1)
            return Figures(name, seconds, delivered, twice, sum(telegram.limits.refused.values()), lost=lost)


async def main(only_ours: bool) -> None:
    """Print the table."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; {PEOPLE:,} people, {PERMITTED}/s permitted")
    print("| sender | messages/s | of the permitted | 429s | twice | lost | unclear | replies p99, idle / meanwhile |")
    print("|---|---:|---:|---:|---:|---:|---:|---|", flush=True)
    print((await ours()).line(), flush=True)
    if not only_ours:
        print((await peer("aiogram, documented loop", "aiogram", AIOGRAM, str(1 / PERMITTED))).line(), flush=True)
        package = "python-telegram-bot[rate-limiter]==22.8"
        print((await peer("python-telegram-bot, AIORateLimiter", package, PTB, str(PERMITTED))).line(), flush=True)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ours", action="store_true", help="without the peers")
    arguments.add_argument("--people", type=int, default=PEOPLE, help="recipients")
    given = arguments.parse_args()
    PEOPLE = given.people
    asyncio.run(main(given.ours))
