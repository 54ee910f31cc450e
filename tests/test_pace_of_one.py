"""One chat that cannot be sent to now keeps nobody else waiting, however many such chats there are."""

import asyncio
from pathlib import Path

import pytest

from bot import app as application
from bot.core.messages import Address, Incoming, Memory, NotYet, Outgoing, Receive, Unknown
from bot.pace import Limits, Pace
from tests.talk import OPEN, FrozenClock, config_in


class Picky:
    """A channel that takes messages for one person only."""

    name = "matrix"
    repeatable = True

    def __init__(self, served: str, error: Exception) -> None:
        self.said: list[str] = []
        self._served = served
        self._error = error

    def serves(self, to: Address) -> bool:
        """Everybody, it says."""
        return True

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Nothing comes from outside."""

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        if to.user != self._served:
            raise self._error
        self.said.append(to.user)
        return str(len(self.said))


@pytest.mark.parametrize("error", [NotYet("has not come yet", retry_after=30), Unknown("500")])
async def test_chats_that_cannot_be_sent_to_now_keep_nobody_else_waiting(tmp_path: Path, error: Exception) -> None:
    channel = Picky("anna", error)
    paces = {channel.name: Pace(Limits())}
    async with application.opened(config_in(tmp_path), FrozenClock(OPEN), {channel.name: channel}, paces) as app:
        for user in ("mallory", "malvin", "anna"):
            sender = Address(channel.name, user, user)
            await app.dispatch.receive([Incoming(id=user, sender=sender, sent_at=OPEN, text="/start")])
            await asyncio.sleep(0.1)  # as far apart as makes two refusals look like one of the network's
        async with asyncio.timeout(0.7):
            while not channel.said:
                await asyncio.sleep(0.01)
