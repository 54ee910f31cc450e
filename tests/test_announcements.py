"""Announcements: from the first word to the last recipient, and all that must not happen on the way."""

from collections.abc import AsyncIterator

import pytest

from bot.core.messages import Outgoing
from tests.staff import chosen, joined, wants_news
from tests.talk import FrozenClock, Talk, config_in, talking


@pytest.fixture
async def anna(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> AsyncIterator[Talk]:
    """Somebody who talks to a bot."""
    async with talking(config_in(tmp_path_factory.mktemp("bot"), url=database_url)) as talk:
        yield talk


async def pass_time(talk: Talk, **amount: float) -> list[tuple[str, Outgoing]]:
    """Let time pass and the jobs run; who was sent what."""
    clock = talk.app.clock
    assert isinstance(clock, FrozenClock)
    before = len(talk.heard)
    clock.pass_time(**amount)
    await talk.app.duties.all_at_once()
    return [(to.user, message) for to, message in talk.heard[before:]]


async def test_one_writes_another_confirms_and_a_minute_later_everybody_who_wants_news_has_it(anna: Talk) -> None:
    erika, otto = await joined(anna, "erika", "editor"), await joined(anna, "otto", "sender")
    await wants_news(anna, "a", "b", "c", "d", "e", "f")
    await erika.say("/rundnachricht")
    said = await erika.say("Es gibt **Ergebnisse**: [hier](https://example.org)")
    assert "Das sind jetzt so viele Leute: 6" in said[-1].text
    said = await erika.tap(chosen(said, "Zur Freigabe"))
    said = await otto.say("/rundnachricht")
    said = await otto.say("1")
    assert said[1].text.startswith("Es gibt Ergebnisse")
    assert "Das sind jetzt so viele Leute: 6" in said[-1].text
    await otto.say("1")
    assert await pass_time(anna, seconds=59) == []
    sent = await pass_time(anna, seconds=2)
    assert sorted(user for user, message in sent if message.spans) == ["a", "b", "c", "d", "e", "f"]
    assert [user for user, message in sent if "Gesendet: 6" in message.text] == ["erika", "otto"]
    assert await pass_time(anna, hours=1) == []
