"""What a million known people cost: a bot with a full database beside one with an empty one, in turn in one run.

Run `python -m benchmarks.growth` (100,000 people), `--people 1000000 --responses 200000 --rounds 3` for the README.
Filling takes a minute or two for a million; `--folder FOLDER` keeps the full database for the next run. With
`--environment FOLDER` the bot has only what operators have installed, which takes less memory.
"""

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from statistics import median

from benchmarks.conversation import OPEN
from benchmarks.crowded_telegram import Crowd
from benchmarks.starts import started
from benchmarks.telegram import Figures, mitreden, run, share_cores
from bot import app as application
from bot.clock import Clock
from bot.config import Config
from bot.core.conversation import Consent, Person, Response, Submit
from bot.core.messages import Address
from bot.core.values import Value
from storage.changes import Changes

IN_A_WRITE = 5_000
FIRST = 100_000_001
DRAFTS = 5
"""One of so many people is in the middle of the survey."""
DAY = date(2025, 11, 10)


async def fill(config: Config, people: int, responses: int) -> None:
    """Make people as conversations leave them, some with drafts, and responses that no way leads to."""
    process, languages = application.load_process(config)
    async with application.opened(config, Clock(OPEN), {}, {}, (process, languages)) as app:
        survey = process.survey
        begun = survey.begin()
        for _ in range(8):
            question = survey.current(begun)
            assert question is not None
            choices = question.choices(languages["de"])
            begun = survey.record(begun, choices[0].key if choices else "Mehr Termine").progress
        consent = Consent(process.privacy.consent_version, DAY)
        numbers = iter(range(people))
        left = responses
        while batch := list(islice(numbers, IN_A_WRITE)):
            changes = Changes(channel="telegram", now=OPEN, today=DAY)
            for number in batch:
                # The ids are spread as random ones are; the addresses are those of the citizens who will write.
                address = Address("telegram", str(FIRST + number), str(FIRST + number))
                in_survey = number % DRAFTS == DRAFTS - 1
                person = Person(
                    id=_spread(number), address=address, language="de", consent=consent if in_survey else None
                )
                changes.new.append(person)
                if in_survey:
                    changes.begun[person.id] = begun
            changes.handled = [f"filled{number}" for number in batch]
            answers: dict[str, Value] = {asked.id: "1" for asked in survey.questions[:16]}
            for number in batch[: min(len(batch), max(0, left))]:
                response = Response(
                    id=f"{_spread(number):032x}", survey=survey.id, version=1, language="de", day=DAY, answers=answers
                )
                changes.submitted.append((Submit(response, f"code{number}"), Address("telegram", f"gone{number}", "")))
            left -= len(batch)
            await app.memory.write(changes)


def _spread(number: int) -> int:
    return (number * 0x9E3779B97F4A7C15) % 2**63


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / "data").glob("mitreden.db*"))


async def measure(options: argparse.Namespace, folder: Path) -> None:
    """Fill, then start and serve in turn with the empty and with the full database."""
    full = folder / "full"
    if not (full / "data").exists():
        full.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        await fill(Config(base=full), options.people, options.responses)
        print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    size = _size(full)
    results: dict[str, list[Figures]] = {"empty": [], "full": []}
    starts: dict[str, list[float]] = {"empty": [], "full": []}
    core, peer = share_cores(), mitreden(options.environment)
    for number in range(options.rounds):
        for name, runs in results.items():
            with tempfile.TemporaryDirectory(dir=folder) as empty:
                home = Path(empty)
                if name == "full":  # a copy: whoever took part in one run would be turned away in another
                    shutil.copytree(full, home, dirs_exist_ok=True)
                    os.sync()
                started(("-m", "bot", "migrate"), home)
                starts[name].append(started(("-m", "bot", "chat", "--now", OPEN.isoformat()), home).wall)
                # Known people who are about to begin.
                crowd = Crowd(options.citizens, 0.0, first=FIRST + random.randrange(options.people * 9 // 10))
                figures = await run(peer, home, crowd, home, options.seconds, core)
                print(f"round {number + 1}, {name}: {figures}", file=sys.stderr, flush=True)
                runs.append(figures)
    print(*table(results, starts, options, size), sep="\n")


def table(
    results: dict[str, list[Figures]], starts: dict[str, list[float]], options: argparse.Namespace, size: int
) -> Iterator[str]:
    """The medians as Markdown."""
    yield "| database | steps/s | CPU per step | memory | wait p50 | p99 | `run` starts in | `chat` in |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, runs in results.items():
        middle = {field: median(getattr(one, field) for one in runs) for field in Figures.__slots__}
        served = f"{middle['steps']:,.0f} | {middle['cpu'] * 1e6:,.0f} µs | {middle['memory']:,.0f} MB"
        waits = f"{middle['median_wait'] * 1000:,.1f} ms | {middle['long_wait'] * 1000:,.1f} ms"
        yield f"| {name} | {served} | {waits} | {middle['start']:.1f} s | {median(starts[name]):.2f} s |"
    yield ""
    yield f"{options.people:,} people, one in {DRAFTS} with a draft, {options.responses:,} responses:"
    yield f"{size / 2**20:,.0f} MB, {size / options.people:,.0f} bytes a person with everything included."
    yield f"{options.citizens} citizens at a time; medians of {options.rounds} rounds in turn."


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--responses", type=int, default=10_000)
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--folder", type=Path, help="where the full database is kept")
    parser.add_argument(
        "--environment", type=Path, help="where the bot's packages are, or will be, as operators have them"
    )
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    try:
        asyncio.run(measure(options, folder))
    finally:
        if options.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
