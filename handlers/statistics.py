"""`/statistik` and `/export`: how it goes and what people answered, for staff; nobody can be found in it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.core.messages import Attachment, Outgoing
from bot.core.questions.question import Question
from bot.core.recognition import fold
from bot.core.reminders import ALL, COMING
from bot.core.statistics import Figure, Results, countable, crossable, crossed, partition, results
from bot.core.texts import Texts
from bot.report import wording
from bot.report.wording import Topic, shown, topics
from handlers.turn import Decision, Turn
from storage.statistics import Participation

EVERYTHING = "words.every_event"
"""The word for all of something."""
Work = Callable[[Turn], Awaitable[Sequence[Outgoing]]]


def run(turn: Turn) -> Decision:
    """How it goes; with a number or name that question; with "5 nach Stadtbezirk" one for each answer to another."""
    asked, by = _asked(turn)
    if not turn.argument.strip():
        return _later(turn, _overview)
    if fold(turn.argument) in turn.t.words(EVERYTHING):
        return _later(turn, _every_question)
    topic = _topic(turn, asked)
    if topic is None:
        return turn.say(_unknown(turn))
    if by is None:
        return _later(turn, lambda later: _one_question(later, topic))
    group = _topic(turn, by)
    if group is None:
        return turn.say(_unknown(turn))
    if not all(crossable(question, group.questions[0]) for question in topic.questions) or len(group.questions) > 1:
        return turn.say(turn.t("stats.not_crossable", example=_example_of_a_group(turn)))
    return _later(turn, lambda later: _crossed(later, topic, group))


def export(turn: Turn) -> Decision:
    """The open data as a file: nothing in it that may not be published."""
    return _later(turn, _open_data)


async def _overview(turn: Turn) -> Sequence[Outgoing]:
    t, survey = turn.t, turn.process.survey
    how = await turn.memory.results.participation(survey.id)
    said = [t("stats.title", title=t.of(survey.title)), _participation(turn, how)]
    said.append("\n".join([t("stats.questions"), *_names(turn)]))
    said.append(t("stats.how", example=_example_of_a_group(turn)))
    return [Outgoing(text="\n\n".join(said))]


def _participation(turn: Turn, how: Participation) -> str:
    """People, begun, finished, where they stand, in tables from which no single one follows."""
    t = turn.t
    people, channels = partition(sum(how.channels.values()), how.channels)
    _, languages = partition(sum(how.languages.values()), how.languages)
    finished, by_language = partition(sum(how.finished.values()), how.finished)
    unfinished, waiting = partition(sum(how.unfinished.values()), how.unfinished)
    both = sum(how.finished.values()) + sum(how.unfinished.values())
    begun, parts = partition(
        both, {"finished": sum(how.finished.values()), "unfinished": both - sum(how.finished.values())}
    )
    finished, unfinished = (None if None in {finished, parts["finished"]} else finished), parts["unfinished"]
    said = [
        t("stats.people", count=shown(people, t)),
        t("stats.begun", count=shown(begun, t)),
        t("stats.finished", count=wording.with_share(finished, begun, t)),
        t("stats.unfinished", count=shown(unfinished, t)),
    ]
    where = {_place(turn, name): count for name, count in waiting.items()}
    said += _list(t("stats.where"), dict(sorted(where.items())), t) if unfinished is not None else []
    said += _list(t("stats.channels"), {name.capitalize(): count for name, count in channels.items()}, t)
    said += _list(t("stats.languages"), {_language(turn, name): count for name, count in languages.items()}, t)
    if finished is not None:
        said += _list(
            t("stats.answer_languages"), {_language(turn, name): count for name, count in by_language.items()}, t
        )
    _, sources = partition(sum(how.sources.values()), how.sources)
    said += _list(t("stats.sources"), sources, t)
    said += _events(turn, how)
    return "\n".join([*said, "", t("results.kept_back")] if t("results.not_shown") in "".join(said) else said)


def _events(turn: Turn, how: Participation) -> list[str]:
    """How many come to each event and want to be reminded of it."""
    t, said = turn.t, []
    for event in turn.process.events:
        answers = how.headcounts.get(event.id, {})
        _, coming = partition(sum(answers.values()), {answer: answers.get(answer, 0) for answer in COMING})
        reminded, _ = partition(how.reminded.get(event.id, 0), {})
        if answers or reminded != 0:
            counts = {answer: shown(count, t) for answer, count in coming.items()}
            said.append(t("stats.event", event=event.place, reminded=shown(reminded, t), **counts))
    everywhere, _ = partition(how.reminded.get(ALL, 0), {})
    if everywhere != 0:
        said.append(t("stats.every_event", count=shown(everywhere, t)))
    if how.unclear:
        said.append(t("stats.unclear", count=t.number(how.unclear)))
    return [t("stats.events"), *said] if said else []


def _list(title: str, counts: Mapping[str, Figure], t: Texts) -> list[str]:
    if not counts:
        return []
    return [title, *(f"– {t('results.line', label=name, value=shown(count, t))}" for name, count in counts.items())]


def _place(turn: Turn, question: str) -> str:
    """Where somebody stands: a question of the survey, or the review."""
    for topic in topics(turn.process.survey):
        if question in {asked.id for asked in topic.written.asked()}:
            return wording.title(topic, turn.t)
    return question or turn.t("stats.review")


def _language(turn: Turn, tag: str) -> str:
    if not tag:
        return turn.t("stats.no_language")
    return turn.languages[tag]("language.name") if tag in turn.languages else tag


async def _every_question(turn: Turn) -> Sequence[Outgoing]:
    found = await _results(turn)
    if found is None:
        return [Outgoing(text=turn.t("stats.too_few"))]
    said: list[Outgoing] = []
    for topic in topics(turn.process.survey):
        said += await _told(turn, topic, found)
    return said


async def _one_question(turn: Turn, topic: Topic) -> Sequence[Outgoing]:
    found = await _results(turn)
    return [Outgoing(text=turn.t("stats.too_few"))] if found is None else await _told(turn, topic, found)


async def _told(turn: Turn, topic: Topic, found: Results) -> list[Outgoing]:
    """A question in words, then the same as a picture."""
    said = [Outgoing(text=wording.text(topic, found, turn.t))]
    drawing = wording.picture(topic, found, turn.t)
    if drawing is not None:
        caption = turn.t("results.picture", title=wording.title(topic, turn.t))
        said.append(await _pictured(drawing, f"frage_{topic.number}.png", caption))
    return said


async def _crossed(turn: Turn, topic: Topic, group: Topic) -> Sequence[Outgoing]:
    survey, by = turn.process.survey, group.questions[0]
    counted = await turn.memory.results.counted(survey.id, [q.id for q in survey.questions if countable(q)])
    if not results(survey, counted).responses:
        return [Outgoing(text=turn.t("stats.too_few"))]
    tables = [
        crossed(survey, counted, question, by, await turn.memory.results.joint(survey.id, question.id, by.id))
        for question in topic.questions
    ]
    said = [Outgoing(text=text) for text in wording.crossed_text(topic, tables, turn.t)]
    for number, table in enumerate(tables, 1):
        if (drawing := wording.crossed_picture(topic, table, turn.t)) is not None:
            part = f"_{number}" if len(tables) > 1 else ""
            name = f"frage_{topic.number}{part}_nach_{group.number}.png"
            caption = turn.t("results.picture", title=wording.crossed_title(topic, table, turn.t))
            said.append(await _pictured(drawing, name, caption))
    return said


async def _pictured(drawing: str, name: str, caption: str) -> Outgoing:
    from bot.report.pictures import png  # noqa: PLC0415 - only where a picture is drawn

    content = await asyncio.to_thread(png, drawing)
    return Outgoing(text=caption, attachment=Attachment(name, "image/png", content))


async def _open_data(turn: Turn) -> Sequence[Outgoing]:
    from bot.report import open_data  # noqa: PLC0415 - as above

    release = await open_data.gathered(turn.memory, turn.process, turn.now)
    if not release.results.responses:
        return [Outgoing(text=turn.t("stats.too_few"))]
    content = await asyncio.to_thread(open_data.archive, release, turn.process, turn.languages)
    file = Attachment(open_data.name(turn.process), "application/zip", content)
    return [Outgoing(text=turn.t("stats.export"), attachment=file)]


async def _results(turn: Turn) -> Results | None:
    """The tables; None where too few people answered to show anything."""
    survey = turn.process.survey
    counted = await turn.memory.results.counted(survey.id, [q.id for q in survey.questions if countable(q)])
    found = results(survey, counted)
    return found if found.responses else None


def _later(turn: Turn, work: Work) -> Decision:
    """Counted and drawn after the commit, so that nobody waits for it but who asked."""

    async def job() -> Sequence[Outgoing]:
        return await work(turn)

    return Decision(person=turn.person, job=job)


def _asked(turn: Turn) -> tuple[str, str | None]:
    """What stands before and behind "nach"."""
    for word in turn.t.words("words.crossed_by"):
        parts = re.split(rf"\s+{re.escape(word)}\s+", turn.argument, maxsplit=1, flags=re.IGNORECASE)
        if len(parts) == 2:
            return parts[0], parts[1]
    return turn.argument, None


def _topic(turn: Turn, named: str) -> Topic | None:
    """The question that a number, an id or a short name means: "5", "Frage 5", "satisfaction", "Stadtbezirk"."""
    known = topics(turn.process.survey)
    words = "|".join(re.escape(word) for word in turn.t.words("words.question"))
    number = re.fullmatch(rf"(?:(?:{words}) )?(\d{{1,4}})", fold(named))
    if number:
        return next((topic for topic in known if topic.number == int(number[1])), None)
    wanted = fold(named)
    for topic in known:
        if wanted in {fold(topic.written.id), *(fold(short) for short in topic.written.short.values())}:
            return topic
        for question in topic.questions:
            if wanted == fold(question.id):
                return Topic(topic.number, topic.written, (question,))
    return None


def _names(turn: Turn) -> list[str]:
    return [f"{topic.number} {turn.t.of(topic.written.short)}" for topic in topics(turn.process.survey)]


def _unknown(turn: Turn) -> str:
    return "\n".join([turn.t("stats.unknown_question"), *_names(turn)])


def _example_of_a_group(turn: Turn) -> str:
    """The last question by which others can be shown: in most surveys one about the person."""
    asked: Sequence[Question] = turn.process.survey.questions
    grouping = [question for question in asked if any(crossable(other, question) for other in asked)]
    optional = [question for question in grouping if question.optional] or grouping
    return turn.t.of(optional[0].short) if optional else ""
