"""What a spreadsheet or a browser would run is text in everything that is handed out."""

import csv
import io
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import app as application
from bot.export import as_csv, as_xlsx, read_cell, safe_cell
from bot.report import open_data
from bot.report.page import page
from storage.responses import StoredResponse
from storage.wishes import Wish
from tests import simulated
from tests.published import AFTERWARDS, Tables, filled
from tests.talk import OPEN, config_in

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
