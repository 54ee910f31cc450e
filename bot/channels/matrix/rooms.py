"""The rooms the bot is in: who is there, whether they are encrypted, and where a room has moved to."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from weakref import WeakValueDictionary

import msgspec

from bot.channels.matrix.api import Api, Denied, path
from bot.channels.matrix.events import Creation, Event, JoinRules, Membership, PowerLevels, read

PRESENT = {"join", "invite"}
MODERATOR = 50
"""The power from which on somebody runs a room: https://spec.matrix.org/latest/client-server-api/#mroompower_levels"""
CREATORS_RULE = 12
"""The version from which on those who created a room run it whatever its levels say: https://spec.matrix.org/v1.16/rooms/v12/"""

MOST = 10_000
"""Rooms that are kept in memory, at 1.3 KB and more for larger ones."""


@dataclass(slots=True, weakref_slot=True)
class Room:
    """One room. `members` are those who are in it or invited; sending happens one event at a time.

    `invited` are those of them who have not come yet, `came` when those did who came while we looked (the loop's time).

    A `public` one is open to everybody, who may then read what was said before. `creators` and `power` say who runs it.
    """

    id: str
    encrypted: bool = False
    public: bool = False
    members: set[str] = field(default_factory=set)
    creators: set[str] = field(default_factory=set)
    power: PowerLevels = field(default_factory=PowerLevels)
    invited: set[str] = field(default_factory=set)
    came: dict[str, float] = field(default_factory=dict)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    def is_run_by(self, user: str) -> bool:
        """Whether somebody is one of its moderators."""
        return user in self.creators or self.power.users.get(user, self.power.users_default) >= MODERATOR

    def others(self, user: str) -> set[str]:
        """Everybody but one."""
        return self.members - {user}


class Rooms:
    """Rooms as they are needed: the homeserver is asked about each, then events keep it right.

    `known_encrypted` says what was seen before; a room recorded as encrypted stays so whatever a server says later.
    The `most` that were wanted last are kept, and those in somebody's hands; about others it is asked anew.
    """

    def __init__(self, api: Api, user: str, known_encrypted: Callable[[str], bool], most: int = MOST) -> None:
        self._api = api
        self._user = user
        self._known_encrypted = known_encrypted
        self._most = most
        # By weak references, too: who is sending into a room shares its lock with whoever comes after them.
        self._rooms: WeakValueDictionary[str, Room] = WeakValueDictionary()
        self._latest: OrderedDict[str, Room] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Room]] = {}
        self._meanwhile: dict[str, list[Event]] = {}
        """What has come of rooms while the homeserver is being asked about them: its answer may be older."""

    async def get(self, room: str) -> Room:
        """A room with its members. Raises a SendError: Denied where the bot is not in it."""
        if known := self._rooms.get(room):
            return self._kept(known)
        # Several who want to know ask once; one who gives up does not end it for the others.
        if room not in self._asking:
            self._meanwhile[room] = []
            self._asking[room] = asyncio.create_task(self._ask(room))
            self._asking[room].add_done_callback(partial(self._asked, room))
        return await asyncio.shield(self._asking[room])

    def _asked(self, room: str, asking: asyncio.Task[Room]) -> None:
        self._asking.pop(room, None)
        self._meanwhile.pop(room, None)
        if not asking.cancelled():
            asking.exception()  # where nobody waits any more it is no news to anybody

    def _kept(self, room: Room) -> Room:
        self._latest[room.id] = room
        self._latest.move_to_end(room.id)
        if len(self._latest) > self._most:
            self._latest.popitem(last=False)
        return room

    async def _ask(self, room: str) -> Room:
        state = msgspec.json.decode(await self._api.get(path("rooms", room, "state")), type=list[msgspec.Raw])
        found = Room(room, encrypted=self._known_encrypted(room))
        for raw in state:
            if event := read(raw, Event):
                learn(found, event)
        for event in self._meanwhile.pop(room, ()):
            learn(found, event)
        if self._user not in found.members:
            raise Denied(403, "M_FORBIDDEN", "the bot is not in this room")
        return self._kept(self._rooms.setdefault(room, found))

    def latest(self) -> Iterator[str]:
        """Those that are known, the one that was wanted last first."""
        return reversed(self._latest)

    def note(self, room: str, event: Event) -> None:
        """Learn from an event what has changed about a room that is known, or is just being asked about."""
        if known := self._rooms.get(room):
            learn(known, event)
        elif room in self._meanwhile:
            self._meanwhile[room].append(event)

    def forget(self, room: str) -> None:
        """The bot has left."""
        self._rooms.pop(room, None)
        self._latest.pop(room, None)


def learn(room: Room, event: Event) -> None:
    """Take over what an event says about a room."""
    # Anybody may send an event that is only called so; the state of a room is what has a state key.
    match event.type:
        case "m.room.encryption" if event.state_key == "":
            room.encrypted = True
        case "m.room.join_rules" if event.state_key == "":
            rules = read(event.content, JoinRules)
            room.public = rules is not None and rules.join_rule == "public"
        case "m.room.create" if event.state_key == "":
            room.creators = _creators(event)
        case "m.room.power_levels" if event.state_key == "":
            room.power = read(event.content, PowerLevels) or PowerLevels()
        case "m.room.member" if event.state_key:
            membership = read(event.content, Membership)
            _moves(room, event.state_key, membership.membership if membership else "")
        case _:
            pass


def _creators(event: Event) -> set[str]:
    """Those who run a room because they created it."""
    creation = read(event.content, Creation)
    if creation is None or not creation.room_version.isdecimal() or int(creation.room_version) < CREATORS_RULE:
        return set()
    return {event.sender, *creation.additional_creators}


def _moves(room: Room, user: str, membership: str) -> None:
    """Somebody is invited, comes, or goes."""
    if membership != "join":
        room.came.pop(user, None)
    elif user in room.invited:
        room.came[user] = asyncio.get_running_loop().time()
    (room.invited.add if membership == "invite" else room.invited.discard)(user)
    (room.members.add if membership in PRESENT else room.members.discard)(user)
