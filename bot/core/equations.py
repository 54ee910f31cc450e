"""How the counts of a survey hang together: what anybody can compute from published ones who knows the survey."""

from collections.abc import Mapping, Sequence

from bot.core.conditions import And, Answered, Condition, Contains, Not, Or
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.survey import Survey
from bot.core.values import Missing, Value

Cell = tuple[str, ...]
"""What is counted: a question's id, and what was answered to it."""
ALL: Cell = ("responses",)
ASKED, ANSWERED, NOT_ASKED, OPTION, OTHERS = "*asked", "*answered", "*not_asked", "*option", "*others"
REST, LINK, BOTH = "*rest", "*if", "*both"
"""Parts of a cell that no question or option is called: ids begin with a letter."""
Ways = list[Mapping[str, Value]]
"""Ways to answer that count as the same."""
NO_ANSWER, SKIPPED = Missing.NO_ANSWER.value, Missing.SKIPPED.value


def of_survey(survey: Survey, counts: dict[Cell, int]) -> list[dict[Cell, int]]:
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
            found += _of_the_others(question.only_if, survey, counts)
        found.append(put_to)
    return _sound(found, counts)


def of_crossed(survey: Survey, row: Question, column: Question, counts: Mapping[Cell, int]) -> list[dict[Cell, int]]:
    """Each row and each column of a crossed table adds up to the count in its question's own table.

    A question that is put to whoever gave certain answers to both tells how many these are.
    """
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
    for question in survey.questions:
        if meeting := _in_both(And(tuple(_telling(question.only_if, survey))), row, column):
            found.append(_added(meeting, {(question.id, ASKED): 1}, -1))
    return _sound(found, counts)


def _sound(equations: Sequence[dict[Cell, int]], counts: Mapping[Cell, int]) -> list[dict[Cell, int]]:
    """Those that hold: one that the data contradict, as a survey was changed under way, tells nobody anything."""
    return [
        equation
        for equation in equations
        if all(cell in counts for cell in equation) and not sum(by * counts[cell] for cell, by in equation.items())
    ]


def _of_the_others(condition: Condition | None, survey: Survey, counts: dict[Cell, int]) -> list[dict[Cell, int]]:
    """Who meets only one of two conditions, or neither, follows from who meets both: added to `counts` as well."""
    match condition:
        case Not(inner):
            return _of_the_others(inner, survey, counts)
        case Or((one, other)):
            both = And((one, other))
        case And():
            both = condition
        case _:
            return []
    link: Cell = (LINK, repr(both))
    telling = _telling(both, survey)
    if link not in counts or len(telling) != 2:
        return []
    first, second = (_who(part, survey) for part in telling)
    sums = [_added(first, {link: 1}, -1), _added(second, {link: 1}, -1)]
    sums.append(_added(_added({ALL: 1}, first, -1), sums[1], -1))
    found = []
    for number, people in enumerate(sums):
        if all(cell in counts for cell in people):
            others: Cell = (*link, str(number))
            counts[others] = sum(by * counts[cell] for cell, by in people.items())
            found.append(_added(people, {others: 1}, -1))
    return found


def _in_both(condition: Condition, row: Question, column: Question) -> dict[Cell, int]:
    """The people who meet a condition on both questions, as a sum of cells; empty where it is none."""
    if {name for name, _ in condition.questions()} != {row.id, column.id}:
        return {}
    rows: list[tuple[Cell, Ways]]
    if isinstance(row, SeveralQuestion):
        named = {option for name, options in condition.questions() if name == row.id for option in options}
        if len(named) > 1:
            return {}
        option = next(iter(named), row.options[0].id)
        rows = [((option,), [{row.id: (option,)}]), ((OTHERS, option), [{row.id: (OTHERS,)}])]
    else:
        rows = [((option.id,), [{row.id: option.id}]) for option in row.answers()]
    rows.append(((REST,), _without(row)))
    columns: list[tuple[str, Ways]] = [(option.id, [{column.id: option.id}]) for option in column.answers()]
    columns.append((REST, _without(column)))
    meeting: dict[Cell, int] = {}
    others: dict[Cell, int] = {}
    for place, ways in rows:
        for group, beside in columns:
            holds = {condition.holds({**one, **other}) for one in ways for other in beside}
            if len(holds) > 1:
                return {}
            (meeting if True in holds else others)[BOTH, *place, group] = 1
    # Those without both answers are in no cell. If they meet the condition, it is the others who are counted.
    return _added({ALL: 1}, others, -1) if (BOTH, REST, REST) in meeting else meeting


def _without(question: Question) -> Ways:
    """The ways to have given no answer to a question."""
    return [{}, *({question.id: missing} for missing in Missing)]


def _telling(condition: Condition | None, survey: Survey) -> list[Condition]:
    """What has to be met, without what is met anyway: who chose an option was asked the question."""
    if not isinstance(condition, And):
        return [condition] if condition else []
    asked = [survey.find(name) for name, _ in condition.questions()]
    implied = [question.only_if for question in asked if question is not None]
    return [part for part in condition.conditions if part not in implied]


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
        case And() if len(telling := _telling(condition, survey)) == 1:
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
