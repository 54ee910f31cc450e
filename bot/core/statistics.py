"""What the answers to a survey add up to: tables of counts in which nobody can be found."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.core import equations
from bot.core.equations import (
    ALL,
    ANSWERED,
    ASKED,
    BOTH,
    LINK,
    NO_ANSWER,
    NOT_ASKED,
    OPTION,
    OTHERS,
    REST,
    SKIPPED,
    Cell,
)
from bot.core.questions.choice import ChoiceQuestion
from bot.core.questions.figures import NumberQuestion
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.suppression import hidden, rounded
from bot.core.survey import Survey

Figure = int | None
"""A count that may be shown, or None where it is kept back."""
TOTALS = {ASKED, ANSWERED}
MOST_VALUES = 50
"""Different numbers that a table of numbers shows at most."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Answers as the storage counts them: `values` by question and value, `people` by question.

    A person who chose three options is counted three times among the values and once among the people. `missing` are
    those who were asked and gave no answer of substance, by question and marker.
    """

    responses: int
    values: Mapping[str, Mapping[str, int]]
    people: Mapping[str, int]
    missing: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The answers to one question. `lines` are option ids (numbers, for a question about one) with their counts.

    `answered` are the people who gave an answer of substance, `asked` all who were asked. `mean` is of the figures
    behind a scale's points, or of numbers; None where it would tell a count that is kept back.
    """

    question: Question
    lines: tuple[tuple[str, Figure], ...]
    answered: Figure
    no_answer: Figure
    skipped: Figure
    asked: Figure
    mean: float | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is kept back."""
        return None not in {
            self.answered,
            self.no_answer,
            self.skipped,
            self.asked,
            *(count for _, count in self.lines),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All questions of a survey. `exact` figures have small ones kept back; others are rounded to multiples of 5."""

    responses: Figure
    tables: Mapping[str, Table]
    exact: bool
    kept_back: frozenset[Cell] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """One question's answers for each answer to another: `groups` are option ids of `by`, each with its table."""

    question: Question
    by: Question
    groups: tuple[tuple[str, Table], ...]


def countable(question: Question) -> bool:
    """Whether answers can be counted one by one; of others only how many there are is told."""
    return isinstance(question, ChoiceQuestion | NumberQuestion)


def crossable(question: Question, by: Question) -> bool:
    """Whether the answers to one question can be shown for each answer to another."""
    grouping = isinstance(by, ChoiceQuestion) and not isinstance(by, SeveralQuestion)
    return isinstance(question, ChoiceQuestion) and grouping and question.id != by.id


def results(survey: Survey, counted: Counted, *, exact: bool = True) -> Results:
    """The tables of all questions. Either small counts are kept back or, while answers still come in, all rounded."""
    counts = _counts(survey, counted)
    found = equations.of_survey(survey, counts)
    kept_back = hidden(counts, found, last=_total, already=_links(counts)) if exact else frozenset()

    def figure(*cell: str) -> Figure:
        if cell in kept_back:
            return None
        return counts[cell] if exact else rounded(counts[cell])

    tables = {question.id: _table(question, counts, figure) for question in survey.questions}
    return Results(responses=figure(*ALL), tables=tables, exact=exact, kept_back=kept_back)


def crossed(
    survey: Survey, counted: Counted, question: Question, by: Question, joint: Mapping[tuple[str, str], int]
) -> Crossed:
    """One question by another. `joint` counts people by (option, group); with option ASKED: who answered both at all.

    What the tables of the single questions keep back stays so, and nothing here gives it away. Both ways to cross two
    questions hide the same cells, or they would give each other away.
    """
    single = _counts(survey, counted)
    known = equations.of_survey(survey, single)
    before = hidden(single, known, last=_total, already=_links(single))
    turned = not isinstance(question, SeveralQuestion) and _place(survey, question) > _place(survey, by)
    row, column = (by, question) if turned else (question, by)
    inside = {(group, option): count for (option, group), count in joint.items()} if turned else joint
    cells = _joint_counts(row, column, single, inside)
    counts = {**single, **cells}
    links = equations.of_crossed(survey, row, column, counts)
    kept_back = hidden(counts, [*known, *links], last=_total, already=before, fixed=single.keys())

    def figure_of(group: str) -> Callable[[str], Figure]:
        def figure(option: str) -> Figure:
            cell = (BOTH, group, option) if turned else (BOTH, option, group)
            return None if cell in kept_back else counts[cell]

        return figure

    groups = []
    for group in by.answers():
        figure = figure_of(group.id)
        lines = tuple((option.id, figure(option.id)) for option in question.answers())
        answered = figure(ANSWERED)
        table = Table(
            question=question,
            lines=lines,
            answered=answered,
            no_answer=0,
            skipped=0,
            asked=answered,
            mean=_mean(question, lines),
        )
        groups.append((group.id, table))
    return Crossed(question=question, by=by, groups=tuple(groups))


