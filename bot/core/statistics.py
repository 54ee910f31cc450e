"""What the answers to a survey add up to: tables of counts in which nobody can be found."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.conditions import And, Answered, Condition, Contains, Not, Or
from bot.core.questions import ChoiceQuestion, NumberQuestion, Question, SeveralQuestion
from bot.core.suppression import hidden, rounded
from bot.core.survey import Survey
from bot.core.values import Missing, Value

Figure = int | None
"""A count that may be shown, or None where it is kept back."""
Cell = tuple[str, ...]
"""What is counted: a question's id, and what was answered to it."""
ALL: Cell = ("responses",)
ASKED, ANSWERED, NOT_ASKED, OPTION, OTHERS = "*asked", "*answered", "*not_asked", "*option", "*others"
REST, LINK, BOTH = "*rest", "*if", "*both"
"""Parts of a cell that no question or option is called: ids begin with a letter."""
NO_ANSWER, SKIPPED = Missing.NO_ANSWER.value, Missing.SKIPPED.value
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
    equations = _equations(survey, counts)
    kept_back = hidden(counts, equations, last=_total, already=_links(counts)) if exact else frozenset()

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
    known = _equations(survey, single)
    before = hidden(single, known, last=_total, already=_links(single))
    turned = not isinstance(question, SeveralQuestion) and _place(survey, question) > _place(survey, by)
    row, column = (by, question) if turned else (question, by)
    inside = {(group, option): count for (option, group), count in joint.items()} if turned else joint
    cells = _joint_counts(row, column, single, inside)
    counts = {**single, **cells}
    links = _joint_equations(row, column)
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


def _equations(survey: Survey, counts: dict[Cell, int]) -> list[dict[Cell, int]]:
    """How the counts hang together: what anybody can compute who knows the survey.

    Counts of people that stand in no table but link two of them are added to `counts`.
    """
    found: list[dict[Cell, int]] = []
    for question in survey.questions:
        id_ = question.id
        found += [
            {ALL: -1, (id_, ASKED): 1, (id_, NOT_ASKED): 1},
            {(id_, ASKED): -1, (id_, ANSWERED): 1, (id_, NO_ANSWER): 1, (id_, SKIPPED): 1},
        ]
        options = [cell for cell in counts if cell[:2] == (id_, OPTION)]
        if isinstance(question, SeveralQuestion):
            found += [{(id_, ANSWERED): -1, cell: 1, (id_, OTHERS, cell[2]): 1} for cell in options]
        elif options:
            found.append({(id_, ANSWERED): -1, **dict.fromkeys(options, 1)})
        put_to = _added(_who(question.only_if, survey), {(id_, ASKED): 1}, -1)
        unknown = [cell for cell in put_to if cell not in counts]
        if len(unknown) == 1 and unknown[0][0] == LINK and abs(put_to[unknown[0]]) == 1:
            rest = sum(by * counts[cell] for cell, by in put_to.items() if cell in counts)
            counts[unknown[0]] = -rest * put_to[unknown[0]]
        found.append(put_to)
    # One that the data contradict, because the survey was changed under way, tells nobody anything.
    return [
        equation
        for equation in found
        if all(cell in counts for cell in equation) and not sum(by * counts[cell] for cell, by in equation.items())
    ]


def _who(condition: Condition | None, survey: Survey) -> dict[Cell, int]:
    """The people who meet a condition, as a sum of counts; a count of its own where it is none of the others."""
    if condition is None:
        return {ALL: 1}
    looked_at = {name for name, _ in condition.questions()}
    question = survey.find(next(iter(looked_at)))
    if question is not None and len(looked_at) == 1 and not isinstance(question, SeveralQuestion):
        return dict.fromkeys(_meeting(condition, question), 1)
    match condition:
        case Contains(name, option):
            return {(name, OPTION, option): 1}
        case Answered(name):
            return {(name, ANSWERED): 1}
        case Not(inner):
            return _added({ALL: 1}, _who(inner, survey), -1)
        case Or((one, other)):
            both = _who(And((one, other)), survey)
            return _added(_added(_who(one, survey), _who(other, survey)), both, -1)
        case And(conditions):
            # Who chose an option was asked the question: what asking it hangs on says nothing more.
            names = [name for part in conditions for name, _ in part.questions()]
            implied = [asked.only_if for name in names if (asked := survey.find(name)) is not None]
            telling = [part for part in conditions if part not in implied]
            if len(telling) == 1:
                return _who(telling[0], survey)
    return {(LINK, repr(condition)): 1}


def _meeting(condition: Condition, question: Question) -> list[Cell]:
    """Which answers to a question of one answer meet a condition that looks at nothing else."""
    answers: list[tuple[Cell, Value]] = [((question.id, one.value), one) for one in Missing]
    if options := question.answers():
        answers += [((question.id, OPTION, option.id), option.id) for option in options]
    else:
        answers.append(((question.id, ANSWERED), "x"))
    meeting = [cell for cell, value in answers if condition.holds({question.id: value})]
    return [*meeting, (question.id, NOT_ASKED)] if condition.holds({}) else meeting


def _added(one: Mapping[Cell, int], other: Mapping[Cell, int], times: int = 1) -> dict[Cell, int]:
    total = {cell: one.get(cell, 0) + times * other.get(cell, 0) for cell in {**one, **other}}
    return {cell: by for cell, by in total.items() if by}


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


def _joint_equations(row: Question, column: Question) -> list[dict[Cell, int]]:
    """Each row and each column of a crossed table adds up to the count in its question's own table."""
    rows, columns = [option.id for option in row.answers()], [option.id for option in column.answers()]
    several = isinstance(row, SeveralQuestion)
    found: list[dict[Cell, int]] = []
    for option in rows:
        answered: Cell = (BOTH, option, ANSWERED)
        found.append({answered: -1, **{(BOTH, option, group): 1 for group in columns}})
        found.append({(row.id, OPTION, option): -1, answered: 1, (BOTH, option, REST): 1})
        if several:
            others: dict[Cell, int] = {(BOTH, OTHERS, option, group): 1 for group in [*columns, REST]}
            found.append({(row.id, OTHERS, option): -1, **others})
            found += [
                {(BOTH, ANSWERED, group): -1, (BOTH, option, group): 1, (BOTH, OTHERS, option, group): 1}
                for group in columns
            ]
    for group in columns:
        found.append({(column.id, OPTION, group): -1, (BOTH, ANSWERED, group): 1, (BOTH, REST, group): 1})
        if not several:
            found.append({(BOTH, ANSWERED, group): -1, **{(BOTH, option, group): 1 for option in rows}})
    return found
