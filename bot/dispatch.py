"""One batch of messages, one transaction: load what is needed, decide, write everything, then send."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

import structlog

import handlers
from bot.beside import Beside
from bot.core import reading, reminders
from bot.core.conversation import (
    CancelPlanned,
    CountSource,
    Effect,
    Erase,
    EraseResponse,
    FetchPicture,
    JoinStaff,
    JudgeWish,
    KeepAnnouncement,
    NewsInRoom,
    Person,
    PutOff,
    Reload,
    RemindRoom,
    Submit,
    Support,
    Tell,
    Vocabulary,
)
from bot.core.messages import Address, Incoming, OutboxRow, Outgoing
from bot.core.process import Process
from bot.core.recognition import clean
from bot.core.reminders import QuietHours
from bot.core.texts import Texts
from bot.failpoints import Reach, pass_by
from bot.floods import LONGEST, Batch, Floods
from bot.metrics import Metrics
from bot.talks import Talk, collect, interest, stranger
from handlers.turn import Decision, Job, Turn
from storage.announcements import Overtaken
from storage.changes import Changes
from storage.database import Unavailable
from storage.memory import Known, Memory
from storage.outbox import Planned
from storage.rooms import RoomNews, RoomWish

log = structlog.get_logger(__name__)

PATIENCE = 3
"""How often a step of staff is decided anew that somebody else has overtaken."""
UNFINISHED_FOR = timedelta(days=1)
"""After this time somebody is reminded, once, of a survey they have begun."""


@dataclass(frozen=True, slots=True)
class _Job:
    """Slow work, and who is told what came of it."""

    to: Address
    t: Texts
    work: Job


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
        self.adopt(process, languages)
        self._quiet = quiet or QuietHours(time(), time(), process.zone)
        self._floods = floods
        self._now = now
        self._send = send
        self._reach = reach
        self._one_batch = asyncio.Lock()
        self._jobs: list[_Job] = []
        self._beside = Beside()
        self._to_reload: list[tuple[Person, int | None]] = []
        self.on_reload: Callable[[Person, int | None], Awaitable[None]] | None = None
        """Called after the commit for somebody on the staff who wants the content to be read anew."""
        self._to_fetch: list[tuple[Person, FetchPicture]] = []
        self.on_picture: Callable[[Person, FetchPicture], None] = lambda _person, _picture: None
        """Called after the commit for somebody on the staff who has sent a picture. It must not wait."""

    def adopt(self, process: Process, languages: Mapping[str, Texts]) -> None:
        """Answer from this content from now on."""
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
        facts = facts or {}
        if not batch and not facts:
            return
        self._reach("after_fetch")
        with self._memory.batch():
            async with self._one_batch:
                rows = await self._handled(batch, bookmark, facts, channel)
        self._reach("after_commit")
        await self._send(rows)
        self._begin_jobs()
        asked, self._to_reload = self._to_reload, []
        for person, confirmed_by in asked:
            if self.on_reload is not None:
                await self.on_reload(person, confirmed_by)
        pictures, self._to_fetch = self._to_fetch, []
        for person, picture in pictures:
            self.on_picture(person, picture)
        await self._memory.tidy(at_once=True)

    async def _handled(
        self, batch: Sequence[Incoming], bookmark: str | None, facts: Mapping[str, str], channel: str
    ) -> list[OutboxRow]:
        """Handle a batch, whatever is wrong with it; what is now to be sent. Raises where nothing could be written."""
        try:
            return await self._handle(batch, bookmark, facts, channel)
        except Unavailable:
            raise  # the network keeps the batch and hands it over again
        except Exception as error:
            if not batch:
                raise
            if len(batch) == 1:
                return await self._give_up(batch[0], error, bookmark, facts)
            log.warning("batch_split", messages=len(batch), error=type(error).__name__)
            return await self._one_by_one(batch, bookmark, facts)

    def _begin_jobs(self) -> None:
        """Slow work that a batch asked for: beside everything else, so that nobody waits for it but who asked."""
        begun, self._jobs = self._jobs, []
        for job in begun:
            self._beside.begin(self._do(job))

    async def _do(self, job: _Job) -> None:
        try:
            said = await job.work()
        except Exception as error:  # noqa: BLE001 - whatever fails costs only who asked for it
            log.error("job_failed", error=type(error).__name__)
            said = (Outgoing(text=job.t("apology")),)
        changes = self._changes(job.to.channel, None, {})
        changes.planned += [Planned(person_id=None, to=job.to, message=message) for message in said]
        try:
            rows = await self._memory.write(changes)
        except Unavailable as error:
            log.error("job_lost", error=str(error))
            return
        await self._send(rows)

    async def idle(self) -> None:
        """Wait until no slow work is left."""
        await self._beside.idle()

    async def close(self) -> None:
        """Give up slow work: who asked for it asks again."""
        await self._beside.close()

    async def _one_by_one(
        self, batch: Sequence[Incoming], bookmark: str | None, facts: Mapping[str, str]
    ) -> list[OutboxRow]:
        """The batch again, each message in a transaction of its own, so that the one that fails costs only itself.

        A crash in between is harmless: the bookmark moves last, and what was handled is known by its id.
        """
        rows: list[OutboxRow] = []
        for index, message in enumerate(batch):
            last = index == len(batch) - 1
            moved, new_facts = (bookmark, facts) if last else (None, {})
            try:
                rows += await self._handle([message], moved, new_facts)
            except Unavailable:
                await self._send(rows)  # what is committed so far will not be handed over again
                raise
            except Exception as error:  # noqa: BLE001 - as above
                rows += await self._give_up(message, error, moved, new_facts)
        return rows

    async def _apart(
        self, batch: Iterable[Incoming], staff: Sequence[Incoming], bookmark: str | None, facts: Mapping[str, str]
    ) -> list[OutboxRow]:
        """A batch with messages of staff: each of them in a transaction of its own, after those of all others.

        What one of them may do can depend on what a colleague has just done.
        """
        others = [message for message in batch if message not in staff]
        steps: list[Sequence[Incoming]] = [others] if others else []
        steps += [[message] for message in staff]
        rows: list[OutboxRow] = []
        try:
            for index, step in enumerate(steps):
                last = index == len(steps) - 1
                rows += await self._handle(step, bookmark if last else None, facts if last else {})
        except Exception:
            await self._send(rows)  # what is committed so far is not handled again
            raise
        return rows

    async def _handle(
        self,
        batch: Sequence[Incoming],
        bookmark: str | None,
        facts: Mapping[str, str],
        channel: str = "",
        tries: int = 1,
    ) -> list[OutboxRow]:
        channel, now = batch[0].sender.channel if batch else channel, self._now()
        fresh = {message.id: message for message in batch}
        senders = list({message.sender for message in batch})
        known = await self._memory.known(channel, list(fresh), senders)
        staff = [one for one in fresh.values() if one.sender in known.staff or one.sender == self._admin]
        if staff and len(fresh) > 1:
            return await self._apart(fresh.values(), staff, bookmark, facts)
        jobs: list[_Job] = []
        changes = self._changes(channel, bookmark, facts, now)
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
                talk = talks[message.sender.user] = self._talk(message, known)
            if message.private and message.kind != "membership" and talk.person.address != message.sender:
                talk.person = replace(talk.person, address=message.sender)
            try:
                job = await self._decide(message, talk, changes, now)
                jobs += [job] if job else []
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
            rows = await self._memory.write(changes)
        except Overtaken:
            if tries == PATIENCE:
                raise
            return await self._handle(batch, bookmark, facts, channel, tries + 1)  # decided again on what is now so
        if flood:
            flood.committed()
        self._jobs += jobs
        self._metrics.committed(len(changes.handled), len(changes.failed))
        return rows

    async def _decide(self, message: Incoming, talk: Talk, changes: Changes, now: datetime) -> _Job | None:
        if message.kind == "unreadable":
            changes.failed.append((message.id, "unreadable"))
            return None
        if message.kind == "membership":
            # Of several rooms with the bot, leaving one is no goodbye.
            if talk.loaded is not None and talk.person.address == message.sender:
                talk.person = replace(talk.person, stopped=True, news=None)
                changes.silenced.append(talk.person.id)
            return None
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
        self._apply(decision, message, talk, changes)
        return _Job(message.sender, turn.t, decision.job) if decision.job else None

    def _apply(self, decision: Decision, message: Incoming, talk: Talk, changes: Changes) -> None:
        """What a decision asks for, noted among the changes of the batch."""
        talk.person = decision.person
        erased = Erase() in decision.effects
        for effect in decision.effects:
            self._note(effect, message, talk, changes)
        if erased:
            # The last word to somebody who is forgotten belongs to nobody.
            owner = None
            changes.planned = [plan for plan in changes.planned if plan.person_id != talk.person.id]
        else:
            owner = talk.person.id
        changes.planned += [
            Planned(person_id=owner, to=_where(said, message, decision.person), message=_placed(said, message))
            for said in decision.say
        ]
        if erased:
            changes.put_off = [later for later in changes.put_off if later[0] != talk.person.id]
            talk.erased.append(talk.person.id)
            talk.loaded, talk.person = None, stranger(talk.person.address)

    def _note(  # noqa: PLR0912 - a branch for each effect
        self, effect: Effect, message: Incoming, talk: Talk, changes: Changes
    ) -> None:
        match effect:
            case Submit():
                changes.submitted.append((effect, talk.person.address))
                talk.took_part = True
            case EraseResponse(code):
                changes.codes.append(code)
            case CountSource(name):
                changes.sources.append(name)
            case JoinStaff(code):
                changes.paired.append((code, talk.person.address))
            case Support():
                changes.supported.append((effect, talk.person.address))
            case JudgeWish():
                changes.judged.append((effect, talk.person.address))
            case CancelPlanned():
                changes.cancelled.append(talk.person.id)
            case PutOff(reminder):
                changes.put_off.append((talk.person.id, reminder))
            case RemindRoom(language):
                events = self._process.events if language else ()
                plans = (reminders.of_event(e, self._process.leads, self._quiet, changes.now) for e in events)
                plan = tuple(one for planned in plans for one in planned)
                changes.rooms.append(RoomWish(message.sender.channel, message.sender.room, language, plan))
            case Reload(confirmed_by):
                self._to_reload.append((talk.person, confirmed_by))
            case NewsInRoom(wanted):
                language = talk.person.language or self._process.languages[0]
                wish = RoomNews(message.sender.channel, message.sender.room, language if wanted else None)
                changes.room_news.append(wish)
            case KeepAnnouncement():
                changes.announced.append(effect)
            case FetchPicture():
                self._to_fetch.append((talk.person, effect))
            case Tell(to, told):
                changes.planned.append(Planned(person_id=None, to=to, message=told))

    def _tell_too_fast(self, message: Incoming, known: Known, changes: Changes) -> None:
        """That nothing more is read for a while; the question that waits stays as it is."""
        log.warning("flood", channel=message.sender.channel)
        person = known.people.get(message.sender)
        t = self._spoken((person and person.language) or message.language)
        told = _placed(Outgoing(text=t("too_fast"), aside=True), message)
        changes.planned.append(Planned(person_id=None, to=message.sender, message=told))

    def _spoken(self, language: str | None) -> Texts:
        """The bot's words in a language, or in the first one of the process."""
        return self._languages.get(language or "") or self._languages[self._process.languages[0]]

    def _fail(self, message: Incoming, error: Exception, changes: Changes, language: str | None = None) -> None:
        """A message that could not be handled: noted without its text, and its sender gets an apology."""
        log.error("message_failed", channel=message.sender.channel, message=message.id, error=type(error).__name__)
        changes.failed.append((message.id, type(error).__name__))
        apology = _placed(Outgoing(text=self._spoken(language or message.language)("apology")), message)
        changes.planned.append(Planned(person_id=None, to=message.sender, message=apology))

    def _talk(self, message: Incoming, known: Known) -> Talk:
        sender = message.sender
        person = known.people.get(sender)
        member, role = known.staff.get(sender, (0, "admin" if sender == self._admin else "citizen"))
        alone = sender if message.private else replace(sender, room="")
        return Talk(person, person or stranger(alone), sender in known.took_part, member, role)

    async def _give_up(
        self, message: Incoming, error: Exception, bookmark: str | None, facts: Mapping[str, str]
    ) -> list[OutboxRow]:
        """A message whose changes cannot be written: only that it failed is written."""
        changes = self._changes(message.sender.channel, bookmark, facts)
        changes.handled.append(message.id)
        self._fail(message, error, changes)
        return await self._memory.write(changes)

    def _changes(
        self, channel: str, bookmark: str | None, facts: Mapping[str, str], now: datetime | None = None
    ) -> Changes:
        now = now or self._now()
        today = now.astimezone(self._process.zone).date()
        nudge_at = self._quiet.after(now + UNFINISHED_FOR)
        return Changes(channel=channel, now=now, today=today, nudge_at=nudge_at, bookmark=bookmark, facts=facts)


def _where(said: Outgoing, message: Incoming, person: Person) -> Address:
    """Where something is said: where it was asked, or to the person alone; an empty room is one yet to be opened."""
    return person.address if said.private and not message.private else message.sender


def _placed(said: Outgoing, message: Incoming) -> Outgoing:
    """What is said, in the thread it was asked in, and in a room as a reply to who asked."""
    if said.private or (message.private and message.thread is None):
        return said
    return replace(said, thread=message.thread, reply_to=None if message.private else message.target)
