"""Turns a sync into messages for the bot: in order, decrypted, without gaps, and without what is not meant for it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import msgspec
import structlog

from bot.channels.matrix.api import Api, Denied, path
from bot.channels.matrix.behind import FACT, Behind
from bot.channels.matrix.encryption import Deciphered, Encryption, StoreFailed, Undecipherable
from bot.channels.matrix.events import (
    NAME,
    About,
    Event,
    Joined,
    Message,
    Reaction,
    Redaction,
    Sync,
    Timeline,
    addressed,
    incoming,
    instant,
    read,
)
from bot.channels.matrix.found import Found
from bot.channels.matrix.invites import invitation
from bot.channels.matrix.members import Members
from bot.channels.matrix.missed import missed
from bot.channels.matrix.rooms import Room, Rooms
from bot.channels.matrix.side_by_side import read_rooms, unless_put_out
from bot.channels.matrix.waiting import Kept, Waiting
from bot.core.messages import Address, Incoming, NotYet, SendError

log = structlog.get_logger(__name__)

THUMB = "👍"
SHORTLY = 5.0
"""Seconds in which a homeserver that is well says something about a room."""
TRIES = 3
"""Times in a row that the only room with news has to fail before it is taken to be the room and not the homeserver."""


class Reading:
    """Reads syncs. `facts` is what the channel remembers; what a sync adds to it stands in what is read.

    `pending` are the facts of messages that wait for their keys; rooms that cannot be read now go to `behind`.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it reads with
        self,
        api: Api,
        rooms: Rooms,
        user: str,
        staff_servers: frozenset[str],
        facts: Mapping[str, str],
        pending: Mapping[str, str],
        behind: Behind,
        mode: str,
        patience: float,
    ) -> None:
        self._api = api
        self._rooms = rooms
        self._user = user
        self._staff_servers = staff_servers
        self._facts = facts
        self._mode = mode
        self._waiting = Waiting(pending, patience)
        self._behind = behind
        self._in_vain = 0
        self._members = Members(rooms, user, facts, self._is_private)
        self.encryption: Encryption | None = None

    async def read(self, sync: Sync, since: str | None, early: Callable[[Found], Awaitable[None]]) -> Found:
        """What a sync holds. The first one without a `since` only says from where to go on. Raises a SendError.

        Where the homeserver has to be asked about a room first, what others say is handed to `early` meanwhile: only
        the rest is returned. A room that fails while the homeserver is well is left out, to be read later; where all
        fail it is the homeserver, and nothing may move on.
        """
        found = Found()
        arrived = self.encryption.take(sync) if self.encryption else set()
        for room, invited in sync.rooms.invite.items():
            if known := invitation(room, invited, self._user):
                found.invited.append(known)
        for room in sync.rooms.leave:
            self._members.left(room, found)
            if room in self._behind:
                found.facts[FACT + room] = ""
            if self.encryption is not None:
                self.encryption.forget(room)
        if since is None:
            return found
        found.facts |= self._behind.caught_up()
        pending = self._due(arrived, found)
        rooms = {room: Joined() for room in pending} | sync.rooms.join
        for room in [room for room in rooms if room in self._behind and FACT + room not in found.facts]:
            del rooms[room]
            if joined := sync.rooms.join.get(room):
                self._behind.told(room, sync.next_batch)
                self._note(room, joined, found)

        async def one(room: str, joined: Joined, part: Found) -> None:
            await self._pending(pending.get(room, ()), part)
            await self._room(room, joined, since, part)

        read = {room: partial(one, room, joined) for room, joined in rooms.items()}
        failed, found = await read_rooms(read, found, early, lambda: self._is_well(rooms))
        self._in_vain = self._in_vain + 1 if failed and len(failed) == len(rooms) else 0
        alone = len(rooms) == 1 and self._in_vain >= TRIES
        if self._in_vain and not alone and not await self._is_well(rooms):
            await early(found)
            raise next(iter(failed.values()))
        self._in_vain = 0
        for room, error in failed.items():
            log.warning("room_left_out", error=type(error).__name__, reason=str(error))
            found.facts |= self._behind.leave_out(room, since, sync.next_batch)
            self._note(room, rooms[room], found)
        return found

    async def catch_up(self, room: str, since: str, until: str) -> Found:
        """What was said in a room that is behind, between two syncs, and that it has been read. Raises a SendError."""
        encryption = self.encryption
        found = Found()
        with unless_put_out():
            await self._rooms.get(room)
            await self._room(room, Joined(Timeline(limited=True, prev_batch=until)), since, found)
        if self.encryption is not encryption:
            raise NotYet("the keys were closed meanwhile")
        found.facts[FACT + room] = until
        return found

    async def _is_well(self, but: Collection[str]) -> bool:
        """Whether the homeserver has something to say about another room than these."""
        others = (room for room in self._rooms.latest() if room not in but and room not in self._behind)
        if (other := next(others, None)) is None:
            return False
        try:
            await self._api.get(path("rooms", other, "state", "m.room.create"), SHORTLY)
        except Denied:
            return True
        except SendError:
            return False
        return True

    def _note(self, room: str, joined: Joined, found: Found) -> None:
        """What has become of a room that is read later is known at once, for what is sent there."""
        for event in _events([*joined.state.events, *joined.timeline.events]):
            self._members.noted(room, event, found)

    async def _room(self, room: str, joined: Joined, since: str, found: Found) -> None:
        events = _events(joined.timeline.events)
        # What was said before the bot came in is not said to it, so that nobody needs to be asked for that.
        came = any(self._members.bot_joins(event) for event in events)
        if joined.timeline.limited and joined.timeline.prev_batch and not came:
            earlier, all_of_it = await missed(self._api, room, joined.timeline.prev_batch, since)
            events = _events(earlier) + events
            if not all_of_it:
                self._rooms.forget(room)  # who came and went meanwhile is asked anew
        for raw in joined.state.events:
            if event := read(raw, Event):
                self._members.noted(room, event, found)
        own_join = max((index for index, event in enumerate(events) if self._members.bot_joins(event)), default=None)
        if own_join is not None:
            before, events = events[: own_join + 1], events[own_join + 1 :]
            for event in before:
                self._members.noted(room, event, found)
            await self._members.greeting(room, before[-1], found)
        for event in events:
            try:
                await self._event(room, event, found)
            except (SendError, StoreFailed):
                raise
            except Exception as error:  # noqa: BLE001 - what one member writes must not keep everybody's news from us
                log.error("event_failed", error=type(error).__name__)
        others = [event.event_id for event in events if event.event_id and event.sender != self._user]
        if others:
            found.last[room] = others[-1]

    async def _event(self, room: str, event: Event, found: Found) -> None:
        self._members.noted(room, event, found)
        if event.type == "m.room.member":
            await self._members.changed(room, event, found)
        elif event.sender == self._user:
            return
        elif event.type == "m.room.encrypted" and event.event_id:
            await self._encrypted(room, event, found)
        elif event.type == "m.room.redaction" and event.event_id:
            await self._redacted(room, event, found)
        elif event.type == "m.reaction" and event.event_id:
            await self._liked(room, event, found)
        elif event.type in {"m.room.message", "m.sticker"} and event.event_id:
            await self._said(room, event, event, found)

    async def _encrypted(self, room: str, event: Event, found: Found) -> None:
        if self.encryption is None:
            return
        try:
            plain = await self.encryption.deciphered(room, event)
        except Undecipherable as error:
            log.info("undecipherable", reason=str(error))
            found.facts |= self._waiting.kept(room, event, found.facts)
            return
        await self._said(room, event, plain, found)

    def _due(self, arrived: set[tuple[str, str]], found: Found) -> dict[str, list[Kept]]:
        """Messages that came before their keys and can be tried again, by room."""
        due: dict[str, list[Kept]] = defaultdict(list)
        for kept in self._waiting.due(arrived) if self.encryption else ():
            if kept.event is None:
                found.facts[kept.fact] = ""
            else:
                due[kept.room].append(kept)
        return due

    async def _pending(self, due: Sequence[Kept], found: Found) -> None:
        """Messages that came before their keys: read now, or after a while their senders are told."""
        for kept in due:
            if kept.event is None or self.encryption is None:
                continue
            try:
                plain = await self.encryption.deciphered(kept.room, kept.event)
                found.facts[kept.fact] = ""
                await self._said(kept.room, kept.event, plain, found)
            except Undecipherable:
                if kept.late:
                    found.facts[kept.fact] = ""
                    await self._complain(kept.room, kept.event, found)
            except Denied:
                found.facts[kept.fact] = ""  # the bot has left that room

    async def _complain(self, room: str, event: Event, found: Found) -> None:
        """One sentence per room and day that something could not be read."""
        today = datetime.now(UTC).date().isoformat()
        if self._facts.get(f"complained {room}") == today or found.facts.get(f"complained {room}") == today:
            return
        try:
            known = await self._rooms.get(room)
        except Denied:
            return
        if self._is_private(known):
            found.facts[f"complained {room}"] = today
            sender = Address(NAME, event.sender, room)
            found.batch.append(
                Incoming(id=f"{event.event_id} unread", sender=sender, sent_at=instant(event), kind="undecipherable")
            )

    async def _redacted(self, room: str, event: Event, found: Found) -> None:
        target = event.redacts
        if target is None and (content := read(event.content, Redaction)):
            target = content.redacts
        if not target:
            return
        known = await self._rooms.get(room)
        if self._is_private(known):
            sender = Address(NAME, event.sender, room)
            found.batch.append(
                Incoming(id=event.event_id, sender=sender, sent_at=instant(event), kind="delete", target=target)
            )

    async def _liked(self, room: str, event: Event, found: Found) -> None:
        """A thumb up beside our message about an evening: whether to be reminded of it is asked in private."""
        reaction = read(event.content, Reaction)
        target = reaction.relates_to if reaction else None
        if target is None or target.rel_type != "m.annotation" or target.key[:1] != THUMB or not target.event_id:
            return
        try:
            liked = read(await self._api.get(path("rooms", room, "event", target.event_id)), Event)
            if liked is None or liked.sender != self._user:
                return
            told: Event | Deciphered = liked
            if liked.type == "m.room.encrypted" and self.encryption is not None:
                told = await self.encryption.deciphered(room, liked)
        except (Denied, Undecipherable):
            return
        about = read(told.content, About)
        if about is not None and about.event:
            sender = Address(NAME, event.sender, room)
            found.batch.append(
                Incoming(
                    id=event.event_id,
                    sender=sender,
                    sent_at=instant(event),
                    choice=f"e:{about.event}:ask",
                    private=False,
                )
            )

    async def _said(self, room: str, event: Event, said_as: Event | Deciphered, found: Found) -> None:
        """A message, as its event says it in clear or in cipher."""
        message = read(said_as.content, Message)
        if said_as.type == "m.sticker" and message is not None:
            message.msgtype = "m.sticker"
        if message is None or said_as.type not in {"m.room.message", "m.sticker"}:
            return
        enciphered = isinstance(said_as, Deciphered)
        known = await self._rooms.get(room)
        # In an encrypted room anybody's server can write in the clear; what staff order has to be enciphered there.
        vouched = event.sender.partition(":")[2] in self._staff_servers and (enciphered or not known.encrypted)
        private = self._is_private(known)
        address = Address(NAME, event.sender, room)
        said = incoming(event, message, address, private=private, vouched=vouched)
        if said is None:
            return
        if isinstance(said_as, Deciphered):
            said = replace(said, id=said_as.id)
        if not private:
            said = addressed(said, message, self._user)
        if said is not None:
            found.batch.append(said if private else replace(said, by_admin=known.is_run_by(event.sender)))

    def _is_private(self, room: Room) -> bool:
        """Whether a person is alone with the bot, in a room as private as the operator wants it."""
        alone = len(room.members) == 2 and not room.public
        return alone and (room.encrypted or self._mode != "required")


def _events(raws: Sequence[msgspec.Raw]) -> list[Event]:
    """Those that can be read."""
    events = [event for event in (read(raw, Event) for raw in raws) if event is not None]
    if len(events) < len(raws):
        log.warning("events_malformed", events=len(raws) - len(events))
    return events
