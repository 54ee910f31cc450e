"""The shipped survey on Telegram with many citizens, beside bots made of other parts: one table, made in one run.

Run `python -m benchmarks.telegram` (some minutes), `--citizens 1000 --rounds 3` for the table of the README. Every bot
runs alone on one core, the Bot API and the citizens on another, in turn in every round; the table shows medians. A
database server works on the bot's core, and its processor time and memory count as the bot's. The peers' packages go
into an environment of their own (`--environment FOLDER`, to keep it), and our bot's into another.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks import installed
from benchmarks.conversation import OPEN
from benchmarks.crowded_telegram import LAST_TAP, OWN_WORDS, TOKEN, Crowd, serve
from benchmarks.installed import ROOT, Peer
from bot import app as application
from bot.channels.telegram import rendering
from bot.clock import Clock
from bot.config import Config
from bot.core.messages import Address, Incoming, Memory, Outgoing, Receive
from tests import postgres

MITREDEN, ON_POSTGRESQL = "Mitreden", "Mitreden on PostgreSQL"
AS_INSTALLED = {"fsync": "on", "synchronous_commit": "on"}
"""Settings of that PostgreSQL: a commit is on the disk, as with every other bot here."""
DRAINED_WITHIN = 10
"""Seconds for a bot to catch up in."""
THINK = 5.0
"""Seconds that a citizen reads a question for, on average, while waiting times are taken."""
WAITED = 12.0
"""Seconds in which waiting times are taken: a hundredth of them has to be more than one hiccup of a disk."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one bot did in one run.

    Seconds of waiting and of processor time per step; MB at the most; the load of the crowd's own core; seconds from
    the start to the first getUpdates; calls to the Bot API per step.
    """

    steps: float
    cpu: float
    median_wait: float
    long_wait: float
    memory: float
    crowd_busy: float
    start: float
    calls: float


class Recorder:
    """A channel that keeps what is said: the script that peers read from."""

    name = "telegram"
    repeatable = False

    def __init__(self) -> None:
        self.said: list[Outgoing] = []

    def serves(self, to: Address) -> bool:
        """Everybody."""
        return True

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Nothing comes from outside."""

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        self.said.append(message)
        return str(len(self.said))


async def script(folder: Path) -> list[dict[str, Any]]:
    """What our bot says at each step to a citizen of the crowd, and how the answered question reads afterwards."""
    recorder, steps = Recorder(), list[dict[str, Any]]()
    somebody = Address(recorder.name, "1", "1")
    async with application.opened(Config(base=folder), Clock(OPEN), {recorder.name: recorder}, {}) as app:
        act: dict[str, str] = {"text": "/start survey"}
        while True:
            recorder.said.clear()
            message = Incoming(
                id=str(len(steps)),
                sender=somebody,
                sent_at=OPEN,
                target=str(len(steps)),
                text=act.get("text", ""),
                choice=act.get("choice"),
                language="de",
            )
            await app.dispatch.receive([message])
            settled = recorder.said[0].settles
            steps.append({"say": [_rendered(said) for said in recorder.said], "settled": settled and settled.text})
            if act.get("choice") == LAST_TAP:
                return steps
            act = _reaction(recorder.said[-1])


def _rendered(said: Outgoing) -> dict[str, object]:
    keyboard = rendering.keyboard(said)
    return {"text": said.text, "reply_markup": keyboard} if keyboard else {"text": said.text}


def _reaction(shown: Outgoing) -> dict[str, str]:
    """What a citizen of the crowd does, as the crowd itself decides by the buttons."""
    if shown.done:
        return {"text": "1"}
    return {"choice": shown.choices[0].key} if shown.choices else {"text": OWN_WORDS}


def mitreden(environment: Path | None) -> Peer:
    """Our bot: with what operators have installed where there is a folder for it, else with what developers have."""
    program = installed.ours(environment) if environment else sys.executable
    return Peer(MITREDEN, (program, "-m", "benchmarks.peers.mitreden"))


