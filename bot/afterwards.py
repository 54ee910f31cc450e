"""What a batch leads to once it is committed: slow work, content that is read anew, a picture that is fetched."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

from bot.background import Background
from bot.core.conversation import FetchPicture, Person, Reload
from bot.core.messages import Address, OutboxRow, Outgoing
from bot.core.texts import Texts
from handlers.turn import Decision, Job, Turn
from storage.database import Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SlowWork:
    """Work that takes its time, and who is told what came of it, in which language."""

    to: Address
    t: Texts
    work: Job


@dataclass(frozen=True, slots=True)
class ForStaff:
    """What somebody on the staff has asked for, and what the bot does by itself."""

    person: Person
    wish: Reload | FetchPicture


Due = SlowWork | ForStaff


def due_after(decision: Decision, turn: Turn) -> list[Due]:
    """What a decision leads to once it is committed."""
    wishes = (effect for effect in decision.effects if isinstance(effect, Reload | FetchPicture))
    due: list[Due] = [ForStaff(decision.person, wish) for wish in wishes]
    return [*due, SlowWork(turn.message.sender, turn.t, decision.job)] if decision.job else due


class Afterwards:
    """Does it. `write` stores messages for somebody and gives the rows to be sent; it raises Unavailable."""

    def __init__(
        self,
        write: Callable[[Address, Sequence[Outgoing]], Awaitable[Sequence[OutboxRow]]],
        send: Callable[[Sequence[OutboxRow]], Awaitable[None]],
    ) -> None:
        self._write = write
        self._send = send
        self._due: list[Due] = []
        self._background = Background()
        self.on_reload: Callable[[Person, int | None], Awaitable[None]] | None = None
        """Called for somebody on the staff who wants the content to be read anew."""
        self.on_picture: Callable[[Person, FetchPicture], None] = lambda _person, _picture: None
        """Called for somebody on the staff who has sent a picture. It must not wait."""

    def add(self, due: Iterable[Due]) -> None:
        """Take over what a batch that is committed leads to."""
        self._due += due

    async def begin(self) -> None:
        """Begin what is due: beside everything else, so that nobody waits for it but who asked."""
        begun, self._due = self._due, []
        for due in begun:
            match due:
                case SlowWork():
                    self._background.begin(self._do(due))
                case ForStaff(person, Reload(confirmed_by)):
                    if self.on_reload is not None:
                        await self.on_reload(person, confirmed_by)
                case ForStaff(person, FetchPicture() as picture):
                    self.on_picture(person, picture)

    async def idle(self) -> None:
        """Wait until no slow work is left."""
        await self._background.idle()

    async def close(self) -> None:
        """Give up slow work: who asked for it asks again."""
        await self._background.close()

    async def _do(self, slow: SlowWork) -> None:
        try:
            said = await slow.work()
        except Exception as error:  # noqa: BLE001 - whatever fails costs only who asked for it
            log.error("job_failed", error=type(error).__name__)
            said = (Outgoing(text=slow.t("apology")),)
        try:
            rows = await self._write(slow.to, said)
        except Unavailable as error:
            log.error("job_lost", error=str(error))
            return
        await self._send(rows)
