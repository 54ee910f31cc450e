"""People who are to be told something unasked: a database in which they wait, written at once instead of message by
message."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.announcement import Announcement
from bot.core.conversation import Person
from bot.core.messages import Address
from bot.core.reminders import Reminder
from storage.changes import Changes
from storage.memory import Memory
from tests.channels.fake_telegram import FakeTelegram

EVENT = "misburg"


async def confirmed(memory: Memory, text: str, now: datetime) -> None:
    """An announcement that a second person has confirmed; it may begin at once."""
    for number, role in ((1, "editor"), (2, "sender")):
        code = f"TEAM-{'AB'[number - 1] * 5}-AAAAA"
        await memory.invite(code, role, now, now.replace(year=now.year + 1))
        staff = Address("telegram", str(90 + number), str(90 + number))
        await memory.write(Changes(channel="telegram", now=now, today=now.date(), paired=[(code, staff)]))
    one = Announcement(state="confirmed", texts={"de": text}, author=1, confirmed_by=2, starts_at=now)
    await memory.newsroom.keep(one, "confirmed", now, now.date())


async def wanting_news(telegram: FakeTelegram, memory: Memory, count: int, now: datetime) -> list[Person]:
    """People who want news, known to the bot."""
    chance = random.Random(5)  # noqa: S311 - the same people in every run
    people = []
    for number in range(count):
        chat = str(telegram.citizen(f"somebody{number}").id)
        address = Address("telegram", chat, chat)
        people.append(Person(id=chance.getrandbits(63), address=address, language="de", news=now.date()))
    await memory.write(Changes(channel="telegram", now=now, today=now.date(), new=people))
    return people


async def remind(memory: Memory, people: Sequence[Person], now: datetime, apart: timedelta = timedelta(0)) -> None:
    """Let each of them be reminded of an event, one after the other, so far apart."""
    until = now + timedelta(days=7)
    planned = [(one.id, Reminder("snooze", EVENT, now + number * apart, until)) for number, one in enumerate(people)]
    await memory.write(Changes(channel="telegram", now=now, today=now.date(), put_off=planned))
