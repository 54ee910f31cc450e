"""The rooms the bot is in: who is there, whether they are encrypted, and where a room has moved to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from bot.channels.matrix.api import Api, Denied, decoded, path
from bot.channels.matrix.events import Event, Membership, read

PRESENT = {"join", "invite"}


@dataclass(slots=True)
class Room:
    """One room. `members` are those who are in it or invited; sending happens one event at a time."""

    id: str
    encrypted: bool
    members: set[str]
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    def others(self, user: str) -> set[str]:
        """Everybody but one."""
        return self.members - {user}


class Rooms:
    """Rooms as they are needed: the homeserver is asked about each once, then events keep it right.

    `known_encrypted` says what was seen before; a room recorded as encrypted stays so whatever a server says later.
    """

    def __init__(self, api: Api, user: str, known_encrypted: Callable[[str], bool]) -> None:
        self._api = api
        self._user = user
        self._known_encrypted = known_encrypted
        self._rooms: dict[str, Room] = {}
        self._asking: dict[str, asyncio.Task[Room]] = {}

    async def get(self, room: str) -> Room:
        """A room with its members. Raises a SendError: Denied where the bot is not in it."""
        if known := self._rooms.get(room):
            return known
        # Several who want to know ask once; one who gives up does not end it for the others.
        if room not in self._asking:
            self._asking[room] = asyncio.create_task(self._ask(room))
            self._asking[room].add_done_callback(lambda _: self._asking.pop(room, None))
        return await asyncio.shield(self._asking[room])

    async def _ask(self, room: str) -> Room:
        encrypted = self._known_encrypted(room) or await self._encrypted(room)
        answer = await self._api.get(path("rooms", room, "members"), not_membership="leave")
        members = {
            event.state_key
            for event in (read(raw, Event) for raw in msgspec.json.decode(answer, type=_Chunk).chunk)
            if event and event.state_key and _present(event)
        }
        if self._user not in members:
            raise Denied(403, "M_FORBIDDEN", "the bot is not in this room")
        return self._rooms.setdefault(room, Room(room, encrypted, members))

    async def _encrypted(self, room: str) -> bool:
        try:
            told = decoded(await self._api.get(path("rooms", room, "state", "m.room.encryption", "")))
        except Denied as error:
            if error.status == 404:
                return False
            raise
        return bool(told.get("algorithm"))

    def note(self, room: str, event: Event) -> None:
        """Learn from an event what has changed about a room that is known."""
        known = self._rooms.get(room)
        if known is None:
            return
        if event.type == "m.room.encryption":
            known.encrypted = True
        elif event.type == "m.room.member" and event.state_key:
            if _present(event):
                known.members.add(event.state_key)
            else:
                known.members.discard(event.state_key)

    def forget(self, room: str) -> None:
        """The bot has left."""
        self._rooms.pop(room, None)


class _Chunk(msgspec.Struct):
    chunk: list[msgspec.Raw] = []


def _present(event: Event) -> bool:
    membership = read(event.content, Membership)
    return membership is not None and membership.membership in PRESENT
