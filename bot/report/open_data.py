"""The open data: a ZIP of tables, released wishes, codebook, method and licence, in which nobody can be found."""

import csv
import io
import json
import random
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from bot.core.process import Process
from bot.core.statistics import Counted, Figure, Results, countable, results
from bot.core.suppression import rounded, small
from bot.core.texts import Texts
from bot.export import described, safe_cell
from bot.report import wording
from storage.memory import Memory
from storage.wishes import Wish

LICENCE = "dl-de/by-2-0"
LICENCE_ADDRESS = "https://www.govdata.de/dl-de/by-2-0"
KEPT_BACK, ROUNDED = "kept_back", "rounded"


@dataclass(frozen=True, slots=True)
class Release:
    """What is published on a day: the tables, and the released wishes, the most supported first."""

    results: Results
    wishes: tuple[Wish, ...]
    day: date


async def gathered(memory: Memory, process: Process, now: datetime) -> Release:
    """The tables as they may be published now: exact once the survey is over, rounded while answers still come in."""
    survey = process.survey
    counted = await memory.results.counted(
        survey.id, [question.id for question in survey.questions if countable(question)]
    )
    found = results(survey, counted, exact=process.stage(now) == "over")
    agreed = [wish for wish in await memory.results.most_supported() if wish.question in survey.permissions]
    if not found.exact:
        agreed = [replace(wish, voices=rounded(wish.voices)) for wish in agreed]
    return Release(found, tuple(agreed), now.astimezone(process.zone).date())


def nothing(process: Process, now: datetime) -> Release:
    """What there is to publish before anybody has answered."""
    exact = process.stage(now) == "over"
    none = results(process.survey, Counted(0, {}, {}, {}), exact=exact)
    return Release(none, (), now.astimezone(process.zone).date())


def name(process: Process) -> str:
    """What the file is called."""
    return f"{process.id}-open-data.zip"


def archive(release: Release, process: Process, languages: Mapping[str, Texts]) -> bytes:
    """The ZIP file; the same content gives the same bytes but for the order of the wishes."""
    t = languages[process.languages[0]]
    files = {
        "results.csv": as_csv(_rows(release.results, process, t), number=3),
        "codebook.json": json.dumps(codebook(release, process), ensure_ascii=False, indent=2) + "\n",
        "licence.txt": _licence(process),
        **{f"method.{language}.txt": method(release, process, languages[language]) for language in process.languages},
    }
    if process.survey.permissions:
        files["wishes.csv"] = as_csv(_wishes(release), number=2)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for path, content in sorted(files.items()):
            stamp = (release.day.year, release.day.month, release.day.day, 0, 0, 0)
            file.writestr(zipfile.ZipInfo(path, stamp), content.encode("utf-8"), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def as_csv(rows: Iterable[Sequence[str]], number: int) -> str:
    """Rows for a spreadsheet: a byte order mark, semicolons, every field quoted, nothing that it would run.

    The column `number` holds figures of ours, of which "-0.45" is none to be afraid of.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows:
        writer.writerow(cell if place == number else safe_cell(cell) for place, cell in enumerate(row))
    return "\ufeff" + lines.getvalue()


def _rows(found: Results, process: Process, t: Texts) -> Iterator[list[str]]:
    """A line for each count: what is counted, how many, and whether the count is kept back or rounded."""
    note = "" if found.exact else ROUNDED
    yield ["question", "kind", "answer", "count", "note", "question_text", "answer_text"]
    yield ["", "responses", "", *_figure(found.responses, note), "", ""]
    for question in process.survey.questions:
        table = found.tables[question.id]
        words = question.wording(t)
        for answer, count in table.lines:
            label = wording.label_of(question, answer, t)
            yield [question.id, "answer", answer, *_figure(count, note), words, label]
        for kind in ("answered", "no_answer", "skipped", "asked"):
            yield [question.id, kind, "", *_figure(getattr(table, kind), note), words, ""]
        if table.mean is not None:
            yield [question.id, "mean", "", f"{table.mean:.2f}", note, words, ""]


def _figure(count: Figure, note: str) -> tuple[str, str]:
    return ("", KEPT_BACK) if count is None else (str(count), note)


def _wishes(release: Release) -> Iterator[list[str]]:
    """Own words in an order that says nothing, beside no other answer."""
    yield ["question", "text", "supporters", "note"]
    shuffled = list(release.wishes)
    random.SystemRandom().shuffle(shuffled)
    for wish in shuffled:
        few = small(wish.voices)
        yield [wish.question, wish.text, "" if few else str(wish.voices), KEPT_BACK if few else ""]


def codebook(release: Release, process: Process) -> dict[str, Any]:
    """What every id means in all languages, how many were asked and answered, and what the notes and markers mean."""
    book = described(process)
    for entry in book["questions"]:
        table = release.results.tables[entry["id"]]
        entry["asked"], entry["answered"] = table.asked, table.answered
    return {
        "process": process.id,
        "title": dict(process.title),
        "organiser": process.organiser,
        "licence": {"id": LICENCE, "url": LICENCE_ADDRESS},
        "languages": list(process.languages),
        "day": release.day.isoformat(),
        "responses": release.results.responses,
        "counts": "exact, small ones kept back" if release.results.exact else "rounded to multiples of 5",
        "notes": {
            KEPT_BACK: "1 to 4, or one from which a count of 1 to 4 would follow; null in this file",
            ROUNDED: "to the nearest multiple of 5, as long as answers still come in",
        },
        "kinds": {
            "responses": "submitted surveys",
            "answer": "people who gave this answer; where several may be given, each counts",
            "answered": "people who gave an answer of substance: the base of percentages",
            "asked": "people to whom the question was put",
            "mean": "mean of the values of a scale's points, or of numbers; two decimals",
        },
        **book,
    }


def method(release: Release, process: Process, t: Texts) -> str:
    """How it was asked and counted, in one language."""
    said = [t("report.title", title=t.of(process.title)), *method_notes(release, process, t)]
    return "\n\n".join([*said, f"{t('report.licence')}\n{LICENCE_ADDRESS}"]) + "\n"


def method_notes(release: Release, process: Process, t: Texts) -> list[str]:
    """The paragraphs of the method."""
    notes = [t("method.voluntary"), t("method.bases")]
    notes.append(t("method.kept_back") if release.results.exact else t("method.rounded"))
    if process.survey.permissions:
        notes.append(t("method.wishes"))
    return [*notes, t("method.licence", organiser=process.organiser)]


def _licence(process: Process) -> str:
    return (
        f"Datenlizenz Deutschland – Namensnennung – Version 2.0 ({LICENCE})\n{LICENCE_ADDRESS}\n\n"
        f"Quelle / source: {process.organiser}, {process.title[process.languages[0]]}\n"
    )
