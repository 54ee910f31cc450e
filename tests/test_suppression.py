"""Nobody can be found in the results: no small count is shown, and none follows from all that is shown."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, combinations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot import content, locales
from bot.core.equations import ASKED
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.statistics import Counted, crossable, crossed, results
from bot.core.suppression import hidden, rounded, small
from bot.core.survey import Survey
from bot.core.values import Missing, Value
from bot.paths import CONTENT, LOCALES
from tests import simulated
from tests.talk import BEISPIELSTADT

PRIME = (1 << 31) - 1
Cell = tuple[str, ...]
Answers = Mapping[str, Value]
SURVEYS = {
    folder.name: content.load_process(folder, locales.available(LOCALES)).survey for folder in (CONTENT, BEISPIELSTADT)
}


class Reader:
    """Somebody who knows the survey and every figure shown, and computes whatever follows from them.

    Independent of how the bot decides: the ways through the survey are walked at random, and a count follows from
    others if it does so on every way. Two people more or fewer of one kind are then told apart, or not.
    """

    def __init__(self, ways: Sequence[Answers], cells: Mapping[Cell, object], shown: Sequence[Cell]) -> None:
        self._ways = ways
        self._columns = {cell: [int(_belongs(way, cell)) for way in ways] for cell in cells}
        self._known: dict[int, list[int]] = {}
        for cell in shown:
            self._learn(self._columns[cell])
        self._left: dict[Cell, list[int]] = {}

    def can_compute(self, cells: Sequence[Cell]) -> bool:
        """Whether the number of people in these cells together follows from what is shown."""
        for cell in cells:
            if cell not in self._left:
                self._left[cell] = self._reduced(self._columns[cell])
        return not any(sum(values) % PRIME for values in zip(*(self._left[cell] for cell in cells), strict=True))

    def _learn(self, column: list[int]) -> None:
        row = self._reduced(column)
        own = next((place for place, value in enumerate(row) if value), None)
        if own is not None:
            inverse = pow(row[own], -1, PRIME)
            self._known[own] = [value * inverse % PRIME for value in row]

    def _reduced(self, column: list[int]) -> list[int]:
        row = list(column)
        for own, known in sorted(self._known.items()):
            if times := row[own]:
                row = [(value - times * other) % PRIME for value, other in zip(row, known, strict=True)]
        return row


def _belongs(way: Answers, cell: Cell) -> bool:
    """Whether somebody who answered like this is counted in a cell."""
    if cell[0] == "all":
        return True
    if cell[0] == "both":
        return _belongs(way, cell[1:3] and ("option", *cell[1:3])) and _belongs(way, ("option", *cell[3:5]))
    if cell[0] == "base":
        answered = way.get(cell[1])
        return answered is not None and not isinstance(answered, Missing) and _belongs(way, ("option", *cell[2:]))
    kind, question, *option = cell
    value = way.get(question)
    if kind == "asked":
        return value is not None
    if kind == "answered":
        return value is not None and not isinstance(value, Missing)
    if kind == "missing":
        return isinstance(value, Missing) and value.value == option[0]
    chosen = value if isinstance(value, tuple) else (value,)
    return option[0] in [str(one) for one in chosen if one is not None and not isinstance(one, Missing)]


@cache
def ways(name: str, count: int = 300) -> list[dict[str, Value]]:
    dice = simulated.dice(1)
    return [simulated.answers(SURVEYS[name], dice) for _ in range(count)]


def figures(survey: Survey, counted: Counted) -> tuple[dict[Cell, int], dict[Cell, int | None]]:
    """Every count as it is and as it is shown."""
    shown: dict[Cell, int | None] = {}
    told = results(survey, counted)
    shown["all",] = told.responses
    real: dict[Cell, int] = {("all",): counted.responses}
    for id_, table in told.tables.items():
        missing = counted.missing.get(id_, {})
        people = counted.people.get(id_, 0)
        real["asked", id_] = people + sum(missing.values())
        shown["asked", id_] = table.asked
        real["answered", id_] = people
        shown["answered", id_] = table.answered
        for marker, figure in (("no_answer", table.no_answer), ("skipped", table.skipped)):
            real["missing", id_, marker] = missing.get(marker, 0)
            shown["missing", id_, marker] = figure
        for option, figure in table.lines:
            real["option", id_, option] = counted.values.get(id_, {}).get(option, 0)
            shown["option", id_, option] = figure
    return real, shown


def of_one_question(real: Mapping[Cell, int], question: Question) -> Iterator[list[Cell]]:
    """Groups of people told apart by one question: some of its options, or those who did not choose an option."""
    cells = [cell for cell in real if len(cell) > 1 and cell[1] == question.id and cell[0] != "asked"]
    if isinstance(question, SeveralQuestion):
        yield from ([cell] for cell in cells)
        return
    parts = [cell for cell in cells if cell[0] != "answered"]
    yield from map(list, chain.from_iterable(combinations(parts, size) for size in range(1, min(4, len(parts)) + 1)))


def test_the_survey_of_a_few_people_tells_nothing() -> None:
    for count in range(1, 5):
        told = results(SURVEYS["hannover"], simulated.counted(SURVEYS["hannover"], list(ways("hannover")[:count])))
        assert told.responses is None
        assert all(not figure for table in told.tables.values() for _, figure in table.lines)
        assert all(table.mean is None for table in told.tables.values())


@pytest.mark.parametrize("name", SURVEYS)
@given(st.data())
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_no_small_count_is_shown_or_follows_from_what_is_shown(name: str, data: st.DataObject) -> None:
    survey = SURVEYS[name]
    seed = data.draw(st.integers(0, 10**6))
    count = data.draw(st.integers(5, 400))
    dice = simulated.dice(seed)
    # A few kinds of people, many of each: small counts then stand beside large ones.
    kinds = [simulated.answers(survey, dice) for _ in range(data.draw(st.integers(2, 40)))]
    people = dice.choices(kinds, [dice.paretovariate(0.7) for _ in kinds], k=count)
    counted = simulated.counted(survey, list(people))
    real, shown = figures(survey, counted)
    public = [cell for cell, figure in shown.items() if figure is not None]
    assert all(real[cell] == shown[cell] for cell in public)
    assert not [cell for cell in public if small(real[cell])]
    reader = Reader([*ways(name), *kinds], real, public)
    for question in survey.questions:
        for group in of_one_question(real, question):
            number = sum(real[cell] for cell in group)
            if small(number):
                assert not reader.can_compute(group), group
        if isinstance(question, SeveralQuestion):
            _assert_the_others_are_safe(question, real, public)


def _assert_the_others_are_safe(question: Question, real: Mapping[Cell, int], public: Sequence[Cell]) -> None:
    """Who did not choose an option is told apart as well."""
    for option in question.answers():
        cell = ("option", question.id, option.id)
        if cell in public and ("answered", question.id) in public:
            assert not small(real["answered", question.id] - real[cell])


@given(st.integers(0, 10**6), st.integers(5, 300), st.data())
@settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_a_crossed_table_gives_nothing_away_either(seed: int, count: int, data: st.DataObject) -> None:
    survey = SURVEYS[data.draw(st.sampled_from(sorted(SURVEYS)))]
    pairs = [(one, by) for one in survey.questions for by in survey.questions if crossable(one, by)]
    question, by = data.draw(st.sampled_from(pairs))
    dice = simulated.dice(seed)
    _assert_crossed_tells_nothing(survey, question, by, [simulated.answers(survey, dice) for _ in range(count)])


def test_a_question_put_because_of_two_answers_gives_no_cell_of_their_table_away() -> None:
    """Where the toilet should be, those were asked who miss one and did not say "good": the rest of them are three."""
    survey, known = SURVEYS["beispielstadt"], ways("beispielstadt")
    needs, overall = (question for question in survey.questions if question.id in {"needs", "overall"})
    miss = [way for way in known if _belongs(way, ("both", "needs", "toilets", "overall", "good"))][:3]
    asked = [way for way in known if _belongs(way, ("answered", "toilet_place"))][:8]
    clear = [way for way in known if _belongs(way, ("answered", "needs")) and _belongs(way, ("answered", "overall"))]
    others = [way for way in clear if not _belongs(way, ("option", "needs", "toilets"))][:60]
    _assert_crossed_tells_nothing(survey, needs, overall, [*miss, *asked, *others])


def _assert_crossed_tells_nothing(
    survey: Survey, question: Question, by: Question, people: list[dict[str, Value]]
) -> None:
    counted = simulated.counted(survey, list(people))
    real, shown = figures(survey, counted)
    both = joint(people, question, by)
    table = crossed(survey, counted, question, by, both)
    for group, inside in table.groups:
        for option, figure in inside.lines:
            cell: Cell = ("both", question.id, option, by.id, group)
            real[cell] = both.get((option, group), 0)
            shown[cell] = figure
        base: Cell = ("base", question.id, by.id, group)
        real[base], shown[base] = both.get((ASKED, group), 0), inside.answered
    public = [cell for cell, figure in shown.items() if figure is not None]
    assert all(real[cell] == shown[cell] and not small(real[cell]) for cell in public)
    reader = Reader(people + ways(next(name for name, one in SURVEYS.items() if one is survey)), real, public)
    crossing = [cell for cell in real if cell[0] == "both"]
    lines: dict[tuple[int, str], list[Cell]] = {}
    for cell in crossing:
        lines.setdefault((0, cell[2]), []).append(cell)
        lines.setdefault((1, cell[4]), []).append(cell)
    for (way, _), line in lines.items():
        several = way == 1 and isinstance(question, SeveralQuestion)
        for size in (1,) if several else (1, 2, 3):
            for group_of in combinations([cell for cell in line if shown[cell] is None], size):
                if small(sum(real[cell] for cell in group_of)):
                    assert not reader.can_compute(group_of), group_of
    if not isinstance(question, SeveralQuestion) and crossable(by, question):
        back = crossed(survey, counted, by, question, {(group, option): n for (option, group), n in both.items()})
        there = {(option, group): figure for group, inside in table.groups for option, figure in inside.lines}
        assert there == {(group, option): figure for group, inside in back.groups for option, figure in inside.lines}


def joint(people: Sequence[Answers], question: Question, by: Question) -> dict[tuple[str, str], int]:
    """People who answered both, by option and group."""
    found: dict[tuple[str, str], int] = {}
    for way in people:
        value, group = way.get(question.id), way.get(by.id)
        if isinstance(value, Missing) or isinstance(group, Missing) or value is None or not isinstance(group, str):
            continue
        for option in [*(value if isinstance(value, tuple) else (str(value),)), ASKED]:
            found[option, group] = found.get((option, group), 0) + 1
    return found


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=2))
def test_rounded_counts_never_differ_by_a_few_people(counts: list[int]) -> None:
    """Also over time: what was shown yesterday and what is shown today."""
    one, other = map(rounded, counts)
    assert not small(abs(one - other))
    assert not small(one)
    assert abs(one - counts[0]) <= 2


def test_a_base_does_not_tell_what_a_total_keeps_back() -> None:
    """a + b + c are known, and that a + b were asked something: c would follow, so another one is kept back."""
    counts = {"all": 40, "a": 20, "b": 17, "c": 3, "asked": 37}
    partition = {"all": -1, "a": 1, "b": 1, "c": 1}
    base = {"asked": -1, "a": 1, "b": 1}
    kept_back = hidden(counts, [partition, base], last=lambda cell: cell in {"all", "asked"})
    assert "c" in kept_back
    shown = counts.keys() - kept_back
    assert not {"all", "a", "b"} <= shown
    assert not {"all", "asked"} <= shown
