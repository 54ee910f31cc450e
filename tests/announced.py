"""Announcements in a test: written by one, confirmed by another, and who got them."""

from bot.core.messages import Outgoing
from tests.staff import chosen, joined
from tests.talk import FrozenClock, Talk

PEOPLE = ("a", "b", "c", "d", "e", "f")


async def pass_time(talk: Talk, **amount: float) -> list[tuple[str, Outgoing]]:
    """Let time pass and the jobs run; who was sent what."""
    clock = talk.app.clock
    assert isinstance(clock, FrozenClock)
    before = len(talk.heard)
    clock.pass_time(**amount)
    await talk.app.duties.all_at_once()
    return [(to.user, message) for to, message in talk.heard[before:]]


def recipients(sent: list[tuple[str, Outgoing]], words: str) -> list[str]:
    """Who got a message that begins with these words, each as often as they did."""
    return sorted(user for user, message in sent if message.text.startswith(words))


async def offered(talk: Talk, text: str = "Es gibt Neues") -> list[Outgoing]:
    """Write a text and have it confirmed by somebody else; what is said to that."""
    said = await talk.say("/rundnachricht")
    if said[-1].choices:
        said = await talk.tap(chosen(said, "Neue Rundnachricht"))
    return await talk.tap(chosen(await talk.say(text), "Zur Freigabe"))


async def confirm(talk: Talk) -> list[Outgoing]:
    """Confirm what waits."""
    said = await talk.say("/rundnachricht")
    return await talk.tap(chosen(await talk.tap(chosen(said, "Nr.")), "Freigeben"))


async def two(talk: Talk) -> tuple[Talk, Talk]:
    """Erika, who writes, and Otto, who confirms."""
    return await joined(talk, "erika", "editor"), await joined(talk, "otto", "sender")


async def being_sent(anna: Talk, erika: Talk, otto: Talk) -> None:
    """Written, confirmed, and its minute over: the messages are made, and wait."""
    await offered(erika)
    await confirm(otto)
    clock = anna.app.clock
    assert isinstance(clock, FrozenClock)
    clock.pass_time(seconds=61)
    await anna.app.duties.announce()
