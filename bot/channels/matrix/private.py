"""The rooms in which the bot is alone with somebody because it opened them, and where rooms have moved to."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from bot.channels.matrix.api import Api, Denied, decoded, path
from bot.channels.matrix.rooms import Room, Rooms
from bot.core.messages import Address, NotYet, SendError, place_of

PATIENCE = 120.0
"""Seconds for opening a room, whose invitation another server may keep waiting."""
SETTLING_IN = 2.0
"""Seconds after somebody or the bot has come in: before a program knows our keys it would never show what it gets."""
SOONEST, LATEST = 2.0, 60.0
"""Seconds until it is looked again whether somebody has come: the longer they take, the longer."""


class PrivateRooms:
    """Finds the room for a message. `name` is what a new room is called; `facts` say which rooms have moved."""

    def __init__(  # noqa: PLR0913 - what it finds and opens rooms with
        self, api: Api, rooms: Rooms, user: str, facts: Mapping[str, str], name: str, *, encrypted: bool
    ) -> None:
        self._api = api
        self._rooms = rooms
        self._user = user
        self._facts = facts
        self._name = name
        self._encrypted = encrypted
        self._opened: dict[str, str] = {}
        self._opening: dict[str, asyncio.Task[Room]] = {}
        self._invited: dict[str, float] = {}

    async def know(self) -> None:
        """Learn from the homeserver which rooms the bot has opened before. Raises a SendError."""
        try:
            told = decoded(await self._api.get(self._noted_at()))
        except Denied:
            told = {}
        if isinstance(told, Mapping):
            self._opened = {user: rooms[-1] for user, rooms in told.items() if isinstance(rooms, list) and rooms}

    async def room(self, to: Address, *, private: bool) -> Room:
        """The room of an address; what is private goes to a room that the person is in. Raises a SendError."""
        if to.room:
            try:
                room = await self._rooms.get(place_of(to.room, self._facts.get))
            except Denied:
                if not private:
                    raise
            else:
                if not private or _alone(room, to.user):
                    await self._settled_in(room)
                    return room
        # Two who want it ask once; one who gives up does not end it for the other.
        if to.user not in self._opening:
            self._opening[to.user] = asyncio.create_task(self._with(to.user))
            self._opening[to.user].add_done_callback(lambda _: self._opening.pop(to.user, None))
        room = await asyncio.shield(self._opening[to.user])
        self._await(room, to.user)
        return room

    def _await(self, room: Room, user: str) -> None:
        """Raises NotYet where somebody has not come into an encrypted room, or only just."""
        if not room.encrypted:
            return
        now = asyncio.get_running_loop().time()
        if user in room.invited:
            since = self._invited.setdefault(user, now)
            raise NotYet("has not come yet", retry_after=min(max((now - since) / 4, SOONEST), LATEST))
        self._invited.pop(user, None)
        if (left := room.came.get(user, 0.0) + SETTLING_IN - now) > 0:
            raise NotYet("has only just come", retry_after=left)

    async def _settled_in(self, room: Room) -> None:
        """Wait where the bot itself has only just come into an encrypted room."""
        left = room.came.get(self._user, 0.0) + SETTLING_IN - asyncio.get_running_loop().time()
        if room.encrypted and left > 0:
            await asyncio.sleep(left)

    async def _with(self, user: str) -> Room:
        """The room that was opened for somebody, as long as they are in it or invited; otherwise a new one."""
        if opened := self._opened.get(user):
            with contextlib.suppress(Denied):
                room = await self._rooms.get(place_of(opened, self._facts.get))
                if _alone(room, user):
                    return room
        return await self._rooms.get(await self._open(user))

    async def _open(self, user: str) -> str:
        body: dict[str, Any] = {"preset": "private_chat", "is_direct": True, "invite": [user], "name": self._name}
        if self._encrypted:
            state = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
            body["initial_state"] = [state]
        room = str(decoded(await self._api.post(path("createRoom"), body, PATIENCE))["room_id"])
        self._opened[user] = room
        # As every Matrix program notes it: after a restart we know the room again, before the person has answered.
        direct = {person: [known] for person, known in self._opened.items()}
        with contextlib.suppress(SendError):
            await self._api.put(self._noted_at(), direct)
        return room

    def _noted_at(self) -> str:
        return path("user", self._user, "account_data", "m.direct")


def _alone(room: Room, user: str) -> bool:
    """Whether somebody is, or is invited, in a room where nobody else reads along."""
    return user in room.members and len(room.members) <= 2
