"""One chat that cannot be sent to now keeps nobody else waiting, however many such chats there are."""

import asyncio
from pathlib import Path

import pytest

from bot import app as application
from bot.clock import JOBS, ticking
from bot.core.messages import ANNOUNCEMENT, REMINDER, Address, Incoming, Memory, NotYet, Outgoing, Receive, Unknown
from bot.metrics import Metrics
from bot.outbox import UNASKED_AT_ONCE
from bot.pace import Limits, Pace
from bot.trouble import IN_A_ROW
from storage import tables
from storage.changes import Changes
from storage.outbox import Planned
from tests.stored import rows
from tests.talk import OPEN, FrozenClock, config_in


class Picky:
    """A channel that takes messages for one person only, until it is well."""

    name = "matrix"
    repeatable = True

    def __init__(self, served: str, error: Exception) -> None:
        self.said: list[str] = []
        self.is_well = False
        self._served = served
        self._error = error

    def serves(self, to: Address) -> bool:
        """Everybody, it says."""
        return True

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Nothing comes from outside."""

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        if to.user != self._served and not self.is_well:
            raise self._error
        self.said.append(to.user)
        return str(len(self.said))


class OutOfReach(Picky):
    """A network that fails for three chats; then a request waits for its answer until the network is well."""

    def __init__(self) -> None:
        super().__init__("nobody", Unknown("502"))
        self.is_tried = asyncio.Event()
        self.answers = asyncio.Event()
        self._failed = 0

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        self._failed += 1
        if self._failed > IN_A_ROW:
            self.is_tried.set()
            await self.answers.wait()
        return await super().send(to, message, key)


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


async def test_a_chat_that_cannot_be_told_now_takes_nobodys_place_in_an_announcement(
    tmp_path: Path, database_url: str
) -> None:
    """More such chats than wait for their turn in memory: each came back at once, and nobody behind them was told."""
    channel = Picky("anna", NotYet("nobody has the key yet", retry_after=30))
    paces = {channel.name: Pace(Limits(overall=1000))}
    config, metrics, clock = config_in(tmp_path, url=database_url), Metrics(), FrozenClock(OPEN)
    async with application.opened(config, clock, {channel.name: channel}, paces, metrics=metrics) as app:
        users = [*(f"gone-{number}" for number in range(2 * UNASKED_AT_ONCE)), "anna"]
        news = [
            Planned(
                person_id=None,
                to=Address(channel.name, user, user),
                message=Outgoing(text="Es gibt Neues"),
                once=True,
                priority=ANNOUNCEMENT,
                key=user,
            )
            for user in users
        ]
        await app.memory.write(Changes(channel="", now=OPEN, today=OPEN.date(), planned=news))
        sending = asyncio.create_task(app.outbox.send_unasked())
        async with asyncio.timeout(10):
            while not channel.said:
                await asyncio.sleep(0.01)
        sending.cancel()
        assert channel.said == ["anna"]
        assert metrics.not_sent == 0, "the others are only told later"


class Silent(Picky):
    """A network that takes a request and never answers."""

    name = "telegram"

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        await asyncio.sleep(60)
        return await super().send(to, message, key)


async def test_a_network_in_trouble_keeps_no_reminder_on_another_waiting(tmp_path: Path) -> None:
    """More is due on it than waits for its turn in memory, and then something on the other."""
    silent, well = Silent("nobody", Unknown("504")), Picky("anna", Unknown("504"))
    channels, paces = {one.name: one for one in (silent, well)}, {one.name: Pace(Limits()) for one in (silent, well)}
    async with application.opened(config_in(tmp_path), FrozenClock(OPEN), channels, paces) as app:

        async def plan(*to: Address) -> None:
            planned = [
                Planned(
                    person_id=None, to=one, message=Outgoing(text="Morgen"), once=True, priority=REMINDER, key=one.user
                )
                for one in to
            ]
            await app.memory.write(Changes(channel="", now=OPEN, today=OPEN.date(), planned=planned))

        users = [f"user-{number}" for number in range(UNASKED_AT_ONCE)]
        await plan(*(Address(silent.name, user, user) for user in users))
        async with ticking(app.duties, {"messages": JOBS["messages"]}):
            async with asyncio.timeout(10):
                while not await _any_sending(tmp_path):
                    await asyncio.sleep(0.01)
            await plan(Address(well.name, "anna", "anna"))
            async with asyncio.timeout(10):
                while not well.said:
                    await asyncio.sleep(0.01)
        await app.outbox.close(patience=0.1)


async def _any_sending(folder: Path) -> bool:
    return any(one.state == "sending" for one in await rows(folder, tables.outbox))


async def test_what_was_held_up_until_it_is_too_late_is_not_sent_any_more(tmp_path: Path) -> None:
    """It had its turn in time; then the network was in trouble, and the evening has begun, or the night."""
    channel, clock = OutOfReach(), FrozenClock(OPEN)
    paces = {channel.name: Pace(Limits(overall=1000))}
    async with application.opened(config_in(tmp_path), clock, {channel.name: channel}, paces) as app:
        for user in ("anna", "berta", "carla"):
            sender = Address(channel.name, user, user)
            await app.dispatch.receive([Incoming(id=user, sender=sender, sent_at=OPEN, text="/start")])
        planned = Planned(
            person_id=None,
            to=Address(channel.name, "dora", "dora"),
            message=Outgoing(text="Es gibt Neues"),
            once=True,
            priority=ANNOUNCEMENT,
            key="dora",
        )
        await app.memory.write(Changes(channel="", now=OPEN, today=OPEN.date(), planned=[planned]))
        async with asyncio.timeout(20):
            await channel.is_tried.wait()  # by a reply, which what nobody asked for has to stand behind
            sending = asyncio.create_task(app.outbox.send_unasked())
            while [one.state for one in await rows(tmp_path, tables.outbox) if one.key] != ["sending"]:
                await asyncio.sleep(0.01)
            clock.at = OPEN.replace(hour=23)
            channel.is_well = True
            channel.answers.set()
            await sending
            await app.outbox.idle()
        assert set(channel.said) == {"anna", "berta", "carla"}
        assert [one.state for one in await rows(tmp_path, tables.outbox)] == ["queued"]
