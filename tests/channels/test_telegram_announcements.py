"""Announcements on Telegram: as they look, and with a picture."""

import asyncio
import zlib
from pathlib import Path

import pytest

from bot import app as application
from bot.core.picture import examined
from tests.channels.citizen import Citizen
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.recipients import confirmed
from tests.channels.serving import serving
from tests.talk import FrozenClock


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
        await answers_with(berta, "so viele Personen: weniger als 5")
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
        await confirmed(app.memory, "Es gibt **Neues**", app.clock.now())
        telegram.fault("sendMessage", 1, 400, chat_id=anna.id, description="Bad Request: can't parse entities: x")
        await app.duties.all_at_once()
        assert telegram.sent(anna.id)[-1]["text"].startswith("Es gibt Neues")
        assert (
            "entities" not in telegram.sent(anna.id)[-1] or telegram.sent(anna.id)[-1]["entities"][0]["type"] != "bold"
        )
