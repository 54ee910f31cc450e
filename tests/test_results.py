"""Results against an independent count: every figure of the page and of the open data."""

import csv
import io
import json
import re
from pathlib import Path

from sqlalchemy import Connection, text

from bot import app as application
from bot.core.questions.choice import ScaleQuestion
from bot.core.statistics import countable
from bot.report import drawing, open_data
from bot.report.page import page
from bot.report.pictures import png
from storage.database import database
from tests import simulated
from tests.published import AFTERWARDS, Tables, filled, unpacked
from tests.talk import OPEN, config_in


def counted_by_sql(connection: Connection, question: str, option: str) -> int:
    """People who gave an answer, counted the plain way."""
    statement = text(
        "SELECT count(DISTINCT response_id) FROM response_answers WHERE question = :q AND value = :v AND NOT missing"
    )
    return int(connection.execute(statement, {"q": question, "v": option}).scalar_one())


def people_by_sql(connection: Connection, question: str, kind: str) -> int:
    conditions = {"answered": "NOT missing", "asked": "1 = 1"}
    where = conditions.get(kind, f"missing AND value = '{kind}'")
    statement = f"SELECT count(DISTINCT response_id) FROM response_answers WHERE question = :q AND {where}"  # noqa: S608
    return int(connection.execute(text(statement), {"q": question}).scalar_one())


async def test_every_figure_of_5000_responses_is_that_of_an_independent_count(tmp_path: Path) -> None:
    process, memory = await filled(tmp_path, 5000)
    _, languages = application.load_process(config_in(tmp_path))
    release = await open_data.gathered(memory, process, AFTERWARDS)
    html = page(release, process, languages, ["en"])
    await memory.close()
    stored = database("sqlite:///data/mitreden.db", tmp_path)
    t = languages["en"]
    assert "5,000 people answered" in html
    found = Tables(html)
    rows = {caption: table[1:] for caption, table in found.tables}
    checked = 0
    for question in process.survey.questions:
        if not countable(question) or question.type == "own_words":
            continue
        battery = process.survey.battery_of(question.id)
        number = next(
            place
            for place, written in enumerate(process.survey.written, 1)
            if question in written.asked() or written.id == (battery.id if battery else question.id)
        )
        title = t.of(question.short) if battery else f"Question {number}, {t.of(question.short)}"
        answered = await stored.read(lambda c, q=question.id: people_by_sql(c, q, "answered"))  # type: ignore[misc]
        weighed = 0
        for option, row in zip(question.answers(), rows[f"Numbers for: {title}"], strict=True):
            real = await stored.read(lambda c, q=question.id, o=option.id: counted_by_sql(c, q, o))  # type: ignore[misc]
            label = next(choice.label for choice in question.choices(t) if choice.key == option.id)
            assert row == [label, f"{real:,}", f"{round(real / answered * 100)}%"]
            weighed += (option.value or 0) * real
            checked += 2
        if isinstance(question, ScaleQuestion):
            mean = f"{abs(weighed / answered):.2f}"
            assert any(re.match(rf"Mean: [+−]{re.escape(mean)}\. ", note) for note in found.notes), (question.id, mean)
        asked = await stored.read(lambda c, q=question.id: people_by_sql(c, q, "asked"))  # type: ignore[misc]
        assert f"{answered:,} of the {asked:,} people asked gave an answer." in found.notes
        checked += 2
    await stored.close()
    assert checked > 150


async def test_the_open_data_hold_the_same_figures_and_no_small_one(tmp_path: Path, database_url: str) -> None:
    process, memory = await filled(tmp_path, 160, database_url)
    await simulated.judge_wishes(memory, lambda number: "held" if number % 2 else "released")
    await simulated.support_wishes(memory)
    _, languages = application.load_process(config_in(tmp_path))
    release = await open_data.gathered(memory, process, AFTERWARDS)
    files = unpacked(open_data.archive(release, process, languages))
    released = await memory.results.wishes("released")
    await memory.close()
    assert set(files) == {
        *("codebook.json", "licence.txt", "results.csv", "wishes.csv"),
        *(f"method.{language}.txt" for language in process.languages),
    }
    stored = database(database_url, tmp_path)
    rows = list(csv.DictReader(io.StringIO(files["results.csv"].removeprefix("\ufeff")), delimiter=";"))
    kept_back = 0
    for row in rows:
        if row["kind"] in {"responses", "mean"}:
            continue
        if row["kind"] == "answer":
            real = await stored.read(lambda c, r=row: counted_by_sql(c, r["question"], r["answer"]))  # type: ignore[misc]
        else:
            real = await stored.read(lambda c, r=row: people_by_sql(c, r["question"], r["kind"]))  # type: ignore[misc]
        if row["note"] == "kept_back":
            kept_back += 1
            assert row["count"] == ""
            continue
        assert row["count"] == str(real)
        assert not 0 < real < 5
    await stored.close()
    assert kept_back
    book = json.loads(files["codebook.json"])
    assert book["responses"] == 160
    assert book["languages"] == list(process.languages)
    assert set(book["missing"]) == {"no_answer", "skipped", ""}
    wishes = list(csv.DictReader(io.StringIO(files["wishes.csv"].removeprefix("\ufeff")), delimiter=";"))
    assert sorted(row["text"] for row in wishes) == sorted(wish.text for wish in released)
    assert all(not row["supporters"] or not 0 < int(row["supporters"]) < 5 for row in wishes)
    assert "dl-de/by-2-0" in files["licence.txt"]


