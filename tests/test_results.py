"""Results against an independent count: every figure of the page, of the open data and of the chat."""

import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from bot import app as application
from bot.core.messages import Outgoing
from bot.core.process import Process
from bot.core.questions.choice import ScaleQuestion
from bot.core.statistics import countable
from bot.export import as_csv, as_xlsx, read_cell, safe_cell
from bot.report import drawing, open_data
from bot.report.page import page
from bot.report.pictures import png
from storage.database import database
from storage.memory import Memory
from storage.responses import StoredResponse
from storage.wishes import Wish
from tests import simulated
from tests.talk import OPEN, Talk, config_in, talking

AFTERWARDS = datetime(2026, 1, 10, 12, tzinfo=UTC)
LANGUAGES = ("de", "en", "de-simple")


async def filled(folder: Path, count: int, url: str = "sqlite:///data/mitreden.db") -> tuple[Process, Memory]:
    """A bot's memory with made-up responses."""
    config = config_in(folder, None, url)
    process, _ = application.load_process(config)
    memory = application.open_memory(config, process)
    await memory.open()
    await simulated.fill(memory, process.survey, count, LANGUAGES)
    return process, memory


class Tables(HTMLParser):
    """What a screen reader finds in the page: tables with their captions, headings, alternatives of pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[tuple[str, list[list[str]]]] = []
        self.notes: list[str] = []
        self.alternatives: list[str] = []
        self.tags: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside.append(tag)
        if tag == "svg":
            self.alternatives.append(dict(attrs).get("aria-label") or "")
        if tag == "table":
            self.tables.append(("", []))
        if tag == "tr":
            self.tables[-1][1].append([])
        if tag in {"td", "th"}:
            self.tables[-1][1][-1].append("")
        if tag == "li":
            self.notes.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside == "caption":
            self.tables[-1] = (data, self.tables[-1][1])
        if inside in {"td", "th"}:
            self.tables[-1][1][-1][-1] += data
        if "li" in self._inside and self.notes:
            self.notes[-1] += data


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


def unpacked(archive: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


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


HOSTILE = [
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "  =1+1",
    "\n=1+1",
    "'=1+1",
    "''+x",
    "＝1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><h1>x</h1>",
    "{{ 7*7 }}{% raw %}",
    "]]><svg onload=alert(1)>",
    "&lt;b&gt;",
    "_x0041_ and _x000D_",  # Excel's own way to write a character
    'a;b"c""d',
    "Zeile 1\nZeile 2",
    "مرحبا 🙂",
    "%s %n \\ $(id) `id`",
]


def hostile(count: int) -> list[str]:
    """Strings that somebody could do harm with, and many put together from their parts."""
    chance = simulated.dice(7)
    parts = [*HOSTILE, *"=+-@<>&\"';|{}%\\", "script", "img src=x", "=cmd", " ", "\n", "ä", "🙂"]
    made = ["".join(chance.choices(parts, k=chance.randint(1, 6))).strip() or "=" for _ in range(count - len(HOSTILE))]
    return HOSTILE + made


def test_1000_hostile_strings_are_no_formula_in_csv_or_xlsx_and_come_back_as_they_were() -> None:
    from openpyxl import load_workbook  # noqa: PLC0415 - tests only

    process, _ = application.load_process(config_in(Path()))
    texts = hostile(1000)
    responses = [
        StoredResponse(f"{number:032x}", "buergeraemter", 1, "de", OPEN.date(), {"wish": [(one, False)]})
        for number, one in enumerate(texts)
    ]
    written = as_csv(process, responses)
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""), delimiter=";"))
    column = rows[0].index("wish")
    assert [read_cell(row[column]) for row in rows[1:]] == texts
    assert not [cell for row in rows for cell in row if cell.lstrip()[:1] in set("=+-@＝＋－＠")]
    sheet = load_workbook(io.BytesIO(as_xlsx(process, responses))).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    assert not [cell.value for row in sheet.iter_rows() for cell in row if cell.value and cell.data_type == "n"]
    assert [sheet.cell(number, column + 1).value for number in range(2, 1002)] == texts


@given(st.text(max_size=30))
@settings(deadline=None)
def test_any_text_comes_back_from_a_cell(typed: str) -> None:
    assert read_cell(safe_cell(typed)) == typed


async def test_1000_hostile_wishes_are_text_in_the_page_and_nothing_else(tmp_path: Path) -> None:
    process, memory = await filled(tmp_path, 40)
    _, languages = application.load_process(config_in(tmp_path))
    release = await open_data.gathered(memory, process, AFTERWARDS)
    await memory.close()
    clean = Tables(page(release, process, languages, ["de"]))
    wishes = tuple(Wish(f"{number:016x}", "wish", one, "de", "released", 0) for number, one in enumerate(hostile(1000)))
    for start in range(0, 1000, 100):
        some = wishes[start : start + 100]
        html = page(open_data.Release(release.results, some, release.day), process, languages, ["de"])
        found = Tables(html)
        assert set(found.tags) - set(clean.tags) <= {"q", "ol", "li"}
        assert "script" not in found.tags
        shown = re.findall(r"<q[^>]*>(.*?)</q>", html, re.DOTALL)
        import html as html_module  # noqa: PLC0415 - the name is taken by the page

        assert [html_module.unescape(one) for one in shown] == [wish.text for wish in some]


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


async def staff_of(folder: Path, anna: Talk, role: str, user: str = "stefan") -> Talk:
    """Somebody who has joined the staff."""
    await anna.app.memory.invite("TEAM-AAAAA-BBBBB", role, anna.app.clock.now(), OPEN.replace(year=2030))
    stefan = anna.another(user)
    await stefan.say("TEAM-AAAAA-BBBBB")
    return stefan


@pytest.mark.parametrize(
    "command", ["/statistik", "/statistik 5", "/export", "/wuensche_pruefen", "Statistik", "Export"]
)
async def test_results_are_for_staff_only(tmp_path: Path, command: str) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await simulated.fill(anna.app.memory, anna.app.process.survey, 30)
        editor = await staff_of(tmp_path, anna, "editor" if command != "/wuensche_pruefen" else "analyst")
        for person in (anna, editor):
            said = await person.say(command)
            assert not any("Umfrage begonnen" in one.text or one.attachment or "offen," in one.text for one in said)


async def test_statistics_come_as_text_first_then_as_a_picture_with_the_same_words(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await simulated.fill(anna.app.memory, anna.app.process.survey, 300, LANGUAGES)
        analyst = await staff_of(tmp_path, anna, "analyst")
        words, picture = await analyst.say("/statistik 5")
        assert words.text.startswith("Frage 5, Zufriedenheit insgesamt")
        assert "Mittelwert: " in words.text
        assert picture.attachment is not None
        assert (picture.attachment.media_type, picture.attachment.content[:4]) == ("image/png", b"\x89PNG")
        assert "Zufriedenheit insgesamt" in picture.text
        for number in range(7):
            guest = anna.another(f"guest {number}")
            await guest.say_all("/termine", "1", "3")
        (overview,) = await analyst.say("/statistik")
        assert "– Leonore-Goldschmidt-Schule (IGS Mühlenberg): 7 kommen, 0 vielleicht, 0 kommen nicht." in overview.text
        assert "abgesendet: 300 (100 %)" in overview.text
        crossed = await analyst.say("/statistik 5 nach stadtbezirk")
        assert "Linden-Limmer" in crossed[0].text
        assert crossed[-1].attachment is not None
        assert "Diese Frage gibt es nicht" in (await analyst.say("/statistik 99"))[0].text
        assert "lassen sich diese Fragen nicht" in (await analyst.say("/statistik 5 nach wunsch"))[0].text
        everything = await analyst.say("/statistik alle")
        assert sum(one.attachment is not None for one in everything) == 15
        (data,) = await analyst.say("/export")
        assert data.attachment is not None
        assert "results.csv" in unpacked(data.attachment.content)


async def test_slow_work_lets_others_be_answered_meanwhile(tmp_path: Path) -> None:
    """The answer to who asked for all pictures comes after that of somebody who wrote later."""
    async with talking(config_in(tmp_path)) as anna:
        await simulated.fill(anna.app.memory, anna.app.process.survey, 300)
        analyst = await staff_of(tmp_path, anna, "admin")
        await anna.app.dispatch.receive([analyst.incoming(text="/statistik alle")])
        await anna.app.dispatch.receive([anna.incoming(text="/hilfe")])
        await anna.app.dispatch.afterwards.idle()
        sent: list[Outgoing] = [message for _, message in anna._recorder.sent]  # noqa: SLF001 - the test's own recorder
        last_picture = max(place for place, one in enumerate(sent) if one.attachment)
        help_at = max(place for place, one in enumerate(sent) if one.text.startswith("Das kann ich"))
        assert help_at < last_picture


async def test_work_that_fails_is_apologised_for(tmp_path: Path, capsys: Any) -> None:
    async with talking(config_in(tmp_path)) as anna:
        analyst = await staff_of(tmp_path, anna, "admin")
        await simulated.fill(anna.app.memory, anna.app.process.survey, 10)
        stored = database("sqlite:///data/mitreden.db", tmp_path)
        await stored.write(lambda connection: connection.execute(text("ALTER TABLE response_answers RENAME TO gone")))
        said = await analyst.say("/statistik 5")
        await stored.write(lambda connection: connection.execute(text("ALTER TABLE gone RENAME TO response_answers")))
        await stored.close()
        assert "schiefgegangen" in said[0].text
    assert "job_failed" in capsys.readouterr().out
