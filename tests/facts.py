"""The fact guard: every date, time and address in an answer has to stand in the content, or was named by the asker."""

import re
from collections.abc import Iterator
from datetime import date, datetime

from bot.core.process import Process
from bot.core.reading import Reading
from bot.core.texts import Texts

_FIGURES = re.compile(r"\d+")
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_DATE = re.compile(r"\b(\d{1,2})\b(?!:)[^\d\n]{1,14}?\b(20\d\d)\b")


def invented(answer: str, reading: Reading, process: Process, t: Texts) -> Iterator[str]:
    """Every figure of an answer that no fact of the content explains, as it stands there."""
    left = answer
    for known in _facts(process, reading, t):
        left = left.replace(known, " ")
    for found in _CLOCK.findall(left):
        yield f"time {found}"
    for found in _DATE.finditer(left):
        yield f"date {found[0]}"
    counts = {str(len(process.events)), str(len(reading.events)), "3", "9"}
    if reading.beside == "length":
        counts |= {str(process.survey.longest), str(process.survey.minutes)}
    yield from (f"figure {figure}" for figure in _FIGURES.findall(left) if figure not in counts)


def _facts(process: Process, reading: Reading, t: Texts) -> list[str]:
    """What may stand in an answer: whole dates, addresses, known answers; the longest first."""
    facts: set[str] = set()
    for event in process.events:
        moment: datetime = event.starts_at
        facts |= {t.instant(moment, process.zone), t.date(moment.date()), event.place, event.address}
        facts.add(moment.strftime("%H:%M"))
    days: list[date] = [process.opens, process.closes]
    if not reading.events and reading.span:
        days.append(reading.span.first)  # "am 28. November ist keine Veranstaltung": the asker named it
    if reading.span and reading.span.other:
        days += [reading.span.first, reading.span.other.first]
    for day in days:
        facts |= {t.date(day), t.short_date(day)}
    facts |= {text for known in process.answers for text in known.answer.values()}
    return sorted(facts, key=len, reverse=True)