def partition(total: int, parts: Mapping[str, int]) -> tuple[Figure, dict[str, Figure]]:
    """A total and what it consists of, with what is small kept back."""
    counts: dict[Cell, int] = {ALL: total, **{(OPTION, name): count for name, count in parts.items()}}
    kept_back = hidden(counts, [{cell: -1 if cell == ALL else 1 for cell in counts}], last=lambda cell: cell == ALL)
    shown = {cell: None if cell in kept_back else count for cell, count in counts.items()}
    return shown[ALL], {name: shown[OPTION, name] for name in parts}


def share(count: Figure, of: Figure) -> float | None:
    """A count as a part of another, from 0 to 1; None where one is kept back or there is nobody."""
    return None if count is None or not of else count / of


def _total(cell: Cell) -> bool:
    return cell == ALL or not TOTALS.isdisjoint(cell[1:])


def _links(counts: Mapping[Cell, int]) -> list[Cell]:
    """The counts that stand in no table. That there is nobody of a kind may follow from the survey: that is known."""
    return [cell for cell, count in counts.items() if cell[0] == LINK and count]


def _place(survey: Survey, question: Question) -> int:
    return [asked.id for asked in survey.questions].index(question.id)


def _counts(survey: Survey, counted: Counted) -> dict[Cell, int]:
    """Every count that is shown or follows from those that are, by what is counted."""
    counts = {ALL: counted.responses}
    for question in survey.questions:
        id_, missing = question.id, counted.missing.get(question.id, {})
        answered = counted.people.get(id_, 0)
        asked = answered + sum(missing.values())
        counts |= {
            (id_, ASKED): asked,
            (id_, NOT_ASKED): counted.responses - asked,
            (id_, ANSWERED): answered,
            (id_, NO_ANSWER): missing.get(NO_ANSWER, 0),
            (id_, SKIPPED): missing.get(SKIPPED, 0),
        }
        for value, count in _values(question, counted.values.get(id_, {})).items():
            counts[id_, OPTION, value] = count
            if isinstance(question, SeveralQuestion):
                counts[id_, OTHERS, value] = answered - count
    return counts


def _values(question: Question, found: Mapping[str, int]) -> dict[str, int]:
    """What was answered, in the order in which it is shown; an option nobody chose counts 0.

    What an older version of the survey offered comes last.
    """
    if isinstance(question, NumberQuestion):
        in_order = sorted(found, key=_as_number)
        return {value: found[value] for value in in_order[:MOST_VALUES]} if len(in_order) <= MOST_VALUES else {}
    if not isinstance(question, ChoiceQuestion):
        return {}
    offered = {option.id: found.get(option.id, 0) for option in question.answers()}
    return offered | {value: count for value, count in sorted(found.items()) if value not in offered}


def _as_number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("inf")  # given when the question was of another type


def _table(question: Question, counts: Mapping[Cell, int], figure: Callable[..., Figure]) -> Table:
    id_ = question.id
    lines = tuple((cell[2], figure(*cell)) for cell in counts if cell[:2] == (id_, OPTION))
    return Table(
        question=question,
        lines=lines,
        answered=figure(id_, ANSWERED),
        no_answer=figure(id_, NO_ANSWER),
        skipped=figure(id_, SKIPPED),
        asked=figure(id_, ASKED),
        mean=_mean(question, lines),
    )


def _mean(question: Question, lines: Iterable[tuple[str, Figure]]) -> float | None:
    """The mean of the figures behind the answers. With it a count that is kept back could be computed: none then."""
    behind = {option.id: option.value for option in question.answers()}
    weighed: list[tuple[float, int]] = []
    for name, count in lines:
        value = _as_number(name) if isinstance(question, NumberQuestion) else behind.get(name)
        if value is None or count is None or abs(value) == float("inf"):
            return None
        weighed.append((value, count))
    people = sum(count for _, count in weighed)
    return sum(value * count for value, count in weighed) / people if people else None


def _joint_counts(
    row: Question, column: Question, single: Mapping[Cell, int], joint: Mapping[tuple[str, str], int]
) -> dict[Cell, int]:
    """The cells of a crossed table, with the sum of each row and column and the people without the other answer."""
    rows, columns = [option.id for option in row.answers()], [option.id for option in column.answers()]
    counts: dict[Cell, int] = {}
    for group in columns:
        for option in rows:
            counts[BOTH, option, group] = joint.get((option, group), 0)
        if isinstance(row, SeveralQuestion):
            answered = joint.get((ASKED, group), 0)
            for option in rows:
                counts[BOTH, OTHERS, option, group] = answered - counts[BOTH, option, group]
        else:
            answered = sum(counts[BOTH, option, group] for option in rows)
        counts[BOTH, ANSWERED, group] = answered
        counts[BOTH, REST, group] = single[column.id, OPTION, group] - answered
    for option in rows:
        inside = sum(counts[BOTH, option, group] for group in columns)
        counts[BOTH, option, ANSWERED] = inside
        counts[BOTH, option, REST] = single[row.id, OPTION, option] - inside
        if isinstance(row, SeveralQuestion):
            others = sum(counts[BOTH, OTHERS, option, group] for group in columns)
            counts[BOTH, OTHERS, option, REST] = single[row.id, OTHERS, option] - others
    return counts
