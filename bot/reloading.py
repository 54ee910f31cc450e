"""The content that is served, held against what people were told: what has changed, and who is to hear of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.core.events import Event
from bot.core.process import Process
from bot.core.reminders import ALL, LEADS, QuietHours, Reminder, of_event
from bot.core.texts import Texts
from bot.problems import UserError
from handlers import unasked
from storage.events import KnownEvent, comparable
from storage.memory import Memory
from storage.reminders import Shared

log = structlog.get_logger(__name__)

OPERATOR = 0
"""Who agrees at the command line; staff have numbers from one."""
TELLERS = frozenset({"sender", "admin"})
"""Whose task it is to have people told."""

Loaded = tuple[Process, Mapping[str, Texts]]


async def _nobody(_process: Process, _languages: Mapping[str, Texts]) -> None:
    """Nobody else serves this content."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event as it now is, as people were last told, and how many would be told."""

    new: Event
    old: Event
    people: int


class Content:
    """Process and words as they are served now. `read` reads the files again; None for shipped content.

    With `four_eyes` two have to agree to the very same changes before people are told of them.
    """

    def __init__(  # noqa: PLR0913 - what content is served with
        self,
        memory: Memory,
        loaded: Loaded,
        quiet: QuietHours,
        now: Callable[[], datetime],
        read: Callable[[], Loaded],
        *,
        four_eyes: bool,
    ) -> None:
        self.process, self.languages = loaded
        self._four_eyes = four_eyes
        self._agreed_by: dict[int, list[tuple[Event, Event]]] = {}
        self._memory = memory
        self._quiet = quiet
        self._now = now
        self._read = read
        self._one_at_a_time = asyncio.Lock()
        self.on_change: Callable[[Process, Mapping[str, Texts]], Awaitable[None]] = _nobody

    async def agree(self) -> None:
        """Give every event its sequence. What hangs on one whose facts have changed is planned anew at once."""
        async with self._one_at_a_time:
            await self._adopt(self.process, self.languages)

    async def reload(self) -> None:
        """Read the files and answer from them. Raises UserError where they have problems: all stays as it was."""
        process, languages = await asyncio.to_thread(self._read)
        if process.id != self.process.id:
            raise UserError(f"The process is now called {process.id}. Stop and start Mitreden for another process.")
        async with self._one_at_a_time:
            await self._adopt(process, languages)
        log.info("content_reloaded", events=len(self.process.events))

    async def changes(self) -> list[Change]:
        """What has changed about events to come since people were last told."""
        known = await self._memory.diary.known_events(self.process.zone)
        found = []
        for event in self.process.events:
            old = known[event.id].told if event.id in known else event
            if comparable(old) != comparable(event) and _until(event, old) > self._now():
                found.append(Change(event, old, await self._memory.diary.subscribers_of(event.id)))
        return found

    async def agreed_upon(self, changes: Sequence[Change], by: int) -> bool:
        """Whether enough of those who still may want exactly this told, now that `by` does.

        Who agreed is kept in memory only: after a restart everybody is asked again, and nothing is told by mistake.
        """
        wanted = [(change.old, change.new) for change in changes]
        self._agreed_by[by] = wanted
        may = {OPERATOR, *(member.id for member in await self._memory.staff() if member.role in TELLERS)}
        agreed = [member for member, asked in self._agreed_by.items() if asked == wanted and member in may]
        return by in may and (len(agreed) > 1 or not self._four_eyes)

    async def tell(self, changes: Sequence[Change]) -> None:
        """Tell everybody who waits for one of these events what has changed about it."""
        self._agreed_by.clear()
        today = self._now().astimezone(self.process.zone).date()
        for change in changes:
            await self._memory.diary.begin_telling(change.new, [*self._notices(change)], today)
        await self.go_on_telling()

    async def go_on_telling(self) -> None:
        """Plan notices, block by block, also where a killed process left off."""
        known = await self._memory.diary.known_events(self.process.zone)
        for event in self.process.events:
            kept = known.get(event.id)
            # Newer facts that are not kept yet end it: nobody has agreed to have people told of them.
            if kept is not None and kept.telling is not None and kept.event.sequence == event.sequence:
                notice = Reminder("changed", event.id, self._now(), _until(event, event))
                while await self._memory.diary.go_on_telling(event, notice):
                    pass

    def _notices(self, change: Change) -> list[Shared]:
        return [
            Shared(
                notice_name(change.new, language),
                change.new.id,
                unasked.changed(change.new, change.old, self.process, t, self._now()),
            )
            for language, t in self.languages.items()
        ]

    async def _adopt(self, process: Process, languages: Mapping[str, Texts]) -> None:
        """Serve this content, and then plan anew: whoever subscribes while that goes on is planned for as it now is.

        Killed in between, the next start finds the same changes, gives them the same numbers and plans anew.
        """
        known = await self._memory.diary.known_events(process.zone)
        process = replace(process, events=tuple(_numbered(event, known.get(event.id)) for event in process.events))
        await self.on_change(process, languages)
        self.process, self.languages = process, languages
        await self._plan_anew(known)

    async def _plan_anew(self, known: Mapping[str, KnownEvent]) -> None:
        new = [event for event in self.process.events if event.id not in known]
        if new and not await self._memory.diary.subscribers_of(ALL):
            await self._memory.diary.add_events(new)
            new = []
        changed = [
            event
            for event in self.process.events
            if event.id in known and event.sequence != known[event.id].event.sequence
        ]
        for event in changed:
            log.info("event_changed", id=event.id, sequence=event.sequence)
        for event in [*new, *changed]:
            before = known[event.id].event if event.id in known else None
            moved = before is None or (before.starts_at, before.cancelled) != (event.starts_at, event.cancelled)
            planned = of_event(event, LEADS, self._quiet, self._now())
            await self._memory.diary.adopt_event(event, planned, self.process.leads, moved=moved)


def _numbered(event: Event, known: KnownEvent | None) -> Event:
    """An event with its sequence, which is the next one where its facts are not those that were last read."""
    if known is None:
        return event
    return replace(event, sequence=known.event.sequence + (comparable(known.event) != comparable(event)))


def notice_name(event: Event, language: str) -> str:
    """Under which a notice of the newest change is kept."""
    return f"changed:{event.id}:{event.sequence}:{language}"


def _until(new: Event, old: Event) -> datetime:
    """Until when it is of use to hear of a change."""
    return max(new.starts_at, old.starts_at)


async def reloaded(content: Content, t: Texts, *, shipped: bool, by: int | None) -> str:
    """Read the files again; what staff read about it. `by` is who wants people told of what has changed, if anybody."""
    if shipped:
        return t("reload.shipped")
    try:
        await content.reload()
    except UserError as error:
        return t("reload.problem", problem=error)
    changes = await content.changes()
    if not changes:
        return t("reload.nothing")
    lines = [reported(change, content.process, t) for change in changes]
    if by is None:
        return "\n".join([t("reload.changed"), *lines, t("reload.ask")])
    if not await content.agreed_upon(changes, by):
        return "\n".join([t("reload.changed"), *lines, t("reload.second")])
    await content.tell(changes)
    return "\n".join([t("reload.confirmed"), *lines])


def reported(change: Change, process: Process, t: Texts) -> str:
    """One change in a line, with how many wait for that event."""
    what = " ".join(unasked.differences(change.new, change.old, process, t))
    return t.counted("reload.line", change.people, place=change.new.place, what=what)
