"""The page of results before axe-core, in a real browser, in every language; and at the width of a telephone."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot import app as application
from bot.report import open_data
from bot.report.page import page
from tests import simulated
from tests.channels import installed
from tests.published import AFTERWARDS
from tests.talk import config_in

RUN = """<script>
const result = (value) => { document.body.innerHTML = ''; const pre = document.createElement('pre');
  pre.id = 'result'; pre.textContent = JSON.stringify(value); document.body.append(pre); };
const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
axe.run(document).then((found) => result({
  wide, passed: found.passes.length, shown: [...document.querySelectorAll('h1')].filter((h) => h.offsetParent).length,
  violations: found.violations.map((v) => ({id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html.slice(0, 120))})),
  unclear: found.incomplete.map((v) => v.id),
}));
</script>"""


@pytest.fixture(scope="session")
def browser() -> str:
    """A Chromium of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed here: apt-get install chromium makes this test real")
    return found


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core as a script."""
    try:
        return installed.axe().read_text(encoding="utf-8")
    except installed.CannotInstallError as error:
        pytest.skip(f"axe-core cannot be fetched here: {error}")


def seen_by(browser: str, folder: Path, content: str, fragment: str, width: int = 1200) -> str:
    """The document as it is after its scripts have run."""
    file = folder / "page.html"
    file.write_text(content, encoding="utf-8")
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", *quiet),
            *(f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900", "--virtual-time-budget=30000"),
            *("--dump-dom", f"{file.as_uri()}#{fragment}"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("language", ["de", "de-simple", "en"])
@pytest.mark.parametrize("count", [3, 60, 800])
async def test_the_page_has_no_barrier_that_a_program_can_find(
    tmp_path: Path, browser: str, axe: str, language: str, count: int
) -> None:
    config = config_in(tmp_path)
    process, languages = application.load_process(config)
    memory = application.open_memory(config, process)
    await memory.open()
    await simulated.fill(memory, process.survey, count, process.languages)
    await simulated.judge_wishes(memory, lambda _: "released")
    release = await open_data.gathered(memory, process, AFTERWARDS)
    await memory.close()
    content = page(release, process, languages, process.languages)
    script = f"<script>{axe}</script>{RUN}</body>"
    examined = content.replace("</body>", script)
    found = re.search(r'<pre id="result">(.*?)</pre>', seen_by(browser, tmp_path, examined, language), re.DOTALL)
    assert found, "axe gave no result"
    result: dict[str, Any] = json.loads(html.unescape(found[1]))
    assert result["violations"] == []
    assert result["shown"] == 1
    assert result["passed"] > 15
    assert not result["wide"]


async def test_at_the_width_of_a_telephone_nothing_has_to_be_scrolled_sideways(tmp_path: Path, browser: str) -> None:
    config = config_in(tmp_path)
    process, languages = application.load_process(config)
    memory = application.open_memory(config, process)
    await memory.open()
    await simulated.fill(memory, process.survey, 300, process.languages)
    release = await open_data.gathered(memory, process, AFTERWARDS)
    await memory.close()
    inner = html.escape(page(release, process, languages, ["de"]), quote=True)
    measure = (
        "<script>const frame = document.querySelector('iframe'); frame.onload = () => {"
        "const root = frame.contentDocument.documentElement;"
        "document.body.innerHTML = `<pre>${root.scrollWidth} ${root.clientWidth}</pre>`; };</script>"
    )
    around = f'<body><iframe style="width:390px;height:800px;border:0" srcdoc="{inner}"></iframe>{measure}</body>'
    found = re.search(r"<pre>(\d+) (\d+)</pre>", seen_by(browser, tmp_path, around, ""))
    assert found
    assert int(found[1]) <= int(found[2]) <= 390
