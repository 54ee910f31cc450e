"""What a message on Matrix costs the processor, plain and encrypted, beside bots made of less: one table, one run.

Run `python -m benchmarks.matrix` on a machine with nothing else to do. A real Synapse and the citizens' programs run
beside; only the processor time of the bot's own process counts. Absolute figures belong to the machine; the last column
is what can be compared.
"""

import argparse
import asyncio
import os
import platform
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Cost, Costs, medians
from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import until
from tests.channels.matrix_js_citizen import MatrixJsCitizen, matrix_js_citizen
from tests.channels.matrix_process import BotProcess
from tests.channels.synapse import PASSWORD, Homeserver, homeserver

Citizen = MatrixCitizen | MatrixJsCitizen
ROOT = Path(__file__).parents[1]
AT_ONCE = 10
"""Messages that wait for an answer at the same time."""
BOTS = {
    "plain": ("Mitreden", "matrix-nio alone", "bare aiohttp loop"),
    "encrypted": ("Mitreden", "matrix-nio alone"),
}
_TICKS = os.sysconf("SC_CLK_TCK")


def spent_by(process: int) -> float:
    """Seconds of processor time that a process has used so far, all its threads included."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@asynccontextmanager
async def serving(title: str, server: Homeserver, bot: str, folder: Path) -> AsyncIterator[int]:
    """One of the bots, signed in; its process id."""
    await server.register(bot)
    if title == "Mitreden":
        running = BotProcess(server, bot, folder)
        try:
            await running.starts()
            await running.is_ready()
            yield running.process_id
        finally:
            await running.is_gone()
        return
    module = "benchmarks.peers.matrix_nio" if "nio" in title else "benchmarks.peers.matrix_aiohttp"
    arguments = (sys.executable, "-m", module, server.url, server.user_id(bot), PASSWORD, str(folder / "store"))
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield process.pid
    finally:
        process.kill()
        await process.wait()


async def talk(citizen: Citizen, bot: str, messages: int, process: int) -> Cost:
    """So many messages, all answered; what one costs the bot."""

    def answers() -> int:
        return len(citizen.messages(sender=bot))

    async def say(number: int, wanted: int) -> None:
        for each in range(number):
            await citizen.says(f"!sprache {'de' if each % 2 else 'en'}")
        await until(lambda: answers() >= wanted, 120, lambda: f"{answers()} of {wanted} answers")

    await citizen.sees("m.room.member", state_key=bot)
    await asyncio.sleep(2.0)  # the bot has come in by now, and said what it says first
    await citizen.says("!sprache de")
    await until(lambda: answers() > 0, 60, lambda: "no answer")
    await say(AT_ONCE, answers() + AT_ONCE)  # sessions, caches
    await asyncio.sleep(1.0)
    wall, cpu = time.perf_counter(), spent_by(process)
    for _ in range(messages // AT_ONCE):
        await say(AT_ONCE, answers() + AT_ONCE)
    await asyncio.sleep(0.5)
    return Cost((time.perf_counter() - wall) / messages, (spent_by(process) - cpu) / messages)


async def measure(server: Homeserver, rounds: int, messages: int) -> Costs:
    """Every bot in turn in each round, so that all of them see the same machine."""
    costs: Costs = defaultdict(list)
    for number in range(rounds):
        for kind, titles in BOTS.items():
            for title in titles:
                name = f"b{secrets.token_hex(4)}"
                bot = server.user_id(f"bot-{name}")
                person = (
                    matrix_js_citizen(server, name, only_signed=False)
                    if kind == "encrypted"
                    else matrix_citizen(server, name)
                )
                with tempfile.TemporaryDirectory() as folder:
                    async with serving(title, server, f"bot-{name}", Path(folder)) as process, person as citizen:
                        await citizen.creates_room(bot, direct=True)
                        costs[f"{kind}: {title}"].append(await talk(citizen, bot, messages, process))
                print(f"round {number + 1}: {kind}, {title}", file=sys.stderr)
    return costs


def table(middle: Mapping[str, Cost], rounds: int, messages: int) -> Iterator[str]:
    """The medians as Markdown, with what they stand beside."""
    yield "| what | CPU per message | ratio to ours |"
    yield "|---|---:|---:|"
    for kind, titles in BOTS.items():
        ours = middle[f"{kind}: {titles[0]}"].cpu
        for title in titles:
            cpu = middle[f"{kind}: {title}"].cpu
            yield f"| {kind}: {title} | {cpu * 1e3:.2f} ms | {cpu / ours:.2f} × |"
    yield ""
    yield f"Medians of {rounds} rounds of {messages} messages, {AT_ONCE} at a time, each answered. Only the bot's own"
    yield "process is counted. Ours commits every message and every answer durably, sends read receipts, and decides"
    yield "what to answer; the others keep nothing and answer with a fixed sentence."
    yield f"Python {platform.python_version()}, matrix-nio {version('matrix-nio')}, aiohttp {version('aiohttp')};"
    yield f"{platform.system()}, {os.cpu_count()} processors."


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=200)
    chosen = parser.parse_args()
    with homeserver() as server:
        costs = asyncio.run(measure(server, chosen.rounds, chosen.messages))
    print(*table(medians(costs), chosen.rounds, chosen.messages), sep="\n")


if __name__ == "__main__":
    main()
