"""Announcements on Telegram: as they look, with a picture, and while the process is killed again and again.

MITREDEN_KILLS=10 makes it the whole ordeal.
"""

import asyncio
import os
import random
import signal
import sys
import zlib
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from bot import app as application
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.core.announcement import Announcement, Tally
from bot.core.conversation import Person
from bot.core.messages import Address
from bot.core.picture import examined
from storage.memory import Changes
from tests.channels.citizen import Citizen
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.talk import FrozenClock

KILLS = int(os.environ.get("MITREDEN_KILLS", "4"))
PEOPLE = 150 * KILLS
NOW = "2025-11-10T10:00:00+01:00"


def png(*, width: int = 2, note: bytes = b"") -> bytes:
    """A small picture, with something a camera might note in it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + (2).to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    pixels = zlib.compress(b"\0" * (width + 1) * 2)
    text = chunk(b"tEXt", note) if note else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + text + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


JPEG = (
    b"\xff\xd8\xff\xe1\x00\x08Exif\0\0\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\x34\xff\xd9"
)


def test_a_picture_is_a_picture_and_keeps_no_notes_of_a_camera() -> None:
    found = examined(png(note=b"Comment\0at home"))
    assert found is not None
    assert found.media_type == "image/png"
    assert found.content == png()
    jpeg = examined(JPEG + b"trailing secrets")
    assert jpeg is not None
    assert jpeg.media_type == "image/jpeg"
    assert b"Exif" not in jpeg.content
    assert b"secrets" not in jpeg.content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg/>",
        png()[:-5],
        png().replace(b"IDAT", b"IDAX"),
        png(width=50_000),
        JPEG[:30],
        b"\xff\xd8\xff",
        png() + b"x" * 1_000_001,
        b"%PDF-1.4",
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_picture_is_none(content: bytes) -> None:
    assert examined(content) is None


async def answers_with(citizen: Citizen, words: str) -> None:
    """Wait until the bot has said these words to somebody."""
    async with asyncio.timeout(10):
        while not any(words in seen.text for seen in citizen.screen if not seen.mine):
            await asyncio.sleep(0.02)


async def joined(telegram: FakeTelegram, app: application.App, name: str, role: str) -> Citizen:
    code = f"TEAM-{name[0].upper() * 5}-AAAAA"
    now = app.clock.now()
    await app.memory.invite(code, role, now, now.replace(year=now.year + 1))
    citizen = telegram.citizen(name)
    await citizen.say(code)
    await answers_with(citizen, "Team")
    return citizen


async def test_with_a_picture_it_is_one_message_with_bold_words_and_a_link(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    async with serving(telegram, tmp_path) as app:
        erika, berta = await joined(telegram, app, "erika", "editor"), await joined(telegram, app, "berta", "sender")
        anna = telegram.citizen("anna")
        await anna.say("/neuigkeiten ja")
        await answers_with(anna, "Neuigkeiten")
        await erika.say("/rundnachricht")
        await answers_with(erika, "Schreiben Sie mir den Text")
        await erika.say("Es gibt **Neues**: [hier](https://example.org/?a=1&b=2) & <b>mehr</b>")
        await answers_with(erika, "Zeichen")
        await answers_with(erika, "Beginn: eine Minute")
        await erika.tap("7 Bild hinzufügen oder ändern")
        await answers_with(erika, "PNG oder JPEG")
        for name, content in (("text", b"Ich bin kein Bild"), ("bild", png(note=b"Comment\0at home"))):
            telegram.files[name] = content
            sizes = [{"file_id": name, "file_unique_id": name, "width": 2, "height": 2, "file_size": len(content)}]
            await erika.send("photo", photo=sizes)
            await answers_with(erika, "kein Bild, das" if name == "text" else "Das Bild ist gespeichert")
        await erika.say("/rundnachricht")
        await answers_with(erika, "Rundnachrichten:")
        await erika.say("1")
        await answers_with(erika, "Bild: picture.png")
        await erika.tap("1 Zur Freigabe geben")
        await answers_with(berta, "wartet auf Ihre Freigabe")
        await berta.tap("1 Ansehen")
        await answers_with(berta, "so viele Personen: < 5")
        await berta.tap("1 Freigeben")
        await answers_with(berta, "ist freigegeben")
        clock = app.clock
        assert isinstance(clock, FrozenClock)
        clock.pass_time(seconds=61)
        await app.duties.all_at_once()
        message = telegram.sent(anna.id)[-1]
        assert message["photo"]
        assert message["caption"].startswith("Es gibt Neues: hier & <b>mehr</b>\n\nNeuigkeiten abbestellen")
        entities = [(entity["type"], entity.get("url")) for entity in message["caption_entities"]]
        assert entities == [("bold", None), ("text_link", "https://example.org/?a=1&b=2")]
        assert telegram.violations == []


async def test_bold_words_and_links_as_the_apps_send_them_are_kept(telegram: FakeTelegram, tmp_path: Path) -> None:
    """Telegram's apps turn stars into bold letters, and have links of their own: the bot sees neither in the text."""
    async with serving(telegram, tmp_path) as app:
        erika = await joined(telegram, app, "erika", "editor")
        await erika.say("/rundnachricht")
        await answers_with(erika, "Schreiben Sie mir den Text")
        bold = {"type": "bold", "offset": 3, "length": 9}  # an emoji is two of Telegram's units
        link = {"type": "text_link", "offset": 14, "length": 4, "url": "https://example.org/?a=1"}
        await erika.say("😀 Am Montag: hier", entities=[bold, link])
        await answers_with(erika, "😀 **Am Montag**: [hier](https://example.org/?a=1)")


