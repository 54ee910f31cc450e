"""One batch of messages, one transaction: load what is needed, decide, write everything, then send."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

import structlog

import handlers
from bot import effects
from bot.afterwards import Afterwards, Due, due_after
from bot.core import reading
from bot.core.conversation import Vocabulary
from bot.core.messages import Address, Incoming, OutboxRow, Outgoing
from bot.core.process import Process
from bot.core.recognition import clean
from bot.core.reminders import QuietHours
from bot.core.texts import Texts
from bot.failpoints import Reach, pass_by
from bot.floods import LONGEST, Batch, Floods
from bot.metrics import Metrics
from bot.talks import Talk, collect, interest, remembered, talk_with
from handlers.turn import Turn
from storage.changes import Changes
from storage.database import Overtaken, Unavailable
from storage.memory import Known, Memory
from storage.outbox import Planned

log = structlog.get_logger(__name__)

PATIENCE = 3
"""How often a batch is decided anew: somebody on the staff has overtaken another, or a message has come again."""
UNFINISHED_FOR = timedelta(days=1)
"""After this time somebody is reminded, once, of a survey they have begun."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a channel has come once a batch is written, and what else it wants to be remembered with that."""

    channel: str
    at: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Dispatch:
    """Takes batches from channels. `send` gets the outbox rows of each batch once they are committed."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that a bot is put together from
        self,
        memory: Memory,
        process: Process,
        languages: Mapping[str, Texts],
        vocabularies: Mapping[str, reading.Vocabulary],
        now: Callable[[], datetime],
        send: Callable[[Sequence[OutboxRow]], Awaitable[None]],
        reach: Reach = pass_by,
        metrics: Metrics | None = None,
        admin: Address | None = None,
        quiet: QuietHours | None = None,
        floods: Floods | None = None,
        *,
        four_eyes: bool = True,
    ) -> None:
        self._admin = admin
        self._four_eyes = four_eyes
        self._metrics = metrics or Metrics()
        self._memory = memory
        self._vocabularies = vocabularies
        self._answer_from(process, languages)
        self._quiet = quiet or QuietHours(time(), time(), process.zone)
        self._floods = floods
        self._now = now
        self._send = send
        self._reach = reach
        self._one_batch = asyncio.Lock()
        self.afterwards = Afterwards(self._write_to, send)

    async def adopt(self, process: Process, languages: Mapping[str, Texts]) -> None:
        """Answer from this content from now on. A batch that is being answered from the old one is written before."""
        async with self._one_batch:
            self._answer_from(process, languages)

    def _answer_from(self, process: Process, languages: Mapping[str, Texts]) -> None:
        self._process = process
        self._reader = reading.Reader(process, self._vocabularies)
        self._languages = languages
        self._vocabulary = Vocabulary(languages.values(), handlers.SPOKEN)

    async def receive(
        self,
        batch: Sequence[Incoming],
        bookmark: str | None = None,
        facts: Mapping[str, str] | None = None,
        channel: str = "",
    ) -> None:
        """Handle a batch of one channel. Returns after the commit; raises only where nothing could be written.

        `channel` is needed for a batch without messages, which only moves the bookmark or notes facts.
        """
        if not batch and not facts:
            return
        self._reach("after_fetch")
        async with self._one_batch:
            channel = batch[0].sender.channel if batch else channel
            rows = await self._handled(batch, Bookmark(channel, bookmark, facts or {}))
        self._reach("after_commit")
        await self._send(rows)
        await self.afterwards.begin()
        await self._memory.tidy_after_batch()

    async def _handled(self, batch: Sequence[Incoming], bookmark: Bookmark) -> list[OutboxRow]:
        """Handle a batch, whatever is wrong with it; what is now to be sent. Raises where nothing could be written."""
        try:
            return await self._handle(batch, bookmark)
        except Unavailable:
            raise  # the network keeps the batch and hands it over again
        except Exception as error:
            if not batch:
                raise
            if len(batch) == 1:
                return await self._give_up(batch[0], error, bookmark)
            log.warning("batch_split", messages=len(batch), error=type(error).__name__)
            return await self._one_by_one(batch, bookmark)

    async def _one_by_one(self, batch: Sequence[Incoming], bookmark: Bookmark) -> list[OutboxRow]:
        """The batch again, each message in a transaction of its own, so that the one that fails costs only itself.

        A crash in between is harmless: the bookmark moves last, and what was handled is known by its id.
        """
        rows: list[OutboxRow] = []
        try:
            for (message,), moved in _in_steps([[message] for message in batch], bookmark):
                try:
                    rows += await self._handle([message], moved)
                except Unavailable:
                    raise
                except Exception as error:  # noqa: BLE001 - as above
                    rows += await self._give_up(message, error, moved)
        except Exception:
            await self._send(rows)  # what is committed so far will not be handled again
            raise
        return rows

    async def _apart(self, batch: Iterable[Incoming], staff: Sequence[Incoming], bookmark: Bookmark) -> list[OutboxRow]:
        """A batch with messages of staff: each of them in a transaction of its own, after those of all others.

        What one of them may do can depend on what a colleague has just done.
        """
        others = [message for message in batch if message not in staff]
        steps = [*([others] if others else []), *([message] for message in staff)]
        rows: list[OutboxRow] = []
        try:
            for step, moved in _in_steps(steps, bookmark):
                rows += await self._handle(step, moved)
        except Exception:
            await self._send(rows)  # as above
            raise
        return rows

    async def _handle(self, batch: Sequence[Incoming], bookmark: Bookmark, tries: int = 1) -> list[OutboxRow]:
        now = self._now()
        fresh = {message.id: message for message in batch}
        senders = list({message.sender for message in batch})
        known = await self._memory.known(bookmark.channel, list(fresh), senders)
        staff = [one for one in fresh.values() if one.sender in known.staff or one.sender == self._admin]
        if staff and len(fresh) > 1:
            return await self._apart(fresh.values(), staff, bookmark)
        due: list[Due] = []
        changes = self._changes(bookmark, now)
        talks: dict[str, Talk] = {}
        flood = Batch(self._floods, asyncio.get_running_loop().time()) if self._floods else None
        for message in fresh.values():
            if message.id in known.seen:
                continue
            if flood and not flood.reads(message):
                if flood.tells(message.sender):
                    self._tell_too_fast(message, known, changes)
                continue
            changes.handled.append(message.id)
            # By user, not by room: somebody may write in two rooms at once.
            if (talk := talks.get(message.sender.user)) is None:
                talk = talks[message.sender.user] = talk_with(message, known, self._admin)
            if message.private and message.kind != "membership" and talk.person.address != message.sender:
                talk.person = replace(talk.person, address=message.sender)
            try:
                due += await self._decide(message, talk, changes, now)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - a failing handler costs its own message only
                self._fail(message, error, changes, talk.person.language)
        collect(talks.values(), changes)
        changes.interests += [
            changed for talk in talks.values() if (changed := interest(talk, self._process, self._quiet, now))
        ]
        self._reach("before_commit")
        try:
            rows = await self._memory.write(changes, remembered(talks.values(), changes))
        except Overtaken:
            if tries == PATIENCE:
                raise
            return await self._handle(batch, bookmark, tries + 1)  # decided again on what is now so
        if flood:
            flood.committed()
        self.afterwards.add(due)
        self._metrics.committed(len(changes.handled), len(changes.failed))
        return rows

    async def _decide(self, message: Incoming, talk: Talk, changes: Changes, now: datetime) -> list[Due]:
        """Decide on one message: its changes are noted, and what follows them is returned."""
        if message.kind == "unreadable":
            changes.failed.append((message.id, "unreadable"))
            return []
        if message.kind == "membership":
            # Of several rooms with the bot, leaving one is no goodbye.
            if talk.loaded is not None and talk.person.address == message.sender:
                talk.person = replace(talk.person, stopped=True, news=None)
                changes.silenced.append(talk.person.id)
            return []
        turn = Turn(
            message=message,
            text=clean(message.text[:LONGEST]),
            person=talk.person,
            process=self._process,
            languages=self._languages,
            vocabulary=self._vocabulary,
            took_part=talk.took_part,
            now=now,
            memory=self._memory,
            quiet=self._quiet,
            reader=self._reader,
            role=talk.role,
            member=talk.member,
            four_eyes=self._four_eyes,
        )
        decision = await handlers.answer(turn)
        effects.note(decision, message, talk, changes, self._process, self._quiet)
        return due_after(decision, turn)

    def _tell_too_fast(self, message: Incoming, known: Known, changes: Changes) -> None:
        """That nothing more is read for a while; the question that waits stays as it is."""
        log.warning("flood", channel=message.sender.channel)
        person = known.people.get(message.sender)
        t = self._spoken((person and person.language) or message.language)
        told = effects.placed(Outgoing(text=t("too_fast"), aside=True), message)
        changes.planned.append(Planned(person_id=None, to=message.sender, message=told))

    def _spoken(self, language: str | None) -> Texts:
        """The bot's words in a language, or in the first one of the process."""
        return self._languages.get(language or "") or self._languages[self._process.languages[0]]

    def _fail(self, message: Incoming, error: Exception, changes: Changes, language: str | None = None) -> None:
        """A message that could not be handled: noted without its text, and its sender gets an apology."""
        log.error("message_failed", channel=message.sender.channel, message=message.id, error=type(error).__name__)
        changes.failed.append((message.id, type(error).__name__))
        apology = effects.placed(Outgoing(text=self._spoken(language or message.language)("apology")), message)
        changes.planned.append(Planned(person_id=None, to=message.sender, message=apology))

    async def _give_up(self, message: Incoming, error: Exception, bookmark: Bookmark) -> list[OutboxRow]:
        """A message whose changes cannot be written: only that it failed is written."""
        changes = self._changes(bookmark, self._now())
        changes.handled.append(message.id)
        self._fail(message, error, changes)
        return await self._memory.write(changes)

    async def _write_to(self, to: Address, said: Iterable[Outgoing]) -> list[OutboxRow]:
        """Write what is said to somebody beside all batches; what is now to be sent. Raises Unavailable."""
        changes = self._changes(Bookmark(to.channel), self._now())
        changes.planned += [Planned(person_id=None, to=to, message=message) for message in said]
        return await self._memory.write(changes)

    def _changes(self, bookmark: Bookmark, now: datetime) -> Changes:
        return Changes(
            channel=bookmark.channel,
            now=now,
            today=now.astimezone(self._process.zone).date(),
            nudge_at=self._quiet.after(now + UNFINISHED_FOR),
            bookmark=bookmark.at,
            facts=bookmark.facts,
        )


def _in_steps(steps: Sequence[Sequence[Incoming]], bookmark: Bookmark) -> Iterator[tuple[Sequence[Incoming], Bookmark]]:
    """A batch in several transactions: the bookmark moves with the last one."""
    for number, step in enumerate(steps, start=1):
        yield step, bookmark if number == len(steps) else Bookmark(bookmark.channel)