def peers(environment: Path | None) -> Iterator[Peer]:
    """Our bot first, then the others as far as they can be had here."""
    yield (ours := mitreden(environment))
    if postgres.programs():
        yield replace(ours, name=ON_POSTGRESQL)
    yield Peer("bare aiohttp loop", (sys.executable, "-m", "benchmarks.peers.aiohttp_loop"))
    if environment is not None:
        yield from installed.peers(environment)


@asynccontextmanager
async def running(peer: Peer, url: str, steps: Path, folder: Path, core: int | None) -> AsyncIterator[list[int]]:
    """A bot on a core of its own; the ids of its processes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MITREDEN_")}
    environment |= {"PYTHONPATH": str(ROOT), "MITREDEN_TELEGRAM_TOKEN": TOKEN, "MITREDEN_TELEGRAM_API_URL": url}
    ours = peer.name in {MITREDEN, ON_POSTGRESQL}
    own = () if ours else (f"{url}/bot{TOKEN}", str(steps), str(folder))
    commands = [*(command.replace("FOLDER", str(folder)).split() for command in peer.servers), [*peer.command, *own]]
    pinned = ("taskset", "-c", str(core)) if core is not None else ()
    processes: list[asyncio.subprocess.Process] = []
    with (folder / "log").open("wb") as log, ExitStack() as database:
        servers: list[int] = []
        if peer.name == ON_POSTGRESQL and (programs := postgres.programs()):
            cluster = database.enter_context(postgres.cluster(programs, AS_INSTALLED, pinned))
            environment["MITREDEN_STORAGE_URL"] = cluster.new_database()
            servers.append(cluster.process)
        try:
            for command in commands:
                started = asyncio.create_subprocess_exec(
                    *pinned, *command, cwd=folder, env=environment, stdout=log, stderr=log
                )
                processes.append(await started)
            yield [*servers, *(process.pid for process in processes)]
        finally:
            for process in reversed(processes):
                if process.returncode is None:
                    process.send_signal(signal.SIGKILL)
                await process.wait()


async def run(  # noqa: PLR0913, PLR0917 - what a run consists of
    peer: Peer, steps: Path, crowd: Crowd, folder: Path, seconds: float, core: int | None
) -> Figures:
    """One bot, one round: as fast as it can, then with citizens who read. Raises where it does not answer."""
    server, url = await serve(crowd)
    async with server, running(peer, url, steps, folder, core) as processes:
        began = time.perf_counter()
        async with asyncio.timeout(60):
            await crowd.first_poll.wait()
        start = time.perf_counter() - began
        crowd.arrive()
        await asyncio.sleep(seconds / 2)
        spent, own, done, began = cpu_seconds(processes), time.process_time(), crowd.steps, time.perf_counter()
        calls = crowd.calls
        await asyncio.sleep(seconds)
        wall, done = time.perf_counter() - began, crowd.steps - done
        spent, busy, calls = cpu_seconds(processes) - spent, (time.process_time() - own) / wall, crowd.calls - calls
        crowd.think = THINK
        await asyncio.sleep(min(THINK, seconds))
        for _ in range(DRAINED_WITHIN):
            if crowd.waiting() > crowd.size // 4:  # they all answered at once just now; that is another matter
                await asyncio.sleep(1)
        crowd.waits.clear()
        await asyncio.sleep(max(seconds, WAITED))
        waits = quantiles(crowd.waits, n=100) if len(crowd.waits) > 1 else [float("inf")] * 99
        if crowd.failures or not crowd.steps:
            raise RuntimeError(f"{peer.name} failed: {(folder / 'log').read_text(encoding='utf-8')[-2000:]}")
        done = max(done, 1)  # a disk that stalls may stop a bot for seconds
        return Figures(done / wall, spent / done, waits[49], waits[98], _memory(processes), busy, start, calls / done)


def cpu_seconds(processes: Sequence[int]) -> float:
    """Seconds of processor time that these processes and their children have used so far."""
    ticks = 0
    for process in [*processes, *_children(processes)]:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory(processes: Sequence[int]) -> float:
    """MB that these processes had resident at the most, and their children, which share most of it, have now."""
    peaks = 0
    for process in processes:
        peaks += _kilobytes(process, "status", "VmHWM")
    for process in _children(processes):
        peaks += _kilobytes(process, "smaps_rollup", "Pss:")
    return peaks / 1024


def _kilobytes(process: int, file: str, name: str) -> int:
    lines = Path(f"/proc/{process}/{file}").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _children(processes: Sequence[int]) -> list[int]:
    lists = [Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii") for process in processes]
    return [int(child) for children in lists for child in children.split()]


def table(results: dict[tuple[str, float], list[Figures]], options: argparse.Namespace) -> Iterator[str]:
    """The medians as Markdown."""
    yield "| bot | round trip | steps/s | CPU per step | calls | wait p50 | p99 | memory | crowd's core |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for (name, round_trip), runs in results.items():
        middle = {field: median(getattr(one, field) for one in runs) for field in Figures.__slots__}
        work = f"{middle['steps']:,.0f} | {middle['cpu'] * 1e6:,.0f} µs | {middle['calls']:.1f}"
        waits = f"{middle['median_wait'] * 1000:,.1f} ms | {middle['long_wait'] * 1000:,.1f} ms"
        rest = f"{middle['memory']:,.0f} MB | {middle['crowd_busy']:.0%}"
        yield f"| {name} | {round_trip * 1000:.0f} ms | {work} | {waits} | {rest} |"
    yield ""
    yield (
        f"{options.citizens} citizens, medians of {options.rounds} rounds in turn. Steps and CPU: all answer at once."
        f" Waits: they read for {THINK:.0f} s on average. Python {platform.python_version()}, {os.cpu_count()} cores."
    )


async def measure(options: argparse.Namespace) -> None:
    """Everything in turn, so that all see the same machine."""
    results: dict[tuple[str, float], list[Figures]] = defaultdict(list)
    steps = options.folder / "script.json"
    steps.write_text(json.dumps(await script(options.folder)), encoding="utf-8")
    chosen = [peer for peer in peers(options.environment) if not options.only or peer.name in options.only]
    for number in range(options.rounds):
        for round_trip in options.round_trips:
            for peer in chosen:
                crowd = Crowd(options.citizens, round_trip / 1000)
                with tempfile.TemporaryDirectory(dir=options.folder) as home:
                    figures = await run(peer, steps, crowd, Path(home), options.seconds, options.bot_core)
                results[peer.name, round_trip / 1000].append(figures)
                print(f"round {number + 1}: {peer.name}, {round_trip} ms: {figures}", file=sys.stderr, flush=True)
    print(*table(dict(sorted(results.items(), key=lambda item: item[0][1])), options), sep="\n")


def share_cores() -> int | None:
    """Keep this process off one core, where there are two; that one is the bot's."""
    cores = sorted(os.sched_getaffinity(0)) if shutil.which("taskset") else []
    if len(cores) < 2:
        return None
    os.sched_setaffinity(0, cores[1:])
    return cores[0]


def main() -> None:
    """Read the options, share out the cores, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each thing is measured")
    parser.add_argument("--round-trips", type=int, nargs="+", default=[0, 50], help="milliseconds")
    parser.add_argument("--only", nargs="+", help="names of bots")
    parser.add_argument("--environment", type=Path, help="where the peers' packages are, or will be")
    options = parser.parse_args()
    options.bot_core = share_cores()
    with tempfile.TemporaryDirectory() as folder:
        options.folder = Path(folder)
        asyncio.run(measure(options))


if __name__ == "__main__":
    main()