async def test_where_telegram_does_not_read_the_formatting_the_words_go_without(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    async with serving(telegram, tmp_path) as app:
        anna = telegram.citizen("anna")
        await anna.say("/neuigkeiten ja")
        await answers_with(anna, "Neuigkeiten")
        await confirmed(app, "Es gibt **Neues**")
        telegram.fault("sendMessage", 1, 400, chat_id=anna.id, description="Bad Request: can't parse entities: x")
        await app.duties.all_at_once()
        assert telegram.sent(anna.id)[-1]["text"].startswith("Es gibt Neues")
        assert (
            "entities" not in telegram.sent(anna.id)[-1] or telegram.sent(anna.id)[-1]["entities"][0]["type"] != "bold"
        )


async def confirmed(app: application.App, text: str) -> None:
    """An announcement that a person has confirmed a minute ago."""
    now = app.clock.now()
    for number, role in ((1, "editor"), (2, "sender")):
        code = f"TEAM-{'AB'[number - 1] * 5}-AAAAA"
        await app.memory.invite(code, role, now, now.replace(year=now.year + 1))
        staff = Address("telegram", str(90 + number), str(90 + number))
        await app.memory.write(Changes(channel="telegram", now=now, today=now.date(), paired=[(code, staff)]))
    one = Announcement(state="confirmed", texts={"de": text}, author=1, confirmed_by=2, starts_at=now)
    await app.memory.newsroom.keep(one, "confirmed", now, now.date())


async def start(telegram: FakeTelegram, folder: Path) -> Process:
    """`mitreden run` as an operator starts it."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "MITREDEN_TELEGRAM_TOKEN": telegram.token,
        "MITREDEN_TELEGRAM_API_URL": telegram.url,
        "MITREDEN_TELEGRAM_PER_SECOND": "60",
    }
    with (folder / "log").open("ab") as log:
        arguments = (sys.executable, "-m", "bot", "run", "--now", NOW)
        return await asyncio.create_subprocess_exec(*arguments, cwd=folder, env=environment, stderr=log)


async def prepared(telegram: FakeTelegram, folder: Path) -> list[int]:
    """A database with people who want news and an announcement that is confirmed; their chats."""
    chance, clock = random.Random(5), Clock()  # noqa: S311 - the same people in every run
    async with application.opened(Config(base=folder), clock, {}, {}) as app:
        at = parse_instant(NOW, app.process.zone)
        people = []
        for number in range(PEOPLE):
            chat = str(telegram.citizen(f"somebody{number}").id)
            address = Address("telegram", chat, chat)
            people.append(Person(id=chance.getrandbits(63), address=address, language="de", news=at.date()))
        await app.memory.write(Changes(channel="telegram", now=clock.now(), today=clock.now().date(), new=people))
        await confirmed(app, "Es gibt Neues")
        one = await app.memory.newsroom.find(1)
        assert one is not None
        earlier = Announcement(**{name: getattr(one, name) for name in one.__slots__} | {"starts_at": at})
        await app.memory.newsroom.keep(earlier, "confirmed", at, at.date())
    return [int(person.address.room) for person in people]


async def tally(folder: Path) -> Tally:
    """What staff are told."""
    config = Config(base=folder)
    process, _ = application.load_process(config)
    memory = application.open_memory(config, process)
    await memory.open_to_read()
    one = await memory.newsroom.find(1)
    assert one is not None
    found = await memory.newsroom.tally(one, process.survey.id, "de", parse_instant(NOW, process.zone))
    await memory.close()
    return found


async def test_kill_9_sends_nobody_twice_and_whoever_was_not_reached_is_listed_as_unclear(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    chance = random.Random(11)  # noqa: S311 - the same kills in every run
    chats = await prepared(telegram, tmp_path)
    running = await start(telegram, tmp_path)
    for _ in range(KILLS):
        before = sum(len(telegram.sent(chat)) for chat in chats)
        async with asyncio.timeout(30):
            while sum(len(telegram.sent(chat)) for chat in chats) < before + 30:
                await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0.0, 1.0))
        running.kill()
        assert await running.wait() == -signal.SIGKILL
        running = await start(telegram, tmp_path)
    async with asyncio.timeout(120):
        while (found := await tally(tmp_path)).remaining:
            await asyncio.sleep(0.5)
    running.send_signal(signal.SIGTERM)
    assert await running.wait() == 0
    times = [len(telegram.sent(chat)) for chat in chats]
    assert max(times) == 1, "somebody got it twice"
    assert found.sent + found.unclear == PEOPLE
    assert found.unclear >= times.count(0), "somebody who did not get it is not listed"
    assert times.count(0) <= 15 * KILLS
