"""Invitations: joined one after the other, so many for each inviter and each server, so that nobody floods the bot."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.channels.matrix.api import Api, Denied, path
from bot.channels.matrix.events import Event, Invited, Membership, read
from bot.core.messages import SendError

log = structlog.get_logger(__name__)

BETWEEN = 0.2
"""Seconds between two joins."""
BY_ONE, BY_SERVER = 5, 100
"""Invitations of one person, and of all people of one server, within the window."""
WINDOW = 3600.0
"""Seconds."""
TRIES = 5


@dataclass(frozen=True, slots=True)
class Invitation:
    """A room, who invites to it, and whether it says to be encrypted."""

    room: str
    inviter: str
    encrypted: bool = False

    @property
    def fact(self) -> str:
        """Under which name it is remembered until the bot has joined."""
        return f"invite {self.room}"


def invitation(room: str, invited: Invited, user: str) -> Invitation | None:
    """Who invites the bot to a room; None where the stripped state does not say it properly."""
    inviter, encrypted = "", False
    for raw in invited.invite_state.events:
        event = read(raw, Event)
        if event is None:
            continue
        if event.type == "m.room.encryption":
            encrypted = True
        if event.type == "m.room.member" and event.state_key == user:
            membership = read(event.content, Membership)
            if membership and membership.membership == "invite":
                inviter = event.sender
    return Invitation(room, inviter, encrypted) if inviter else None


class Invitations:
    """Joins what people invite to; `welcome` says whether a room may be joined at all."""

    def __init__(self, api: Api, welcome: Callable[[Invitation], bool]) -> None:
        self._api = api
        self._welcome = welcome
        self._waiting: asyncio.Queue[Invitation] = asyncio.Queue()
        self._rooms: set[str] = set()
        self._recent: deque[tuple[float, Invitation]] = deque()

    def add(self, invited: Invitation) -> bool:
        """Take an invitation; of too many from one person or server the rest is passed over. Whether it was taken."""
        if invited.room in self._rooms:
            return True
        if self._too_many(invited):
            log.info("invitation_passed_over")
            return False
        self._rooms.add(invited.room)
        self._waiting.put_nowait(invited)
        return True

    async def work(self, ready: asyncio.Event) -> None:
        """Join, one room after the other, for ever."""
        while True:
            invited = await self._waiting.get()
            await ready.wait()
            try:
                await (self._join(invited) if self._welcome(invited) else self._decline(invited))
            except Exception as error:  # noqa: BLE001 - one room must not keep the others waiting
                log.error("invitation_failed", error=type(error).__name__)
            self._rooms.discard(invited.room)
            await asyncio.sleep(BETWEEN)

    def _too_many(self, invited: Invitation) -> bool:
        now = asyncio.get_running_loop().time()
        while self._recent and self._recent[0][0] < now - WINDOW:
            self._recent.popleft()
        self._recent.append((now, invited))
        server = invited.inviter.partition(":")[2]
        counted = Counter(one.inviter for _, one in self._recent)
        servers = Counter(one.inviter.partition(":")[2] for _, one in self._recent)
        return counted[invited.inviter] > BY_ONE or servers[server] > BY_SERVER

    async def _join(self, invited: Invitation) -> None:
        via = invited.inviter.partition(":")[2]
        await _persistently(lambda: self._api.post(path("join", invited.room), {}, via=via))

    async def _decline(self, invited: Invitation) -> None:
        log.info("invitation_declined")
        await _persistently(lambda: self._api.post(path("rooms", invited.room, "leave"), {}))


async def _persistently(call: Callable[[], Awaitable[bytes]]) -> None:
    """A call that is tried again for a while; an invitation that was taken back is nothing to worry about."""
    with contextlib.suppress(Denied):
        for tries in range(TRIES):
            try:
                await call()
            except Denied:
                raise
            except SendError as error:
                log.info("join_failed", error=type(error).__name__)
                await asyncio.sleep(getattr(error, "retry_after", None) or 2.0**tries)
            else:
                return
