"""What a step of the survey costs beside plain sqlite3, and a start beside plain Python: one table, made in one run.

Run `python -m benchmarks.conversation` on a machine with nothing else to do. Absolute figures belong to that machine
and its disk; the last column is what can be compared.
"""

import asyncio
import os
import platform
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path

from benchmarks import starts
from benchmarks.figures import Cost, Costs, medians, steps_line, timed
from bot import app as application
from bot.clock import Clock
from bot.config import Config
from bot.core import interview
from bot.core.conversation import Consent, Person, Vocabulary
from bot.core.messages import Address, Incoming, Memory, Outgoing, Receive
from bot.core.process import Process
from bot.core.survey import Progress
from bot.core.texts import Texts
from handlers import SPOKEN
from storage.changes import Changes

ROUNDS = 5
"""How often everything is measured in turn."""
STEPS = {1: 100, 10: 500, 100: 2000}
"""How many steps a round measures, by the number of messages in a batch."""
LANGUAGE = "de"
OPEN = datetime.fromisoformat("2025-11-10T10:00:00+01:00")
"""A moment at which the shipped survey can be taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A real answer: where the survey stood, what was typed, and where it stood afterwards."""

    before: Progress
    typed: str
    after: Progress


class Engine:
    """The pure steps of the shipped survey, and every answer on one way through it."""

    def __init__(self, process: Process, languages: Mapping[str, Texts]) -> None:
        self.process = process
        self._t = languages[LANGUAGE]
        self._vocabulary = Vocabulary(languages.values(), SPOKEN)
        self.way = tuple(self._answers())

    def step(self, before: Progress, typed: str) -> Progress:
        """One message read and answered, without storage."""
        survey, t = self.process.survey, self._t
        move = interview.read(survey, before, typed, self._vocabulary, t)
        assert move is not None, "every answer fits"
        return interview.advance(survey, before, move, t).progress

    def measure(self, steps: int, spent: list[Cost]) -> None:
        """Go the whole way again and again."""
        times = steps // len(self.way)
        with timed(times * len(self.way), spent):
            for _ in range(times):
                for answer in self.way:
                    assert self.step(answer.before, answer.typed) == answer.after

    def _answers(self) -> Iterator[Answer]:
        """From the first question to the review: numbers and labels in turn, own words where they are asked for."""
        progress = self.process.survey.begin()
        while question := self.process.survey.current(progress):
            choices = question.choices(self._t)
            ways_to_type = ("1", choices[0].label.lower()) if choices else ("Mehr Termine am Abend",)
            typed = ways_to_type[len(progress.answers) % len(ways_to_type)]
            after = self.step(progress, typed)
            yield Answer(progress, typed, after)
            progress = after


