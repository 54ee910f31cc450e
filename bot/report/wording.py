"""Results in words: what stands in a chat message, below a picture and in the page, in any of the bot's languages."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.questions import AnyQuestion
from bot.core.questions.choice import BatteryQuestion, ScaleQuestion
from bot.core.questions.figures import NumberQuestion
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.statistics import Crossed, Figure, Results, Table, countable, share
from bot.core.suppression import small
from bot.core.survey import Survey
from bot.core.texts import Texts
from bot.report import drawing
from bot.report.drawing import Balance, Bar


@dataclass(frozen=True, slots=True)
class Topic:
    """A question as organisers wrote it, by its number; a battery is one topic with several questions."""

    number: int
    written: AnyQuestion
    questions: tuple[Question, ...]


def topics(survey: Survey) -> list[Topic]:
    """All that was asked, numbered as it is written; what people added in their own words belongs to its question."""
    return [
        Topic(number, written, written.asked() if isinstance(written, BatteryQuestion) else written.asked()[:1])
        for number, written in enumerate(survey.written, 1)
    ]


def title(topic: Topic, t: Texts) -> str:
    """ "Frage 5, Zufriedenheit insgesamt"."""
    return t("results.title", number=topic.number, short=t.of(topic.written.short))


def asks(topic: Topic, t: Texts) -> str:
    """The question itself; that of a battery names no single aspect."""
    return t.of(topic.written.text).replace("{aspect}", "…")


def shown(figure: Figure, t: Texts) -> str:
    """A count, or that it is not shown."""
    return t("results.not_shown") if figure is None else t.number(figure)


def with_share(figure: Figure, of: Figure, t: Texts) -> str:
    """A count and what part of the people it is: "12 (5 %)"."""
    part = share(figure, of)
    if part is None:
        return shown(figure, t)
    return t("results.share", count=shown(figure, t), percent=round(part * 100))


def label_of(question: Question, answer: str, t: Texts) -> str:
    """An answer in words; a number as it is written."""
    if isinstance(question, NumberQuestion):
        return t.number(float(answer) if "." in answer else int(answer)) if answer.lstrip("-").isdigit() else answer
    return next((choice.label for choice in question.choices(t) if choice.key == answer), answer)


def lines(table: Table, t: Texts) -> list[tuple[str, str]]:
    """Each answer in words with its number."""
    return [
        (label_of(table.question, answer, t), with_share(count, table.answered, t)) for answer, count in table.lines
    ]


def mean(table: Table, t: Texts) -> str:
    """The mean in a sentence; empty where there is none to show."""
    if table.mean is None:
        return ""
    points = [point for point in table.question.answers() if point.value is not None]
    if not points:
        return t("results.mean_of_numbers", mean=t.decimal(table.mean))
    low, high = points[0], points[-1]
    return t(
        "results.mean",
        mean=_signed(table.mean, table, t),
        lowest=_signed(low.value or 0, table, t),
        low=t.of(low.label),
        highest=_signed(high.value or 0, table, t),
        high=t.of(high.label),
    )


def mean_and_people(table: Table, t: Texts) -> str:
    """ "Mittelwert +0,40, n = 52", as it stands below a bar."""
    if table.answered is None:
        return t("results.not_shown")
    people = t("results.people", count=t.number(table.answered))
    if table.mean is None:
        return people
    return t("results.mean_short", mean=_signed(table.mean, table, t), people=people)


def base(table: Table, t: Texts) -> list[str]:
    """How many people answered, of how many, and what the others did."""
    said = [t("results.base", answered=shown(table.answered, t), asked=shown(table.asked, t))]
    no_answer = next((choice.label for choice in table.question.choices(t)[-1:]), t("answer.no_answer"))
    if table.no_answer != 0:
        said.append(t("results.line", label=no_answer, value=shown(table.no_answer, t)))
    if table.skipped != 0:
        said.append(t("results.line", label=t("answer.skipped"), value=shown(table.skipped, t)))
    return said


def voices(count: int, t: Texts) -> str:
    """How many support a wish; so few that they could be guessed are not counted out."""
    if not count:
        return ""
    return t("wishes.few_voices") if small(count) else t("wishes.voices", count=t.number(count))


def text(topic: Topic, results: Results, t: Texts) -> str:
    """Everything about a question, to be read or read out."""
    said = [f"{title(topic, t)}\n{asks(topic, t)}"]
    tables = [results.tables[question.id] for question in topic.questions]
    for table in tables:
        part = [t.of(table.question.short)] if len(tables) > 1 else []
        if countable(table.question):
            part += [t("results.line", label=label, value=value) for label, value in lines(table, t)]
        else:
            part.append(t("results.own_words"))
        part += [one for one in (mean(table, t), *base(table, t)) if one]
        said.append("\n".join(part))
    if isinstance(topic.written, SeveralQuestion):
        said.append(t("results.several"))
    if not all(table.complete for table in tables):
        said.append(t("results.kept_back"))
    if not results.exact:
        said.append(t("results.rounded"))
    return "\n\n".join(said)


def picture(topic: Topic, results: Results, t: Texts, *, with_title: bool = True) -> str | None:
    """The same as a drawing; None for a question whose answers are no numbers."""
    tables = [results.tables[question.id] for question in topic.questions]
    if not all(countable(table.question) and table.lines for table in tables):
        return None
    heading = asks(topic, t) if with_title else ""
    alternative = t("results.picture", title=title(topic, t))
    below = [t("results.rounded")] if with_title and not results.exact else []
    if isinstance(topic.questions[0], ScaleQuestion):
        rows = [_balance(t.of(table.question.short) if len(tables) > 1 else "", table, t) for table in tables]
        return _scale(topic.questions[0], rows, heading, below, alternative, t)
    (table,) = tables
    bars = [
        Bar(label_of(table.question, answer, t), with_share(count, table.answered, t), share(count, table.answered))
        for answer, count in table.lines
    ]
    if with_title:  # in the page this stands beside the picture
        below = [t("results.people", count=shown(table.answered, t)), *below]
        below += [t("results.several")] if isinstance(topic.written, SeveralQuestion) else []
    return drawing.bars(bars, title=heading, below=below, alternative=alternative)


def crossed_title(topic: Topic, crossed: Crossed, t: Texts) -> str:
    """ "Frage 5, Zufriedenheit insgesamt, nach Stadtbezirk"."""
    return t("results.crossed", title=title(topic, t), by=t.of(crossed.by.short))


def crossed_text(topic: Topic, tables: list[Crossed], t: Texts) -> Iterator[str]:
    """A message for each question of a topic: its answers for each answer to another one."""
    for crossed in tables:
        said = [crossed_title(topic, crossed, t)]
        if len(tables) > 1:
            said[0] += f"\n{t.of(crossed.question.short)}"
        for group, table in crossed.groups:
            head = t("results.line", label=label_of(crossed.by, group, t), value=mean_and_people(table, t))
            inside = [t("results.line", label=label, value=value) for label, value in lines(table, t)]
            said.append("\n".join([head, *inside]))
        if any(not table.complete for _, table in crossed.groups):
            said.append(t("results.kept_back"))
        yield "\n\n".join(said)


def crossed_picture(topic: Topic, crossed: Crossed, t: Texts) -> str | None:
    """A bar for each group, for questions on a scale; other tables are too wide for a telephone."""
    if not isinstance(crossed.question, ScaleQuestion):
        return None
    rows = [_balance(label_of(crossed.by, group, t), table, t) for group, table in crossed.groups]
    heading = crossed_title(topic, crossed, t)
    return _scale(crossed.question, rows, heading, [], t("results.picture", title=heading), t)


def _scale(  # noqa: PLR0913, PLR0917 - what a picture consists of
    question: Question, rows: list[Balance], heading: str, below: list[str], alternative: str, t: Texts
) -> str:
    points = [t.of(point.label) for point in question.answers()]
    notes = [t("results.percent_in_bars"), *below]
    return drawing.balance(rows, points, title=heading, below=notes, alternative=alternative)


def _balance(label: str, table: Table, t: Texts) -> Balance:
    parts = [share(count, table.answered) for _, count in table.lines]
    whole = tuple(part for part in parts if part is not None)
    points = len(table.question.answers())
    complete = len(whole) == points
    numbers = mean_and_people(table, t) if complete else t("results.not_shown")
    return Balance(label, whole if complete else None, numbers)


def _signed(value: float, table: Table, t: Texts) -> str:
    """+0,40 on a scale that has a negative end; 2,40 on one that begins above."""
    behind = [point.value or 0 for point in table.question.answers()]
    written = t.number(value) if isinstance(value, int) else t.decimal(value)
    if min(behind, default=0) >= 0:
        return written
    return f"+{written}" if value > 0 else written.replace("-", "\N{MINUS SIGN}")
