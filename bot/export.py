"""Submitted responses as files: JSON and CSV for analysis, and the codebook that explains them."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.core.process import Process
from bot.core.questions.figures import NumberQuestion
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.values import Missing
from storage.responses import StoredResponse

FORMULA_STARTS = tuple("=+-@\t\r\0＝＋－＠")
"""What a spreadsheet takes for a formula: OWASP ASVS 5.0, 1.2.10; the wide ones in East Asian versions."""
APOSTROPHE = "'"
HEAD = ("id", "day", "survey", "version", "language")
"""The columns that come first."""


def as_json(process: Process, responses: Iterable[StoredResponse]) -> str:
    """A list of `{id, day, survey, version, language, answers: {question: value}}`."""
    rows = [
        {
            "id": response.id,
            "day": response.day.isoformat(),
            "survey": response.survey,
            "version": response.version,
            "language": response.language,
            "answers": _answers(process, response),
        }
        for response in responses
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def as_csv(process: Process, responses: Iterable[StoredResponse]) -> str:
    """A row per response, every field quoted, divided by semicolons, with a byte order mark for spreadsheets.

    Several ids are joined by "|". A free text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in _rows(process, responses):
        writer.writerow(safe_cell(cell) if _free(process, name) else cell for name, cell in row.items())
    return "\ufeff" + lines.getvalue()


def _free(process: Process, column: str) -> bool:
    """Whether people wrote what stands in a column. Ids and numbers are no formulas, a "-2" among them."""
    question = process.survey.find(column)
    return column not in HEAD and (question is None or question.free_text)


def _rows(process: Process, responses: Iterable[StoredResponse]) -> Iterator[dict[str, str]]:
    """The names of the columns, then a row per response, by the names of the columns."""
    kept = list(responses)
    asked = [question.id for question in process.survey.questions]
    # Questions of an older version come last, so that no answer is missing from the file.
    columns = asked + sorted({name for response in kept for name in response.answers} - set(asked))
    yield {name: name for name in (*HEAD, *columns)}
    for response in kept:
        answers = _answers(process, response)
        head = (response.id, response.day.isoformat(), response.survey, str(response.version), response.language)
        yield {**dict(zip(HEAD, head, strict=True)), **{name: _cell(answers.get(name)) for name in columns}}


def as_xlsx(process: Process, responses: Iterable[StoredResponse]) -> bytes:
    """The same rows as a workbook. Every cell is typed as text, so that nothing is run and nothing is changed."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - loaded only where a workbook is written

    packed = io.BytesIO()
    workbook = Workbook(packed, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = workbook.add_worksheet("responses")
    bold = workbook.add_format({"bold": True})
    for number, row in enumerate(_rows(process, responses)):
        for place, cell in enumerate(row.values()):
            sheet.write_string(number, place, cell, None if number else bold)
    sheet.freeze_panes(1, 1)
    workbook.close()
    return packed.getvalue()


def codebook(process: Process) -> str:
    """What every question and option id means, in all languages, with the figures behind scales, as JSON."""
    return json.dumps(described(process), ensure_ascii=False, indent=2) + "\n"


def described(process: Process) -> dict[str, Any]:
    """The codebook before it is written."""
    survey = process.survey
    return {
        "survey": survey.id,
        "version": survey.version,
        "missing": {
            Missing.NO_ANSWER.value: 'asked; the person chose "don\'t know / no answer"',
            Missing.SKIPPED.value: "asked; the person skipped an optional question",
            "": "not asked: the question was not on this person's path",
        },
        "questions": [_entry(question) for question in survey.questions],
    }


def _entry(question: Question) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": question.id,
        "type": question.type,
        "short": dict(question.short),
        "text": dict(question.text),
        "optional": question.optional,
    }
    if question.answers():
        entry["options"] = [
            {"id": option.id, "label": dict(option.label)} | ({} if option.value is None else {"value": option.value})
            for option in question.answers()
        ]
    return entry


def _answers(process: Process, response: StoredResponse) -> dict[str, Any]:
    """Answers in the order of the survey, those of questions it no longer has at the end."""
    order = [question.id for question in process.survey.questions]
    names = [name for name in order if name in response.answers]
    names += [name for name in response.answers if name not in order]
    return {name: _value(process.survey.find(name), response.answers[name]) for name in names}


def _value(question: Question | None, stored: list[tuple[str, bool]]) -> Any:
    texts = [text for text, _ in stored]
    if any(missing for _, missing in stored):
        return texts[0]
    if isinstance(question, SeveralQuestion) or len(texts) > 1:
        order = {option.id: number for number, option in enumerate(question.answers())} if question else {}
        return sorted(texts, key=lambda text: order.get(text, len(order)))
    if isinstance(question, NumberQuestion):
        try:
            return int(texts[0]) if texts[0].lstrip("-").isdigit() else float(texts[0])
        except ValueError:
            return texts[0]  # given when the question was of another type
    return texts[0]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return "|".join(value) if isinstance(value, list) else str(value)


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe before what looks like a formula.

    What already begins with apostrophes before a formula gets one more: taking one off gives the text back.
    """
    bare = text.lstrip(APOSTROPHE)
    dangerous = bare.lstrip()[:1] in FORMULA_STARTS or bare[:1] in FORMULA_STARTS
    return APOSTROPHE + text if dangerous else text


def read_cell(cell: str) -> str:
    """The text of a cell that `safe_cell` made."""
    return cell[1:] if cell.startswith(APOSTROPHE) and safe_cell(cell[1:]) == cell else cell
