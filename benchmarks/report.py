"""What results cost: `mitreden report` and its parts for thousands of made-up responses, beside reading them all.

Run `python -m benchmarks.report [RESPONSES]` on a machine with nothing else to do.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from bot import app as application
from bot.paths import ROOT
from bot.report import open_data
from bot.report.page import page
from bot.report.pictures import png
from bot.report.wording import picture, topics
from tests import simulated
from tests.talk import config_in

RESPONSES = 5000
ROUNDS = 5
OVER = datetime(2026, 1, 10, tzinfo=UTC)


async def measured(work: Callable[[], Awaitable[object]]) -> float:
    """The quickest of some rounds, in milliseconds."""
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await work()
        spent.append(time.perf_counter() - began)
    return min(spent) * 1000


async def run(count: int, folder: Path) -> None:
    """Fill a database and print the table."""
    process, languages = application.load_process(config_in(folder))
    memory = application.open_memory(config_in(folder), process)
    await memory.open()
    await simulated.fill(memory, process.survey, count, process.languages)
    release = await open_data.gathered(memory, process, OVER)
    t = languages[process.languages[0]]
    found = [picture(topic, release.results, t) for topic in topics(process.survey)]
    drawings = [one for one in found if one]

    async def in_words() -> None:
        page(release, process, languages, process.languages)

    async def packed() -> None:
        open_data.archive(release, process, languages)

    async def drawn() -> None:
        for drawing in drawings:
            png(drawing)

    parts: dict[str, Callable[[], Awaitable[object]]] = {
        "reading every response": memory.results.responses,
        "counting all answers, small counts kept back": lambda: open_data.gathered(memory, process, OVER),
        f"the page in {len(process.languages)} languages": in_words,
        "the open data": packed,
        f"{len(drawings)} pictures": drawn,
    }
    print(f"| {count:,} responses | ms |\n|---|---:|")
    for name, work in parts.items():
        print(f"| {name} | {await measured(work):,.0f} |")
    await memory.close()


def start_to_end(folder: Path) -> None:
    """The command as an operator runs it."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "bot", "report", "--output", str(folder / "report.html")]
    subprocess.run(command, cwd=folder, check=True, env={"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
    print(f"| `mitreden report`, start to end | {(time.perf_counter() - began) * 1000:,.0f} |")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else RESPONSES, Path(name)))
        start_to_end(Path(name))
