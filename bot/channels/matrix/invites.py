"""Invitations: joined one after the other, so many for each inviter and each server, so that nobody floods the bot."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import structlog

from bot.channels.matrix.api import Api, Denied, path
from bot.channels.matrix.events import Event, Invited, Membership, read
from bot.core.messages import SendError

log = structlog.get_logger(__name__)

BETWEEN, SLOWLY = 0.2, 2.0
"""Seconds between two joins; and after one for a server whose people invite more than `BY_SERVER`."""
BY_ONE, BY_SERVER = 5, 100
"""Invitations within the window: of one person, the rest is declined; of one server, it waits."""
WINDOW = 3600.0
"""Seconds."""
AT_ONCE = 8
"""Joins under way: a join takes as long as the servers of a room make it take."""
MOST_WAITING = 5_000
DECLINING = 2.0
"""Seconds between two that are declined because they are too many: that is work for the homeserver, too."""
TELLING = 600.0
"""Seconds between two lines in the log about it."""
PATIENCE = 120.0
"""Seconds for a join."""
TRIES = 5


@dataclass(frozen=True, slots=True)
class Invitation:
    """A room, who invites to it, and whether it says to be encrypted."""

    room: str
    inviter: str
    encrypted: bool = False

    @property
    def server(self) -> str:
        """Where the inviter has their account."""
        return self.inviter.partition(":")[2]

    @property
    def fact(self) -> tuple[str, str]:
        """How it is remembered until the bot has joined."""
        return f"invite {self.room}", f"{self.inviter} encrypted" if self.encrypted else self.inviter


def remembered(name: str, value: str) -> Invitation | None:
    """The invitation that a fact tells of; None where it is another fact."""
    kind, _, room = name.partition(" ")
    inviter, _, encrypted = value.partition(" ")
    return Invitation(room, inviter, encrypted == "encrypted") if kind == "invite" else None


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
        # Who has invited least goes first, so that no flood keeps others waiting.
        self._waiting: asyncio.PriorityQueue[tuple[bool, int, int, Invitation, int]] = asyncio.PriorityQueue()
        self._numbers = count()
        self._rooms: set[str] = set()
        self._recent: deque[tuple[float, Invitation]] = deque()
        self._by_one: Counter[str] = Counter()
        self._by_server: Counter[str] = Counter()
        self._declined = 0
        self._told_at = -TELLING
        self._too_many: dict[str, None] = {}

    def add(self, invited: Invitation) -> bool:
        """Take an invitation; of too many from one person the rest is declined. Whether it was taken."""
        if invited.room in self._rooms:
            return True
        self._forget_old()
        if self._by_one[invited.inviter] >= BY_ONE or len(self._rooms) >= MOST_WAITING:
            self._turn_away(invited)
            return False
        self._recent.append((asyncio.get_running_loop().time(), invited))
        self._by_one[invited.inviter] += 1
        self._by_server[invited.server] += 1
        self._rooms.add(invited.room)
        self._too_many.pop(invited.room, None)
        self._line_up(invited, tries=0)
        return True

    async def work(self, ready: asyncio.Event) -> None:
        """Join, one room after the other, for ever."""
        gate = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as joining:
            joining.create_task(self._turn_away_slowly(ready))
            while True:
                slowly, _, _, invited, tries = await self._waiting.get()
                await ready.wait()
                await gate.acquire()
                task = joining.create_task(self._answer(invited, tries))
                task.add_done_callback(lambda _: gate.release())
                await asyncio.sleep(SLOWLY if slowly else BETWEEN)

    def _turn_away(self, invited: Invitation) -> None:
        self._declined += 1
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TELLING:  # a flood of invitations must not be one of lines in the log
            self._told_at = now
            log.warning("invitations_flood", declined=self._declined)
        if len(self._too_many) < MOST_WAITING:  # what is more stays open, which costs nobody anything
            self._too_many[invited.room] = None

    async def _turn_away_slowly(self, ready: asyncio.Event) -> None:
        """Decline what is too much, for ever: whoever meant it sees that the bot will not come, and may ask again."""
        while True:
            await asyncio.sleep(DECLINING)
            await ready.wait()
            if room := next(iter(self._too_many), None):
                del self._too_many[room]
                with contextlib.suppress(SendError):
                    await self._leave(room)

    def _line_up(self, invited: Invitation, tries: int) -> None:
        slowly = self._by_server[invited.server] > BY_SERVER
        self._waiting.put_nowait((slowly, self._by_one[invited.inviter], next(self._numbers), invited, tries))

    def _forget_old(self) -> None:
        earliest = asyncio.get_running_loop().time() - WINDOW
        while self._recent and self._recent[0][0] < earliest:
            _, old = self._recent.popleft()
            for counted, whose in ((self._by_one, old.inviter), (self._by_server, old.server)):
                counted[whose] -= 1
                if not counted[whose]:
                    del counted[whose]

    async def _answer(self, invited: Invitation, tries: int) -> None:
        """Join or decline; what fails is tried again for a while, and once more after the next start."""
        try:
            if self._welcome(invited):
                await self._api.post(path("join", invited.room), {}, PATIENCE, via=invited.server)
            else:
                log.info("invitation_declined")
                await self._leave(invited.room)
        except Denied as error:
            log.info("join_refused", code=error.code)
            with contextlib.suppress(SendError):
                await self._leave(invited.room)
        except SendError as error:
            asked_to_wait: float | None = getattr(error, "retry_after", None)
            tries += asked_to_wait is None
            log.info("join_failed", error=type(error).__name__, tries=tries)
            if tries < TRIES:
                pause = asked_to_wait or 2.0**tries
                asyncio.get_running_loop().call_later(pause, self._line_up, invited, tries)
                return
        except Exception as error:  # noqa: BLE001 - one room must not keep the others waiting
            log.error("invitation_failed", error=type(error).__name__)
        self._rooms.discard(invited.room)

    async def _leave(self, room: str) -> None:
        await self._api.post(path("rooms", room, "leave"), {})
