"""`mitreden export`: a spreadsheet runs nothing, and every answer is there and explained."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot import export, locales
from bot.content import load_process
from bot.core.questions.figures import NumberQuestion
from bot.paths import LOCALES
from storage.responses import StoredResponse
from tests.commands import NOW, ONES, lines, mitreden
from tests.talk import BEISPIELSTADT


def test_the_csv_quotes_formulas_of_free_text_and_nothing_else(tmp_path: Path) -> None:
    no_user = ("/umfrage", "1", "1", "4", "1", "1", "1", '=HYPERLINK("http://x"); "a"', "1", "1", "1", "1", "1")
    mitreden(tmp_path, "chat", *NOW, said=lines(*no_user))
    exported = mitreden(tmp_path, "export", "--format", "csv", "--output", "answers.csv")
    assert exported.returncode == 0
    raw = (tmp_path / "answers.csv").read_bytes()
    assert raw.startswith("\ufeff".encode())
    header, row = raw.decode("utf-8-sig").splitlines()
    cells = dict(zip(header.split(";"), _cells(row), strict=True))
    assert cells['"wish"'] == '"\'=HYPERLINK(""http://x""); ""a"""'
    assert cells['"priorities"'] == '"near_home"'
    assert cells['"office"'] == '""'
    assert (tmp_path / "answers.csv").stat().st_mode & 0o077 == 0


def _cells(row: str) -> list[str]:
    """The quoted fields of a row, quotes kept."""
    cells, field, quoted = [], "", False
    for character in row:
        quoted ^= character == '"'
        if character == ";" and not quoted:
            cells.append(field)
            field = ""
        else:
            field += character
    return [*cells, field]


def test_results_asked_for_where_there_is_no_database_say_so_and_leave_nothing_there(tmp_path: Path) -> None:
    """Given in another folder, the command once handed out empty results without a word, and made a key there."""
    exported = mitreden(tmp_path, "export", "--format", "json")
    assert (exported.returncode, exported.stdout.strip()) == (0, "[]")
    assert f"{tmp_path / 'data' / 'mitreden.db'}: there is no database yet" in exported.stderr
    reported = mitreden(tmp_path, "report", "--output", "page.html")
    assert "there is no database yet" in reported.stderr
    assert mitreden(tmp_path, "staff", "list").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_codebook_explains_every_id_and_the_figures_of_scales(tmp_path: Path) -> None:
    book = json.loads(mitreden(tmp_path, "export", "--codebook").stdout)
    questions = {question["id"]: question for question in book["questions"]}
    assert [option["value"] for option in questions["satisfaction"]["options"]] == [-2, -1, 0, 1, 2]
    assert set(book["missing"]) == {"no_answer", "skipped", ""}
    assert "aspects_waiting" in questions


def test_an_answer_to_a_question_that_changed_its_type_is_still_exported(tmp_path: Path) -> None:
    mitreden(tmp_path, "init", "city")
    here = ("--config", "city/config.toml")
    mitreden(tmp_path, *here, "chat", *NOW, said=lines("/umfrage", *ONES))
    survey = tmp_path / "city" / "content" / "survey.toml"
    old = survey.read_text(encoding="utf-8")
    survey.write_text(
        old.replace(
            'id = "wish"\ntype = "open"\nat_most = 1000', 'id = "wish"\ntype = "number"\nminimum = 0\nmaximum = 5'
        ).replace('publishes = "wish"\n', ""),
        encoding="utf-8",
    )
    assert survey.read_text(encoding="utf-8") != old
    exported = mitreden(tmp_path, *here, "export", "--format", "json")
    assert exported.returncode == 0, exported.stderr


@pytest.mark.parametrize("typed", ["0", "3", "2,50", "0.000001", "0,00005", "1000000"])
def test_a_number_is_exported_as_it_was_typed(typed: str) -> None:
    process = load_process(BEISPIELSTADT, locales.available(LOCALES))
    words = dict.fromkeys(process.languages, "Gewicht")
    weight = NumberQuestion(id="weight", text=words, short=words, decimals=6)
    process = replace(process, survey=replace(process.survey, written=(weight,)))
    value = weight.read(typed, locales.load(LOCALES, "de"))
    stored = {"weight": [(str(value), False)]}
    response = StoredResponse("a", process.survey.id, process.survey.version, "de", date(2026, 3, 5), stored)
    (exported,) = json.loads(export.as_json(process, [response]))
    assert exported["answers"] == {"weight": float(typed.replace(",", "."))}
