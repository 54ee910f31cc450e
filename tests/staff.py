"""Members of staff in a test: paired as in real life, by a code typed to the bot."""

from datetime import timedelta
from itertools import count

from bot.core.messages import Outgoing
from tests.talk import Talk

_codes = count()
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


async def joined(talk: Talk, user: str, role: str) -> Talk:
    """Somebody who has become a member of staff in this role."""
    number = next(_codes)
    code = f"TEAM-{LETTERS[number // 32 % 32] * 5}-{LETTERS[number % 32] * 5}"
    now = talk.app.clock.now()
    await talk.app.memory.invite(code, role, now, now + timedelta(minutes=10))
    member = talk.another(user)
    (said,) = await member.say(code)
    assert "Team" in said.text
    return member


async def wants_news(talk: Talk, *users: str) -> None:
    """These people have asked for news."""
    for user in users:
        await talk.another(user).say("/neuigkeiten ja")


def chosen(said: list[Outgoing], words: str) -> str:
    """The key of the choice that begins with these words, in the last message that has choices."""
    for message in reversed(said):
        for choice in message.choices:
            if choice.label.startswith(words):
                return choice.key
    raise AssertionError(f"{words} is not offered: {[choice.label for one in said for choice in one.choices]}")