async def test_as_long_as_answers_come_in_every_published_count_is_rounded(tmp_path: Path) -> None:
    """Two releases then differ by nobody or by five people at least."""
    process, memory = await filled(tmp_path, 63)
    before = await open_data.gathered(memory, process, OPEN)
    await simulated.fill(memory, process.survey, 2, seed=3)
    after = await open_data.gathered(memory, process, OPEN)
    await memory.close()
    assert not before.results.exact
    for id_, table in after.results.tables.items():
        earlier = dict(before.results.tables[id_].lines)
        for answer, count in table.lines:
            assert count is not None
            assert count % 5 == 0
            assert abs(count - (earlier.get(answer) or 0)) not in {1, 2, 3, 4}


async def test_the_page_needs_nothing_from_elsewhere_and_says_its_language(tmp_path: Path) -> None:
    process, memory = await filled(tmp_path, 300)
    _, languages = application.load_process(config_in(tmp_path))
    release = await open_data.gathered(memory, process, AFTERWARDS)
    await memory.close()
    html = page(release, process, languages, process.languages)
    found = Tables(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(found.tags)
    assert not re.findall(r"(?:src|url\()\s*=?\s*[\"']?(?:https?:)?//", html)
    assert '<html lang="de">' in html
    assert "läuft" not in html, "the survey is over when this is read"
    for language in process.languages:
        assert f'<article id="{language}" lang="{language}">' in html
    assert all(found.alternatives)
    assert len(found.alternatives) == len(set(found.alternatives)) >= 14 * len(process.languages) - 3


async def test_results_of_fewer_than_five_people_are_not_published(tmp_path: Path) -> None:
    process, memory = await filled(tmp_path, 4)
    _, languages = application.load_process(config_in(tmp_path))
    for now in (OPEN, AFTERWARDS):
        release = await open_data.gathered(memory, process, now)
        html = page(release, process, languages, ["de"])
        if now is AFTERWARDS:
            assert "zu wenige Antworten" in html
            assert "<table>" not in html
        counts = [row[1] for _, table in Tables(html).tables for row in table[1:]]
        assert not {"1", "2", "3", "4"} & set(counts)
    await memory.close()


def test_a_picture_is_a_png_of_a_telephone_and_says_everything_in_words() -> None:
    bars = [drawing.Bar("Öffnungszeiten & <Termine>", "12 (40 %)", 0.4), drawing.Bar("Übrig", "nicht gezeigt", None)]
    svg = drawing.bars(bars, title="Was ist wichtig?", below=["n = 30"], alternative="Bild & mehr")
    for words in ("Öffnungszeiten &amp; &lt;Termine&gt;", "12 (40 %)", "nicht gezeigt", "Was ist wichtig?", "n = 30"):
        assert words in svg
    content = png(svg)
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == drawing.WIDTH * 3
    assert len(content) < 200_000


def test_a_scale_is_drawn_around_its_middle() -> None:
    rows = [drawing.Balance("A", (0.5, 0.0, 0.0, 0.0, 0.5), "n"), drawing.Balance("B", None, "nicht gezeigt")]
    svg = drawing.balance(rows, ["1", "2", "3", "4", "5"])
    boxes = [
        (float(x), float(width)) for x, width in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    ]
    assert (drawing.EDGE, 168.0) in boxes  # half to the left of the middle
    assert (drawing.WIDTH / 2, 168.0) in boxes  # and half to the right
    assert "nicht gezeigt" in svg
