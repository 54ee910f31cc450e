"""What was measured, and how it is shown: costs, their medians, and the lines of a table."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the wall and of the processors; the peak of memory in MB where a whole process was measured."""

    wall: float
    cpu: float
    peak: float = 0


Costs = defaultdict[str, list[Cost]]
"""By name, one cost for each round."""


@contextmanager
def timed(steps: int, spent: list[Cost]) -> Iterator[None]:
    """Note what one of `steps` steps costs, all threads of this process included."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    spent.append(Cost((time.perf_counter() - wall) / steps, (time.process_time() - cpu) / steps))


def medians(costs: Mapping[str, Sequence[Cost]]) -> dict[str, Cost]:
    """The middle of all rounds, each figure for itself."""
    return {
        name: Cost(
            median(cost.wall for cost in spent), median(cost.cpu for cost in spent), median(cost.peak for cost in spent)
        )
        for name, spent in costs.items()
    }


def steps_line(title: str, cost: Cost, reference: Cost) -> str:
    """A line of the table about steps, beside what its last column is a multiple of."""
    ratio = f"{_times(cost.wall / reference.wall)} wall, {_times(cost.cpu / reference.cpu)} CPU"
    return f"| {title} | {1 / cost.wall:,.0f} | {cost.wall * 1e6:,.0f} µs | {cost.cpu * 1e6:,.0f} µs | – | {ratio} |"


def process_line(title: str, cost: Cost, reference: Cost) -> str:
    """A line of the table about a process, beside what its last column is a multiple of."""
    ratio = f"{_times(cost.wall / reference.wall)} wall, {_times(cost.peak / reference.peak)} memory"
    return f"| {title} | – | {cost.wall * 1e3:,.0f} ms | {cost.cpu * 1e3:,.0f} ms | {cost.peak:,.0f} MB | {ratio} |"


def _times(ratio: float) -> str:
    return f"{ratio:.0f} ×" if ratio >= 10 else f"{ratio:.1f} ×" if ratio >= 1 else f"{ratio:.2f} ×"
