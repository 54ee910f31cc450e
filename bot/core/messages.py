"""What travels between a person and the bot, whatever the network."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

Kind = Literal["message", "edit", "delete", "membership", "unreadable", "undecipherable"]
"""`unreadable` is what nobody can make sense of; `undecipherable` what its sender encrypted for others only."""


Who = tuple[str, str]
"""A channel's name and its user id: in however many rooms they write, it is the same person."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one person is reached: a channel's name, the network's user id and the room the talk happens in.

    An empty room is the one in which the person is alone with the bot, where they have not been yet.
    """

    channel: str
    user: str
    room: str

    @property
    def who(self) -> Who:
        """The person, wherever they are reached."""
        return self.channel, self.user

    @property
    def chat(self) -> str:
        """What the network sends to: a room, or a person where they have no room yet."""
        return self.room or self.user


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing a network handed over. `id` is unique within its channel; `choice` is the key of a tapped button.

    `target` is the network's id of the message itself, of the message under a tapped button, or of the edited one.
    `media` marks a picture, a voice message and the like; `picture` is what its channel fetches one by.
    `link` opens the private chat for one from a group.
    A reaction to a message about an event comes as the choice "e:ID:ask", which is answered in private.
    `by_admin` is whether somebody who runs the room said it, where that was asked of the network.
    `thread` is the network's id of the thread that the message stands in. `vouched` is whether the network makes sure
    that the message is its sender's own: a forward is not, nor one from a server that nobody has named for staff.
    `formatted` is the text with what is bold and what is a link, as staff may write it; empty where nothing is.
    """

    id: str
    sender: Address
    sent_at: datetime
    kind: Kind = "message"
    target: str | None = None
    text: str = ""
    choice: str | None = None
    language: str | None = None
    private: bool = True
    media: bool = False
    vouched: bool = True
    link: str = ""
    by_admin: bool = False
    thread: str | None = None
    picture: str = ""
    formatted: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: `key` travels in a button (at most 64 bytes), `label` is read by people."""

    key: str
    label: str
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes

    @property
    def is_text(self) -> bool:
        """Whether it can be read as it is."""
        return self.media_type.startswith("text/") or self.media_type == "application/json"


@dataclass(frozen=True, slots=True)
class Venue:
    """A place on the map, in degrees."""

    name: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Span:
    """Some words in one manner; `link` is an address that opens when they are chosen."""

    text: str
    bold: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """A message with buttons that was answered by one of them: its id, and what it reads from now on."""

    message: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to a person, in the person's language.

    `choices` are numbered from 1 in the order given. `controls` (back, skip, pause) are not: they are typed as words
    and stand in a row of their own where a network has buttons. `done` ends a selection of several by buttons.
    `venue` is shown on a map where a network has one; the text says it, too. `about` is the id of the event that a
    message is about, so that a network can tell which one a reaction is for.
    An `aside` leaves the buttons of the message before it valid; any other message takes them away.
    `replaces` names a message to edit instead of sending a new one; `settles` one that this message makes obsolete.
    `commands` are what the network lists beside this chat from now on, where it lists any: names and descriptions.
    `spans` are the same words with what is bold and what is a link, for networks that can show it; the text says all.
    `private` goes to the person alone, wherever they asked; `reply_to` and `thread` say where in a room it belongs.
    """

    text: str
    spans: tuple[Span, ...] = ()
    choices: tuple[Choice, ...] = ()
    controls: tuple[Choice, ...] = ()
    done: Choice | None = None
    attachment: Attachment | None = None
    venue: Venue | None = None
    about: str = ""
    silent: bool = False
    aside: bool = False
    replaces: str | None = None
    settles: Settled | None = None
    deletes: str | None = None
    commands: tuple[tuple[str, str], ...] = ()
    private: bool = False
    reply_to: str | None = None
    thread: str | None = None


State = Literal["queued", "sending", "sent", "unknown", "failed"]
REPLY, REMINDER, ANNOUNCEMENT = 0, 1, 2
"""Priorities: a reply before a reminder before an announcement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message on its way. `once` is never sent again where it stays open whether it arrived; `due_at` None is now.

    From `until` on it is too late: it is not sent any more.
    """

    id: int
    to: Address
    message: Outgoing
    state: State = "queued"
    once: bool = False
    due_at: datetime | None = None
    not_before: datetime | None = None
    until: datetime | None = None
    priority: int = REPLY
    attempts: int = 0
    error: str | None = None
    remote_id: str | None = None
    key: str | None = None


class SendError(Exception):
    """A message could not be sent. Channels raise one of those below; the outbox decides what follows."""


class NotSent(SendError):
    """Certainly not delivered, may be tried again; `retry_after` in seconds where the network named it."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class NotYet(NotSent):
    """As NotSent, for a reason that lies with this person or room alone: others are sent to meanwhile."""


class Unknown(SendError):
    """The network leaves open whether the message arrived."""


class Blocked(SendError):
    """The person does not want messages or has gone: no further sends, not an error."""


class Refused(SendError):
    """The network will never take this message."""


class Halted(Exception):
    """A channel cannot go on before an operator has done what the text says."""


@dataclass(frozen=True, slots=True)
class Menu:
    """What a network shows of the bot in one language, beside the chat: commands with descriptions, and about it.

    An empty `language` is for everybody whose language has no menu.
    """

    language: str
    commands: tuple[tuple[str, str], ...]
    description: str
    short_description: str


Receive = Callable[[Sequence[Incoming], str | None, Mapping[str, str]], Awaitable[None]]
"""(batch, bookmark, facts): returns once everything is committed; only then may the network's bookmark move."""

MOVED = "moved "
"""A fact of a channel with this before a room's id: the room that took its place."""


def place_of(room: str, fact: Callable[[str], str | None]) -> str:
    """Where a room is now, however often it has moved; `fact` looks up a channel's fact by its name."""
    passed: set[str] = set()
    while room not in passed and (onward := fact(MOVED + room)):
        passed.add(room)
        room = onward
    return room


class Memory(Protocol):
    """What a channel may remember between starts: its bookmark and its small durable facts."""

    async def bookmark(self, channel: str) -> str | None: ...

    async def facts(self, channel: str) -> Mapping[str, str]: ...


@runtime_checkable
class Pictures(Protocol):
    """A channel on which people can send pictures."""

    async def fetch(self, reference: str, most: int) -> bytes:
        """What an `Incoming.picture` stands for, up to a little more than `most` bytes. Raises a SendError."""
        ...


class Channel(Protocol):
    """One network. `send` returns the network's id of the message; `key` is the same for a repeat of the same row.

    `repeatable` says that a repeat with the same key is no second message. `run` raises Halted.
    """

    name: str
    repeatable: bool

    def serves(self, to: Address) -> bool:
        """Whether a message to this address can be sent here and now."""
        ...

    async def run(self, receive: Receive, memory: Memory) -> None: ...

    async def send(self, to: Address, message: Outgoing, key: str) -> str: ...
