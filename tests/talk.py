"""A person who talks to the whole bot in a test: what they type or tap goes in, what the bot sends comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from bot import app as application
from bot.channels import terminal
from bot.clock import Clock
from bot.config import Config, ProcessSection, StorageSection
from bot.core.messages import Address, Incoming, Memory, Outgoing, Receive
from storage.met import Met

OPEN = datetime.fromisoformat("2025-11-10T10:00:00+01:00")
"""A moment at which Hannover's survey can be taken."""
BEISPIELSTADT = Path(__file__).parent / "processes" / "beispielstadt"
BEISPIELSTADT_OPEN = datetime.fromisoformat("2026-03-05T10:00:00+01:00")
SHORT = ("/umfrage", "1", "nein", "1", "2", "2", "2")
"""Beispielstadt's survey up to the idea."""
_ids = count()


class FrozenClock(Clock):
    """A clock that moves only when a test says so."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at.astimezone(UTC)

    def pass_time(self, **amount: float) -> None:
        self.at += timedelta(**amount)


class Recorder:
    """A channel that keeps what is sent."""

    repeatable = False

    def __init__(self, name: str = terminal.NAME) -> None:
        self.name = name
        self.sent: list[tuple[Address, Outgoing]] = []

    def serves(self, to: Address) -> bool:
        """Everybody."""
        return to.channel == self.name

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Nothing comes from outside: tests hand messages to the bot themselves."""

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        self.sent.append((to, message))
        return str(len(self.sent))


class Talk:
    """One person's side of a conversation; `app` is the bot on the other side."""

    def __init__(
        self, app: application.App, recorder: Recorder, user: str = "anna", language: str | None = "de"
    ) -> None:
        self.app = app
        self.user = user
        self.language = language
        self._recorder = recorder

    @property
    def heard(self) -> list[tuple[Address, Outgoing]]:
        """Everything the bot has said to anybody."""
        return self._recorder.sent

    async def say(self, text: str) -> list[Outgoing]:
        """Type a message; what the bot answers."""
        return await self.receive(self.incoming(text=text))

    async def tap(self, key: str) -> list[Outgoing]:
        """Tap a button; what the bot answers."""
        return await self.receive(self.incoming(choice=key))

    async def say_all(self, *texts: str) -> list[Outgoing]:
        """Type messages one after the other; what the bot answers to the last."""
        answers: list[Outgoing] = []
        for text in texts:
            answers = await self.say(text)
        return answers

    async def wait_until(self, at: datetime, step: timedelta = timedelta(minutes=15)) -> list[Outgoing]:
        """Let time pass, a tick at a time; what the bot sends of its own accord meanwhile."""
        clock = self.app.clock
        assert isinstance(clock, FrozenClock)
        before = len(self._recorder.sent)
        while clock.at < at:
            clock.at = min(clock.at + step, at)
            await self.app.duties.all_at_once()
        return [message for _, message in self._recorder.sent[before:]]

    async def receive(self, *messages: Incoming) -> list[Outgoing]:
        """Hand the bot a batch; all that it sends."""
        before = len(self._recorder.sent)
        await self.app.dispatch.receive(messages)
        await self.app.dispatch.afterwards.idle()
        await self._is_known_as_stored()
        return [message for _, message in self._recorder.sent[before:]]

    async def _is_known_as_stored(self) -> None:
        """Whoever has just been met is not looked up again: nothing may differ from what a look would find."""
        memory, address = self.app.memory, Address(self._recorder.name, self.user, self.user)
        met = await memory.known(self._recorder.name, [], [address])
        kept, memory._met = memory._met, Met()  # noqa: SLF001 - nobody else has reason to look
        assert met == await memory.known(self._recorder.name, [], [address])
        memory._met = kept  # noqa: SLF001 - as above

    def incoming(self, *, text: str = "", choice: str | None = None) -> Incoming:
        """A message as a channel would hand it over."""
        return Incoming(
            id=f"m{next(_ids)}",
            sender=Address(self._recorder.name, self.user, self.user),
            sent_at=self.app.clock.now(),
            text=text,
            choice=choice,
            language=self.language,
        )

    def another(self, user: str) -> "Talk":
        """Somebody else who talks to the same bot."""
        return Talk(self.app, self._recorder, user, self.language)


def config_in(folder: Path, process: Path | None = None, url: str = "sqlite:///data/mitreden.db") -> Config:
    """Settings whose files lie in a folder of the test."""
    return Config(base=folder, process=ProcessSection(str(process) if process else ""), storage=StorageSection(url=url))


@asynccontextmanager
async def talking(
    config: Config, now: datetime = OPEN, user: str = "anna", language: str | None = "de"
) -> AsyncIterator[Talk]:
    """A bot with its storage, and a person who talks to it."""
    recorder = Recorder()
    async with application.opened(config, FrozenClock(now), {recorder.name: recorder}, {}) as app:
        yield Talk(app, recorder, user, language)
