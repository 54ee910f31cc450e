"""How the counts of a survey hang together: what anybody can compute from published ones who knows the survey."""

from collections.abc import Mapping

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
        found.append(put_to)
    # One that the data contradict, because the survey was changed under way, tells nobody anything.
    return [
        equation
        for equation in found
        if all(cell in counts for cell in equation) and not sum(by * counts[cell] for cell, by in equation.items())
    ]


def of_crossed(row: Question, column: Question) -> list[dict[Cell, int]]:
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
