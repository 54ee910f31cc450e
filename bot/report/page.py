"""The page of results: one file to put on a website or to print, readable with any program and by everybody."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from bot.core.process import Process
from bot.core.questions.several import SeveralQuestion
from bot.core.statistics import Table, countable, share
from bot.core.texts import Texts
from bot.report import wording
from bot.report.open_data import LICENCE_ADDRESS, Release, method_notes
from bot.report.wording import Topic, topics

MOST_WISHES = 100
"""Wishes that the page shows; the open data have them all."""


def page(release: Release, process: Process, languages: Mapping[str, Texts], shown: Sequence[str]) -> str:
    """The page as HTML, in these languages, one of which is seen at a time."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - loaded only where a page is made

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string((files("bot.report") / "page.html").read_text(encoding="utf-8"))
    parts = [_part(release, process, languages[language]) for language in shown]
    return template.render(parts=parts, licence=LICENCE_ADDRESS) + "\n"


def _part(release: Release, process: Process, t: Texts) -> dict[str, Any]:
    """All that is said in one language."""
    found, survey = release.results, process.survey
    if not found.responses:
        intro, asked = t("stats.too_few"), []
    else:
        dates = {"opens": t.short_date(survey.opens), "closes": t.short_date(survey.closes)}
        intro, asked = t("report.intro", count=t.number(found.responses), **dates), topics(survey)
    wishes = release.wishes[:MOST_WISHES]
    more = len(release.wishes) - len(wishes)
    return {
        "tag": t.language,
        "language": t("language.name"),
        "languages": t("report.languages"),
        "title": t("report.title", title=t.of(process.title)),
        "intro": intro.split("\n"),
        "made": t("report.made", organiser=process.organiser, day=t.short_date(release.day)),
        "rounded": "" if found.exact else t("results.rounded"),
        "contents": t("report.contents"),
        "answer": t("report.answer"),
        "count": t("report.count"),
        "percent": t("report.percent"),
        "topics": [_topic(topic, release, t) for topic in asked],
        "wishes_title": t("report.wishes") if survey.permissions else "",
        "wishes_how": (t("report.wishes_how") if wishes else t("report.no_wishes")).split("\n"),
        "wishes": [
            {"tag": wish.language, "text": wish.text, "voices": wording.voices(wish.voices, t)} for wish in wishes
        ],
        "more_wishes": t.counted("report.more_wishes", more) if more else "",
        "method_title": t("report.method"),
        "method": [line for note in method_notes(release, process, t) for line in note.split("\n")],
        "licence": t("report.licence"),
    }


def _topic(topic: Topic, release: Release, t: Texts) -> dict[str, Any]:
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja

    drawing = wording.picture(topic, release.results, t, with_title=False)
    tables = [release.results.tables[question.id] for question in topic.questions]
    return {
        "id": f"{t.language}-{topic.number}",
        "title": wording.title(topic, t),
        "asks": wording.asks(topic, t),
        # The drawing is ours, and what it says was escaped when it was drawn.
        "picture": Markup(drawing) if drawing else "",  # noqa: S704
        "tables": [_table(topic, table, t) for table in tables],
    }


def _table(topic: Topic, table: Table, t: Texts) -> dict[str, Any]:
    question = table.question
    single = len(topic.questions) == 1
    name = wording.title(topic, t) if single else t.of(question.short)
    notes = [] if countable(question) else [t("results.own_words")]
    notes += [one for one in (*wording.mean(table, t).split("\n"), *wording.base(table, t)) if one]
    notes += [t("results.several")] if isinstance(question, SeveralQuestion) else []
    notes += [] if table.complete else [t("results.kept_back")]
    lines = []
    for answer, count in table.lines:
        part = share(count, table.answered)
        percent = t("report.percent_of", percent=round(part * 100)) if part is not None else wording.shown(None, t)
        lines.append((wording.label_of(question, answer, t), wording.shown(count, t), percent))
    return {"caption": t("report.table", title=name), "lines": lines, "notes": notes}
