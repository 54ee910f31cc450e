"""Plays the calendar with simulated people and no network, so that organisers see what would go to whom and when."""

import csv
import io
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, groupby
from pathlib import Path

import msgspec

from bot import app as application
from bot.channels.terminal import NAME
from bot.clock import Clock, parse_instant
from bot.config import Config, StorageSection
from bot.core.messages import Address, Incoming, Memory, Outgoing, Receive
from bot.core.process import Process
from bot.core.reminders import last_call
from bot.problems import UserError
from bot.reloading import Loaded

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message of the bot's own accord: when, to whom, about which event if any, and its words."""

    at: datetime
    person: str
    language: str
    event: str
    silent: bool
    text: str


class _SteppedClock(Clock):
    """A clock that jumps from one thing that happens to the next."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at

    def now(self) -> datetime:
        return self.at.astimezone(UTC)


class _Notebook:
    """A channel to nobody, which notes what is said unasked."""

    name = NAME
    repeatable = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.languages: dict[str, str] = {}
        self.unasked = False
        self.told: list[Told] = []

    def serves(self, to: Address) -> bool:
        """Everybody there is."""
        return to.channel == self.name

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Nobody writes of their own accord."""

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        """Note a message. Replies are not what this is about."""
        if self.unasked:
            told = Told(
                at=self._clock.now(),
                person=to.user,
                language=self.languages[to.user],
                event=message.about,
                silent=message.silent,
                text=message.text,
            )
            self.told.append(told)
        return key


def span(process: Process, begin: str | None, end: str | None) -> Span:
    """From when to when; by default the whole process and all its events. Raises UserError."""
    first = datetime.combine(process.opens, datetime.min.time(), process.zone) + timedelta(hours=9)
    last = process.ends_at() + timedelta(days=1)
    begins = parse_instant(begin, process.zone, "--from") if begin else first
    ends = parse_instant(end, process.zone, "--to") if end else last
    if begins >= ends:
        raise UserError("--from has to be before --to. Correct one of them.")
    return begins, ends


async def played(config: Config, loaded: Loaded, during: Span, people: int) -> list[Told]:
    """What so many simulated people would be told. The same people come in every rehearsal."""
    begin, end = during
    clock = _SteppedClock(begin)
    notebook = _Notebook(clock)
    with tempfile.TemporaryDirectory(prefix="mitreden-rehearsal-") as folder:
        elsewhere = msgspec.structs.replace(config, storage=StorageSection(), base=Path(folder))
        async with application.opened(elsewhere, clock, {NAME: notebook}, {}, loaded) as app:
            agenda = sorted(_agenda(loaded[0], begin, people), key=lambda entry: entry[0])
            notebook.languages = {message.sender.user: message.language or "" for _, message in agenda}
            calls = last_call(loaded[0].survey_ends_at() - timedelta(seconds=1), app.duties.quiet)
            while clock.at < end:
                while agenda and agenda[0][0] <= clock.at:
                    await app.dispatch.receive([agenda.pop(0)[1]])
                notebook.unasked = True
                await app.duties.all_at_once()
                notebook.unasked = False
                ahead = [at for at, _ in agenda[:1]] + [calls] + [await app.memory.diary.next_due() or end]
                following = min([at for at in ahead if at > clock.at], default=end)
                late = app.duties.quiet.after(clock.at)
                clock.at = min(following, late) if late > clock.at else following
    return notebook.told


def _agenda(process: Process, begin: datetime, people: int) -> Iterator[tuple[datetime, Incoming]]:
    """What the simulated people say and when: wishes to be reminded, an unfinished survey now and then."""
    chance = random.Random(people)  # noqa: S311 - the same people in every rehearsal
    numbers = count()
    coming = [event for event in process.events if event.starts_at > begin and not event.cancelled]
    for number in range(1, people + 1):
        name = f"person {number}"
        language = process.languages[number % len(process.languages)]
        at = begin + timedelta(minutes=15 * chance.randint(0, 4 * 72))
        said = ["/erinnern alle"]
        if coming and number % 2 == 0:
            event = chance.choice(coming)
            said = [f"/erinnern {event.id}"]
            at = max(begin, min(at, event.starts_at - timedelta(days=2)))
        if number % 3 == 0:
            said += ["/erinnern", "change-times", "week", "done"]
        if number % 5 == 0:
            said += ["/umfrage", "yes"]
        if coming and number % 7 == 0:
            said += [f"/termine {chance.choice(coming).id}", "no"]
        for text in said:
            sender = Address(NAME, name, name)
            yield at, Incoming(id=f"{next(numbers)}", sender=sender, sent_at=at, text=text, language=language)


def table(told: Sequence[Told], process: Process) -> str:
    """Who is told what and when, a line for each occasion, and a summary."""
    rows = [("when", "about", "people", "which")]
    for (at, event, silent), group in groupby(sorted(told, key=_occasion), key=_occasion):
        numbers = sorted(int(one.person.removeprefix("person ")) for one in group)
        listed = ", ".join(str(number) for number in numbers[:12]) + (", …" if len(numbers) > 12 else "")
        note = listed + (" (without a sound)" if silent else "")
        rows.append((_when(at, process), _about(event, at, process), str(len(numbers)), note))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    ]
    people = {one.person for one in told}
    most = max((sum(one.person == person for one in told) for person in people), default=0)
    summary = f"{len(told)} messages to {len(people)} people, at most {most} to one of them."
    return "\n".join([*(line.rstrip() for line in lines), "", summary])


def as_csv(told: Sequence[Told], process: Process) -> str:
    """A row for each message, as spreadsheets like it."""
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(["when", "person", "language", "event", "silent", "text"])
    for one in told:
        at = one.at.astimezone(process.zone).isoformat(timespec="minutes")
        writer.writerow([at, one.person, one.language, one.event, "yes" if one.silent else "no", one.text])
    return "\ufeff" + lines.getvalue()


def _occasion(told: Told) -> tuple[datetime, str, bool]:
    return told.at, told.event, told.silent


def _when(at: datetime, process: Process) -> str:
    return f"{at.astimezone(process.zone):%a %d %b %Y, %H:%M}"


def _about(name: str, at: datetime, process: Process) -> str:
    event = process.find_event(name)
    if event is None:
        return "unfinished survey"
    hours = round((event.starts_at.astimezone(UTC) - at) / timedelta(hours=1))
    number, unit = (hours, "hour") if hours < 24 else (round(hours / 24), "day")
    return f"{event.place}, {number} {unit}{'' if number == 1 else 's'} before"
