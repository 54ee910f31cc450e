"""What it costs to start `mitreden chat` and end it at once, beside Python with nothing and with SQLAlchemy alone."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE, run

from benchmarks.figures import Cost, Costs, process_line

CHAT = ("-m", "bot", "chat", "--now", "2025-11-10T10:00:00+01:00")
# Begun by a process smaller than any that is measured: on Linux a child's peak of memory begins with its parent's.
MEASURE = """
import os, sys, time
began = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print()
print(status, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def measure(folder: Path, rounds: int, costs: Costs) -> None:
    """Start everything in turn: `chat` where nothing is yet, and again on the database that it made there."""
    for number in range(-1, rounds):
        home = folder / f"start{number}"
        home.mkdir()
        measured = {
            "python": started(("-c", "pass"), home),
            "sqlalchemy": started(("-c", "import sqlalchemy"), home),
            "fresh": started(CHAT, home),
            "existing": started(CHAT, home),
        }
        if number >= 0:  # the very first start may compile what was never compiled
            for name, cost in measured.items():
                costs[name].append(cost)


def lines(middle: Mapping[str, Cost]) -> Iterator[str]:
    """The lines of the table, as multiples of a Python that only imports SQLAlchemy."""
    reference = middle["sqlalchemy"]
    yield process_line("`mitreden chat`, fresh database", middle["fresh"], reference)
    yield process_line("`mitreden chat`, existing database", middle["existing"], reference)
    yield process_line("`python -c 'import sqlalchemy'`", reference, reference)
    yield process_line("`python -c pass`", middle["python"], reference)


def started(arguments: Sequence[str], folder: Path) -> Cost:
    """One Python process from its start to its end, with an empty input."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MITREDEN_")}
    call = [sys.executable, "-ISc", MEASURE, sys.executable, *arguments]
    ended = run(call, cwd=folder, env=environment, stdin=DEVNULL, stdout=PIPE, check=True)
    status, wall, cpu, peak = map(float, ended.stdout.splitlines()[-1].split())
    assert status == 0, f"{arguments} failed"
    return Cost(wall, cpu, peak / (2**20 if sys.platform == "darwin" else 2**10))
