"""Notes who comes into a room and who goes, and what a room has become: encrypted, or moved elsewhere."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.channels.matrix.api import Denied
from bot.channels.matrix.events import NAME, Event, Membership, Tombstone, instant, read
from bot.channels.matrix.found import Found
from bot.channels.matrix.invites import Invitation
from bot.channels.matrix.rooms import Room, Rooms
from bot.core.messages import MOVED, Address, Incoming


@dataclass(frozen=True, slots=True)
class Members:
    """The members of the bot's rooms. `facts` is what the channel remembers, `is_private` whether a room is private."""

    rooms: Rooms
    user: str
    facts: Mapping[str, str]
    is_private: Callable[[Room], bool]

    def bot_joins(self, event: Event) -> bool:
        """Whether with this event the bot itself has come in."""
        if event.type != "m.room.member" or event.state_key != self.user:
            return False
        now = read(event.content, Membership)
        return now is not None and now.membership == "join" and _membership_before(event) != "join"

    async def greeting(self, room: str, event: Event, found: Found) -> None:
        """The bot has just come in. By an invitation: it says who it is."""
        if f"invite {room}" in self.facts:
            found.facts[f"invite {room}"] = ""
        if _membership_before(event) != "invite" or f"followed {room}" in self.facts:
            return
        known = await self.rooms.get(room)
        known.came[self.user] = asyncio.get_running_loop().time()
        others = known.others(self.user)
        if not others:
            return
        private = self.is_private(known)
        sender = next(iter(others)) if private else str(event.unsigned.get("prev_sender") or next(iter(others)))
        found.batch.append(
            Incoming(
                id=event.event_id,
                sender=Address(NAME, sender, room),
                sent_at=instant(event),
                text="/start" if private else "",
                private=private,
                target=event.event_id,  # among others the greeting is a reply to this, so it rings nowhere
            )
        )

    def noted(self, room: str, event: Event, found: Found) -> None:
        """What an event changes about its room."""
        self.rooms.note(room, event)
        if event.state_key != "":
            return
        if event.type == "m.room.encryption" and f"encrypted {room}" not in self.facts:
            found.facts[f"encrypted {room}"] = "1"
        if event.type == "m.room.tombstone":
            stone = read(event.content, Tombstone)
            # Whatever else it names is no room, but perhaps somebody.
            if stone and stone.replacement_room.startswith("!") and MOVED + room not in self.facts:
                found.facts[MOVED + room] = stone.replacement_room
                found.facts[f"followed {stone.replacement_room}"] = "1"
                found.invited.append(Invitation(stone.replacement_room, event.sender))

    async def changed(self, room: str, event: Event, found: Found) -> None:
        """Somebody has come or gone: the last one who goes takes the bot along, and gets no more messages there."""
        now = read(event.content, Membership)
        if now is None or now.membership in {"join", "invite", "knock"} or event.state_key in {None, self.user}:
            return
        try:
            known = await self.rooms.get(room)
        except Denied:
            return
        if not known.others(self.user):
            found.empty.append(room)
        if MOVED + room not in self.facts and len(known.members) <= 1:
            found.batch.append(
                Incoming(
                    id=event.event_id,
                    sender=Address(NAME, event.state_key or "", room),
                    sent_at=instant(event),
                    kind="membership",
                    text="left",
                )
            )

    def left(self, room: str, found: Found) -> None:
        """The bot itself has left, or was put out. That the room is encrypted stays known: it may come again."""
        self.rooms.forget(room)
        for kind in ("invite", "complained", "followed"):
            if f"{kind} {room}" in self.facts:
                found.facts[f"{kind} {room}"] = ""


def _membership_before(event: Event) -> str:
    """What somebody was in a room before this event, as the homeserver says."""
    before = event.unsigned.get("prev_content")
    return str(before.get("membership", "")) if isinstance(before, dict) else ""