class Discard:
    """A channel that takes every message at once and keeps none."""

    name = "discard"
    repeatable = False

    def __init__(self) -> None:
        self.taken = 0

    def serves(self, to: Address) -> bool:
        """Everybody."""
        return True

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Nothing comes from outside."""

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        self.taken += 1
        return key


class People:
    """People in the middle of the survey of a running bot; every step that is measured has a person of its own."""

    def __init__(self, app: application.App, engine: Engine, channel: Discard) -> None:
        self._app = app
        self._channel = channel
        self._process = engine.process
        self._middle = engine.way[1:-1]
        self._numbers = count(100_000_000)

    async def measure(self, steps: int, batch: int, spent: list[Cost]) -> None:
        """Let `steps` people answer one question each, `batch` messages at a time."""
        memory = self._app.memory
        answers = [self._middle[number % len(self._middle)] for number in range(steps)]
        people = [self._person(answer) for answer in answers]
        await self._remember(people)
        messages = [self._message(person, answer) for person, answer in zip(people, answers, strict=True)]
        batches = [messages[start : start + batch] for start in range(0, steps, batch)]
        before = self._channel.taken
        with timed(steps, spent):
            for one in batches:
                await self._app.dispatch.receive(one)
        assert self._channel.taken - before == steps, "every message has one reply"
        assert not await memory.sending.due(self._app.clock.now(), 1), "every reply is marked as sent"
        known = await memory.known(self._channel.name, [], [person.address for person in people])
        kept = [known.people[person.address].draft for person in people]
        assert kept == [answer.after for answer in answers], "every answer is kept"

    def _person(self, answer: Answer) -> Person:
        number = next(self._numbers)
        return Person(
            id=number,
            address=Address(self._channel.name, str(number), str(number)),
            language=LANGUAGE,
            consent=Consent(self._process.privacy.consent_version, self._process.opens),
            draft=answer.before,
        )

    def _message(self, person: Person, answer: Answer) -> Incoming:
        return Incoming(
            id=f"m{person.id}",
            sender=person.address,
            sent_at=self._app.clock.now(),
            text=answer.typed,
            language=LANGUAGE,
        )

    async def _remember(self, people: Sequence[Person]) -> None:
        now = self._app.clock.now()
        changes = Changes(channel=self._channel.name, now=now, today=now.date(), new=list(people))
        changes.begun = {person.id: person.draft for person in people if person.draft}
        await self._app.memory.write(changes)


class Plain:
    """The reference: sqlite3 as durable as the bot's database, with nothing in between."""

    _WRITE = "INSERT INTO drafts VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET answers = excluded.answers"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = full")
        connection.execute("CREATE TABLE drafts (person INTEGER PRIMARY KEY, answers BLOB NOT NULL)")
        self._commit(range(max(STEPS.values())), os.urandom(300))

    def measure(self, steps: int, batch: int, spent: list[Cost]) -> None:
        """Write `steps` known drafts anew, with one durable commit for each `batch` of them."""
        sealed = os.urandom(300)
        with timed(steps, spent):
            for start in range(0, steps, batch):
                self._commit(range(start, start + batch), sealed)

    def _commit(self, people: range, sealed: bytes) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for person in people:
            self._connection.execute(self._WRITE, (person, sealed))
        self._connection.execute("COMMIT")


async def converse(folder: Path, costs: Costs) -> None:
    """Measure engine, dispatch and reference in turn, so that all of them see the same machine."""
    config = Config(base=folder)
    channel = Discard()
    async with application.opened(config, Clock(OPEN), {channel.name: channel}, {}) as app:
        engine = Engine(app.process, app.languages)
        people = People(app, engine, channel)
        with closing(sqlite3.connect(folder / "plain.db")) as connection:
            plain = Plain(connection)
            for number in range(-1, ROUNDS):
                into: Costs = costs if number >= 0 else defaultdict(list)  # the first round fills the caches
                engine.measure(max(STEPS.values()), into["engine"])
                for batch, steps in STEPS.items():
                    await people.measure(steps, batch, into[f"dispatch {batch}"])
                    plain.measure(steps, batch, into[f"plain {batch}"])


def table(middle: Mapping[str, Cost]) -> Iterator[str]:
    """The medians as Markdown, with what they stand beside."""
    yield "| what | steps/s | wall | CPU | peak memory | ratio |"
    yield "|---|---:|---:|---:|---:|---|"
    for batch in STEPS:
        reference = middle[f"plain {batch}"]
        yield steps_line(f"durable step, {batch} in a batch", middle[f"dispatch {batch}"], reference)
        yield steps_line(f"plain sqlite3, {batch} in a commit", reference, reference)
    yield steps_line("engine alone, one step", middle["engine"], middle[f"dispatch {max(STEPS)}"])
    yield from starts.lines(middle)
    yield ""
    yield f"Medians of {ROUNDS} rounds. A durable step: `Dispatch.receive` reads an answer, stores it, enqueues the"
    yield "next question and marks it sent, with two commits a batch; a row of plain sqlite3 is one upsert. Ratios:"
    yield f"durable steps to plain sqlite3, the engine to a durable step in a batch of {max(STEPS)}, processes to a"
    yield "Python that only imports SQLAlchemy. Both databases: WAL, synchronous=FULL."
    yield f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, SQLAlchemy {version('sqlalchemy')};"
    yield f"{platform.system()}, {os.cpu_count()} processors."


def main() -> None:
    """Measure everything and print the table."""
    costs: Costs = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        starts.measure(Path(folder), ROUNDS, costs)
        asyncio.run(converse(Path(folder), costs))
    print(*table(medians(costs)), sep="\n")


if __name__ == "__main__":
    main()
