"""What a person in Matrix rooms sees and waits for, whichever library their app is made of."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Json = dict[str, Any]
Thing = TypeVar("Thing")

PATIENCE = 40.0
"""Seconds until nothing more is waited for: the bot, Synapse and other tests share two cores."""


@dataclass(frozen=True)
class Heard:
    """A message, or a state event that people see; content is in clear, as far as the app could read it."""

    event_id: str
    room: str
    sender: str
    type: str
    content: Json
    raw: Json = field(repr=False)
    encrypted: bool = False
    unreadable: str = ""
    """Why the app could not decrypt it; empty where it could, or where there was nothing to decrypt."""
    shield: str = "NONE"
    """The colour of the shield that an app with encryption shows beside a message: NONE, GREY or RED."""
    warning: str = ""
    """Why there is a shield: UNSIGNED_DEVICE, SENT_IN_CLEAR and so on."""

    @property
    def text(self) -> str:
        """What is to be read; of an edit, the new words."""
        content = self.content.get("m.new_content", self.content)
        return str(content.get("body", ""))

    @property
    def html(self) -> str:
        """The formatted body; empty where there is none."""
        content = self.content.get("m.new_content", self.content)
        return str(content.get("formatted_body", ""))

    @property
    def msgtype(self) -> str:
        """m.text, m.notice and so on; empty for what is no message."""
        return str(self.content.get("msgtype", ""))

    @property
    def mentions(self) -> list[str]:
        """The people whose apps ring; "@room" for everybody's."""
        named = self.content.get("m.mentions", {})
        return [*named.get("user_ids", []), *(["@room"] if named.get("room") else [])]

    @property
    def edits(self) -> str:
        """The event that this one corrects; empty where it corrects none."""
        return self._related("m.replace")

    @property
    def thread(self) -> str:
        """The event with which its thread began; empty outside threads."""
        return self._related("m.thread")

    @property
    def reply_to(self) -> str:
        """The event that it answers; empty where it answers none, as in a thread for apps that know threads."""
        relation = self.content.get("m.relates_to", {})
        falls_back = relation.get("is_falling_back", False)
        return "" if falls_back else str(relation.get("m.in_reply_to", {}).get("event_id", ""))

    def _related(self, how: str) -> str:
        relation = self.content.get("m.relates_to", {})
        return str(relation.get("event_id", "")) if relation.get("rel_type") == how else ""


