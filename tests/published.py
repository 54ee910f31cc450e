"""What is published of made-up responses, and what a reader finds in it."""

import io
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

from bot import app as application
from bot.core.process import Process
from storage.memory import Memory
from tests import simulated
from tests.talk import config_in

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


def unpacked(archive: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}
