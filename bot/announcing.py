"""What happens to announcements by itself: they begin, become messages block by block, are reported on, and end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import structlog

from bot.background import Background
from bot.core import announcement as steps
from bot.core.announcement import APART, COMMAND_LINE, UNDER_WAY, Announcement, NotAllowed
from bot.core.audience import total
from bot.core.conversation import FetchPicture, Person, announcement_button
from bot.core.messages import Address, Attachment, Channel, Choice, OutboxRow, Outgoing, Pictures, SendError
from bot.core.picture import LARGEST, examined
from bot.core.reminders import QuietHours
from bot.problems import UserError
from bot.reloading import Content
from handlers.announcement_progress import reported
from handlers.announcement_screen import SENDERS, WRITERS
from storage.changes import Changes
from storage.database import Overtaken
from storage.memory import Memory
from storage.outbox import Planned
from storage.reminders import BLOCK
from storage.staff import StaffMember

log = structlog.get_logger(__name__)

LONGEST_FETCH = 60.0
"""Seconds."""
Fetch = Callable[[str, int], Awaitable[bytes]]
"""(reference, most bytes): a picture's content. Raises a SendError."""

Take = Callable[[Sequence[OutboxRow]], Awaitable[None]]
"""Sends messages that are written."""


@dataclass(slots=True, kw_only=True)
class Announcing:
    """The announcements of one process. `room` is where staff are told; `take` sends what they are told."""

    memory: Memory
    content: Content
    now: Callable[[], datetime]
    quiet: QuietHours
    is_silent: Callable[[date], bool]
    take: Take | None
    channels: Mapping[str, Channel]
    four_eyes: bool = True
    room: Address | None = None
    _fetching: Background = field(default_factory=Background)
    _told: dict[str, str] = field(default_factory=dict)

    def _today(self) -> date:
        return self.now().astimezone(self.content.process.zone).date()

    async def go_on(self) -> None:
        """Begin what is due, make messages of what is being sent, and end what is through."""
        for one in await self.memory.newsroom.of_interest(self.now()):
            try:
                if one.state == "offered":
                    await self._tell_room(one)
                elif one.state == "confirmed":
                    await self._begin(one)
                elif one.state in UNDER_WAY:
                    await self._send(one)
            except Overtaken:
                log.info("announcement_overtaken", announcement=one.id)  # the next round sees it as it is then

    async def _tell_room(self, one: Announcement) -> None:
        """Say once, where staff are together, that an announcement waits to be confirmed."""
        key = f"offered:{one.id}:{one.revision}"
        if self.room is not None and await self.memory.sending.remote_id(key) is None:
            message = Outgoing(text=self._t("announce.please_confirm", number=one.id), aside=True)
            await self._say([Planned(person_id=None, to=self.room, message=message, key=key)])

    async def _begin(self, one: Announcement) -> None:
        newsroom, now = self.memory.newsroom, self.now()
        last = await newsroom.last_begun()
        if one.starts_at is None or now < one.starts_at or self.quiet.holds(now) or (last and now < last + APART):
            return
        staff = {member.id: member for member in await self.memory.staff()}
        if not self._agreed(one, staff):
            void = replace(one, state="draft", confirmed_by=None, starts_at=None)
            await newsroom.keep(void, "void", now, self._today())
            text = self._t("announce.void", number=one.id)
            await self._tell([member for member in staff.values() if member.role in SENDERS | WRITERS], text)
            return
        begun = steps.begun(one, now)
        await newsroom.keep(begun, "begun", now, self._today())
        log.info("announcement_begun", announcement=one.id)
        await self._send(replace(begun, revision=begun.revision + 1))

    def _agreed(self, one: Announcement, staff: dict[int, StaffMember]) -> bool:
        """Whether those who wrote and confirmed it still have these tasks, and are two where it takes two."""
        author, second = staff.get(one.author), staff.get(one.confirmed_by or 0)
        if one.confirmed_by == COMMAND_LINE:
            return not self.four_eyes  # the one admin of a rehearsal at the terminal, who is in no list
        if second is None or second.role not in SENDERS or (self.four_eyes and one.author == one.confirmed_by):
            return False
        return one.author == COMMAND_LINE or (author is not None and author.role in WRITERS)

    async def _send(self, one: Announcement) -> None:
        """Keep a block or two waiting, so that holding or ending it has little to take back."""
        newsroom, process, now = self.memory.newsroom, self.content.process, self.now()
        until = one.until()
        late = until is not None and until <= now
        if one.state == "sending" and not late:
            picture = await newsroom.picture_of(one.id) if one.picture else None
            while await newsroom.waiting_of(one.id) < BLOCK:
                if not await newsroom.enqueue(
                    one,
                    process.survey.id,
                    process.languages,
                    lambda language, room: self._written(one, language, picture, room=room),
                    now,
                    self._today(),
                ):
                    break
        if late or (one.state == "sending" and await newsroom.is_through(one.id)):
            if await newsroom.is_under_way(one.id):
                return
            ended = replace(one, state="done", done_at=now)
            await newsroom.keep(ended, "ended", now, self._today())
            log.info("announcement_ended", announcement=one.id)

    def _written(self, one: Announcement, language: str, picture: Attachment | None, *, room: bool) -> Outgoing:
        languages = self.content.languages
        t = languages.get(language) or languages[self.content.process.languages[0]]
        message = steps.written(one, t, self.content.process.languages, picture, room=room)
        return replace(message, silent=self.is_silent(self._today()))

    async def offer(self, written: Announcement, picture: Attachment | None) -> str:
        """Make a draft of what was written on the command line; what the operator reads. Raises UserError."""
        process, now = self.content.process, self.now()
        fresh = Announcement(
            texts=written.texts,
            audience=written.audience,
            at=written.at,
            expires=written.expires,
            picture=picture.name if picture else "",
        )
        if fresh.at is not None and fresh.at <= now:
            raise UserError("--at names a time that is over. Name one ahead, or leave it out.")
        if not any(fresh.texts.values()):
            raise UserError("The announcement has no text. Write one under [text].")
        if not total(await self.memory.newsroom.count(fresh.audience, process.survey.id, process.languages[0])):
            raise UserError("The audience fits nobody. Choose another with --audience, or wait until people want news.")
        offered = steps.offered(fresh, COMMAND_LINE)
        number = await self.memory.newsroom.keep(
            offered, "offered", now, self._today(), actor="command line", picture=picture
        )
        senders = [member for member in await self.memory.staff() if member.role in SENDERS]
        await self._tell(senders, self._t("announce.please_confirm", number=number))
        if not senders:
            return f"Draft {number} waits, but nobody may confirm it yet. Run: mitreden staff invite --role sender"
        return f"Draft {number} waits to be confirmed by a sender or admin in the chat: /rundnachricht"

    def fetch_beside(self, person: Person, asked: FetchPicture) -> None:
        """Get a picture beside everything else."""
        channel: object = self.channels.get(person.address.channel)
        if isinstance(channel, Pictures):
            self._fetching.begin(self._take_picture(channel.fetch, person, asked))

    async def close(self) -> None:
        """End what is being fetched."""
        await self._fetching.close()

    async def _take_picture(self, fetch: Fetch, person: Person, asked: FetchPicture) -> None:
        """Fetch a picture, look whether it is one, and keep it without what a camera wrote into it."""
        t = (
            self.content.languages.get(person.language or "")
            or self.content.languages[self.content.process.languages[0]]
        )
        try:
            async with asyncio.timeout(LONGEST_FETCH):
                found = examined(await fetch(asked.reference, LARGEST))
        except (SendError, TimeoutError) as error:
            log.info("picture_not_fetched", error=type(error).__name__)
            found = None
        kept = False
        one = await self.memory.newsroom.find(asked.announcement)
        if found is not None and one is not None:
            picture = Attachment(f"picture.{found.ending}", found.media_type, found.content)
            with suppress(NotAllowed, Overtaken):
                changed = steps.changed(one, asked.by, picture=picture.name)
                actor = f"staff {asked.by}"
                await self.memory.newsroom.keep(
                    changed, "picture", self.now(), self._today(), actor=actor, picture=picture
                )
                kept = True
        text = t("announce.picture_kept" if kept else "announce.no_picture")
        await self._say([Planned(person_id=None, to=person.address, message=Outgoing(text=text, aside=True))])

    async def report(self) -> None:
        """Keep the one message up to date that whoever wrote and confirmed it watches; at the end a new one."""
        newsroom, now, process = self.memory.newsroom, self.now(), self.content.process
        for one in await newsroom.of_interest(now):
            if one.begun_at is None or self._told.get(f"{one.id}") == "over":
                continue
            if one.state not in UNDER_WAY and f"{one.id}" not in self._told and not await self._was_watched(one):
                self._told[f"{one.id}"] = "over"
                continue
            tally = await newsroom.tally(one, process.survey.id, process.languages[0], now)
            t = self.content.languages[process.languages[0]]
            text = reported(one, tally, t, process.zone, now)
            if self._told.get(f"{one.id}") != text:
                await self._show(one, text)
            self._told[f"{one.id}"] = text if one.state in UNDER_WAY else "over"

    async def _was_watched(self, one: Announcement) -> bool:
        """Whether somebody who watches it has not been told of its end."""
        keys = [_key(one, number) for number, _ in await self._watchers(one)]
        return any([await self.memory.sending.remote_id(f"{key}:end") is None for key in keys])

    async def _show(self, one: Announcement, text: str) -> None:
        """The same message, edited; new where there is none yet, and once more at the end, when it is to be noticed."""
        over = one.state not in UNDER_WAY
        names = {"sending": ("pause", "stop"), "paused": ("resume", "stop")}.get(one.state, ())
        choices = tuple(
            Choice(announcement_button(one.id, one.revision, name), self._t(f"announce.do.{name}")) for name in names
        )
        planned = []
        for number, address in await self._watchers(one):
            key = _key(one, number)
            shown = await self.memory.sending.remote_id(key)
            if shown:
                edit = Outgoing(text=text, choices=choices, replaces=shown, aside=True)
                planned.append(Planned(person_id=None, to=address, message=edit))
            elif shown is None and not over:
                first = Outgoing(text=text, choices=choices, aside=True)
                planned.append(Planned(person_id=None, to=address, message=first, key=key))
            if over and await self.memory.sending.remote_id(f"{key}:end") is None:
                end = Outgoing(text=text, aside=True)
                planned.append(Planned(person_id=None, to=address, message=end, key=f"{key}:end"))
        await self._say(planned)

    async def _watchers(self, one: Announcement) -> list[tuple[int, Address]]:
        members = await self.memory.staff()
        watching = [(member.id, member.address) for member in members if member.id in {one.author, one.confirmed_by}]
        return [*watching, *([(0, self.room)] if self.room else [])]

    async def _tell(self, members: Sequence[StaffMember], text: str) -> None:
        message = Outgoing(text=text, aside=True)
        await self._say([Planned(person_id=None, to=member.address, message=message) for member in members])

    async def _say(self, planned: Sequence[Planned]) -> None:
        changes = Changes(channel="", now=self.now(), today=self._today(), planned=[*planned])
        rows = await self.memory.write(changes)
        if self.take is not None:
            await self.take(rows)

    def _t(self, name: str, **values: object) -> str:
        return self.content.languages[self.content.process.languages[0]](name, **values)


def _key(one: Announcement, member: int) -> str:
    """Under which the message is kept that a member of staff watches."""
    return f"progress:{one.id}:{member}"