class Listener:
    """One person; where no room is named, they are in the room that they last made or joined."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.room = ""
        self.joined: set[str] = set()
        self.invites: dict[str, str] = {}
        """Open invitations: the room, and who invited."""
        self.to_device: list[Json] = []
        self.typed: dict[str, set[str]] = defaultdict(set)
        """Who was ever shown to be typing, by room."""
        self.receipts: dict[tuple[str, str], str] = {}
        """What somebody last confirmed to have read, by room and user."""
        self._events: dict[str, dict[str, Heard]] = defaultdict(dict)
        self._last_act: dict[str, str] = {}
        self._changed = asyncio.Event()

    @property
    def transcript(self) -> list[str]:
        """The current room as it went: "> " is this person, "< " somebody else, with their name."""
        return self.transcript_of(self.room)

    def transcript_of(self, room: str) -> list[str]:
        """A room as it went, as far as this person's app has it."""
        lines = []
        for event in self.events(room):
            mark = ">" if event.sender == self.user_id else f"< {event.sender.partition(':')[0][1:]}:"
            first, *more = self._shown(event).split("\n")
            lines += [f"{mark} {first}".rstrip(), *(f"  {line}".rstrip() for line in more)]
        return lines

    def events(self, room: str = "") -> list[Heard]:
        """Everything in a room's timeline, oldest first."""
        return list(self._events[room or self.room].values())

    def messages(self, room: str = "", sender: str = "") -> list[Heard]:
        """What was said or could not be read there, oldest first, by somebody or by anybody."""
        return [event for event in self.events(room) if _said(event) and sender in {"", event.sender}]

    async def hears(self, part: str = "", timeout: float = PATIENCE, room: str = "", sender: str = "") -> Heard:
        """Wait for somebody else's readable words that contain `part`, since this person last did something there.

        The first of them. Raises AssertionError with the transcript where they do not come in time. Seconds.
        """

        def found() -> Heard | None:
            new = (event for event in self._since(room or self.room) if not event.unreadable)
            return next((event for event in new if part in event.text and sender in {"", event.sender}), None)

        heard = await self._until(found, timeout)
        if heard is None:
            raise AssertionError(self._missing(f"{part!r} was not heard", timeout, room))
        return heard

    async def hears_unreadable(self, timeout: float = PATIENCE, room: str = "") -> Heard:
        """Wait for a message that the app cannot decrypt, since this person last did something there."""

        def found() -> Heard | None:
            return next((event for event in self._since(room or self.room) if event.unreadable), None)

        heard = await self._until(found, timeout)
        if heard is None:
            raise AssertionError(self._missing("nothing unreadable came", timeout, room))
        return heard

    async def sees(self, event_type: str, timeout: float = PATIENCE, room: str = "", state_key: str = "") -> Heard:
        """Wait for any event of a type in a room's timeline, with that state key if one is named; the newest."""

        def found() -> Heard | None:
            wanted = [event for event in self.events(room) if event.type == event_type]
            return next(
                (one for one in reversed(wanted) if not state_key or one.raw.get("state_key") == state_key), None
            )

        seen = await self._until(found, timeout)
        if seen is None:
            raise AssertionError(self._missing(f"no {event_type} came", timeout, room))
        return seen

    async def is_invited(self, by: str = "", timeout: float = PATIENCE) -> str:
        """Wait for an invitation, by somebody if named; the room."""

        def found() -> str | None:
            return next((room for room, inviter in self.invites.items() if by in {"", inviter}), None)

        room = await self._until(found, timeout)
        if room is None:
            raise AssertionError(f"no invitation within {timeout:g} s; open ones: {self.invites}")
        return room

    async def is_read(self, event_id: str, by: str, timeout: float = PATIENCE, room: str = "") -> None:
        """Wait until somebody has confirmed to have read just this event."""
        place = (room or self.room, by)
        if not await self._until(lambda: self.receipts.get(place) == event_id or None, timeout):
            raise AssertionError(self._missing(f"{event_id} was not read by {by}", timeout, room))

    async def quiet(self, seconds: float, room: str = "") -> None:
        """Make sure that nobody else says anything there from now on, for so long."""
        before = len(self._others(room))
        if await self._until(lambda: len(self._others(room)) != before or None, seconds):
            raise AssertionError(
                "it should have been quiet; the room:\n" + "\n".join(self.transcript_of(room or self.room))
            )

    def _heard(self, event: Heard) -> None:
        """Take an event in; one that can be read only later takes the place it had before."""
        self._events[event.room][event.event_id] = event
        self._changed.set()

    def _take_in_passing(self, room: str, kind: str, content: Json) -> None:
        if kind == "m.typing":
            self.typed[room] |= set(content["user_ids"])
        if kind == "m.receipt":
            for event_id, kinds in content.items():
                for user_id in kinds.get("m.read", {}):
                    self.receipts[room, user_id] = event_id
        self._changed.set()

    def _acted(self, room: str, event_id: str) -> str:
        """What others said before this own event is no answer to it."""
        self._last_act[room] = event_id
        return event_id

    def _since(self, room: str) -> list[Heard]:
        events = self.events(room)
        if last := self._last_act.get(room):
            ids = [event.event_id for event in events]
            # An answer may be here before the server has sent back what it answers: then nothing is an answer yet.
            events = events[ids.index(last) + 1 :] if last in ids else []
        return [event for event in events if _said(event) and event.sender != self.user_id]

    def _others(self, room: str) -> list[Heard]:
        return [event for event in self.messages(room) if event.sender != self.user_id]

    async def _until(self, found: Callable[[], Thing | None], seconds: float) -> Thing | None:
        try:
            async with asyncio.timeout(seconds):
                while (thing := found()) is None:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return found()
        return thing

    def _missing(self, what: str, seconds: float, room: str) -> str:
        return f"{what} within {seconds:g} s; the room:\n" + "\n".join(self.transcript_of(room or self.room))

    @staticmethod
    def _shown(event: Heard) -> str:
        if event.unreadable:
            return f"(unreadable: {event.unreadable})"
        if not _said(event):
            of = event.raw.get("state_key") or ""
            return f"({event.type} {of} {event.content.get('membership', '')}".rstrip() + ")"
        kind = {"m.text": "", "m.notice": "(notice) "}.get(event.msgtype, f"({event.msgtype}) ")
        return f"{'(edited) ' if event.edits else ''}{kind}{event.text}"


def _said(event: Heard) -> bool:
    return event.type == "m.room.message" or bool(event.unreadable)
