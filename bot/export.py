"""Submitted responses as files: JSON and CSV for analysis, and the codebook that explains them."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from bot.core.process import Process
from bot.core.questions import NumberQuestion, Question, SeveralQuestion
from bot.core.values import Missing
from storage.responses import StoredResponse

FORMULA_STARTS = tuple("=+-@\t\r\0")
"""What a spreadsheet takes for a formula: OWASP ASVS 5.0, 1.2.10."""


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
    kept = list(responses)
    asked = [question.id for question in process.survey.questions]
    # Questions of an older version come last, so that no answer is missing from the file.
    columns = asked + sorted({name for response in kept for name in response.answers} - set(asked))
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(["id", "day", "survey", "version", "language", *columns])
    for response in kept:
        answers = _answers(process, response)
        cells = [_cell(process.survey.find(name), answers.get(name)) for name in columns]
        day = response.day.isoformat()
        writer.writerow([response.id, day, response.survey, response.version, response.language, *cells])
    return "\ufeff" + lines.getvalue()


def codebook(process: Process) -> str:
    """What every question and option id means, in all languages, with the figures behind scales, as JSON."""
    survey = process.survey
    book = {
        "survey": survey.id,
        "version": survey.version,
        "missing": {
            Missing.NO_ANSWER.value: 'asked; the person chose "don\'t know / no answer"',
            Missing.SKIPPED.value: "asked; the person skipped an optional question",
            "": "not asked: the question was not on this person's path",
        },
        "questions": [_entry(question) for question in survey.questions],
    }
    return json.dumps(book, ensure_ascii=False, indent=2) + "\n"


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


def _cell(question: Question | None, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(value)
    text = str(value)
    typed_by_a_person = question is None or question.free_text
    return f"'{text}" if typed_by_a_person and _looks_like_formula(text) else text


def _looks_like_formula(text: str) -> bool:
    return text.lstrip()[:1] in FORMULA_STARTS or text[:1] in FORMULA_STARTS
