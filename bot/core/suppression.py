"""Which counts may be shown: none of 1 to 4, and none from which, with all others, one of 1 to 4 could be computed.

Whoever reads several tables may subtract: a total minus the parts that are shown, one table minus another. So the
counts come with the equations between them (a total is the sum of its parts, a question is put to whoever gave a
certain answer to an earlier one), and cells are hidden until no equation gives a small count away.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

Cell = TypeVar("Cell", bound=Hashable)

SMALLEST = 5
"""The smallest count of people that is shown, but for none at all."""
_PRIME = (1 << 61) - 1
"""Equations are solved in whole numbers modulo this one: exact, and quicker than with fractions."""
TOGETHER, MOST_TRIED = 4, 5000
"""How many derived sums are put together in search of a smaller one, and how many such tries are made at most."""


def small(count: int) -> bool:
    """Whether so few people could be found again."""
    return 0 < count < SMALLEST


def rounded(count: int) -> int:
    """To the nearest multiple of five: then neither a count nor the difference of two is ever from 1 to 4."""
    return SMALLEST * round(count / SMALLEST)


def hidden(
    counts: Mapping[Cell, int],
    equations: Sequence[Mapping[Cell, int]],
    *,
    last: Callable[[Cell], bool] = lambda _cell: False,
    already: Collection[Cell] = (),
    fixed: Collection[Cell] = (),
) -> frozenset[Cell]:
    """The cells not to be shown. In an equation the counts times its figures add up to 0.

    Cells for which `last` holds (totals) are hidden only where nothing else is left. `already` are hidden whatever
    they count; `fixed` are shown elsewhere and cannot be hidden any more.
    """
    kept_back = {cell for cell, count in counts.items() if small(count)} | set(already)
    touching: dict[Cell, list[Mapping[Cell, int]]] = {}
    for equation in equations:
        for cell in equation:
            touching.setdefault(cell, []).append(equation)
    while True:
        more: set[Cell] = set()
        for given_away in _given_away(counts, equations, kept_back):
            for beside in _ever_wider(given_away, touching, kept_back):
                free = [cell for cell in beside - kept_back - set(fixed) if counts[cell]]
                if free and not more & beside:
                    more.add(min(free, key=lambda cell: (last(cell), counts[cell], str(cell))))
                if free:
                    break
        if not more:
            return frozenset(kept_back)
        kept_back |= more


def _ever_wider(
    cells: Collection[Cell], touching: Mapping[Cell, Sequence[Mapping[Cell, int]]], kept_back: Collection[Cell]
) -> Iterator[set[Cell]]:
    """What stands in one equation with these cells, then with the hidden ones among those, and so on."""
    known: set[Cell] = set()
    front = set(cells)
    while front:
        beside = {cell for one in front for equation in touching.get(one, ()) for cell in equation}
        front = (beside & set(kept_back)) - known - front
        known |= beside
        yield known


def _given_away(
    counts: Mapping[Cell, int], equations: Sequence[Mapping[Cell, int]], kept_back: Collection[Cell]
) -> Iterator[frozenset[Cell]]:
    """Sets of hidden cells whose sum is small and follows from what is shown."""
    left = [{cell: by for cell, by in equation.items() if cell in kept_back} for equation in equations]
    left = [row for row in left if row]
    solved = _solved(left)
    told: set[frozenset[Cell]] = set()
    for row in (*left, *solved, *_together(solved)):
        figures = set(row.values())
        if len(figures) == 1 and small(sum(counts[cell] for cell in row)) and (cells := frozenset(row)) not in told:
            told.add(cells)
            yield cells


def _solved(rows: Sequence[Mapping[Cell, int]]) -> list[dict[Cell, int]]:
    """The rows in reduced form: each has a cell of its own, so that a cell that is determined stands alone."""
    solved: dict[Cell, dict[Cell, int]] = {}
    for given in rows:
        row = {cell: by % _PRIME for cell, by in given.items()}
        for own in [cell for cell in row if cell in solved]:
            row = _minus(row, solved[own], row[own])
        if not row:
            continue
        own = next(iter(row))
        inverse = pow(row[own], -1, _PRIME)
        row = {cell: by * inverse % _PRIME for cell, by in row.items()}
        for other, done in solved.items():
            if own in done:
                solved[other] = _minus(done, row, done[own])
        solved[own] = row
    return list(solved.values())


def _minus(row: Mapping[Cell, int], other: Mapping[Cell, int], times: int) -> dict[Cell, int]:
    found = dict(row)
    for cell, by in other.items():
        value = (found.get(cell, 0) - by * times) % _PRIME
        if value:
            found[cell] = value
        else:
            found.pop(cell, None)
    return found


def _together(solved: Sequence[Mapping[Cell, int]]) -> Iterator[Mapping[Cell, int]]:
    """Sums of a few rows in which nothing is subtracted any more: they may be small where no single row is."""
    adding: dict[Cell, list[Mapping[Cell, int]]] = {}
    for row in solved:
        for cell, by in row.items():
            if by == 1:
                adding.setdefault(cell, []).append(row)
    front = [(row, 1) for row in solved if any(by != 1 for by in row.values())]
    for tried, (row, parts) in enumerate(front):
        subtracted = next((cell for cell, by in row.items() if by != 1), None)
        if subtracted is None:
            yield row
        elif parts < TOGETHER and tried < MOST_TRIED:
            front += [(_minus(row, other, _PRIME - 1), parts + 1) for other in adding.get(subtracted, ())]
