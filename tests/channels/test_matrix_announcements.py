"""Announcements on a real homeserver: they ring, are whole without their formatting, and end when they are to end."""

import hashlib
from pathlib import Path

import pytest
from nio.crypto import decrypt_attachment

from bot import app as application
from bot.channels.matrix.rendering import WORD_JOINER
from tests.channels.announcing import PICTURE, confirmed
from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import Citizen, is_at_home
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver
from tests.talk import FrozenClock
from tests.test_markup import Reader

NEWS = "Es gibt **Neues**: [hier](https://example.org/?a=1&b=2) & <b>mehr</b>\n\nFür @room und alle."
READ = f"Es gibt Neues: hier (https://example.org/?a=1&b=2) & <b>mehr</b>\n\nFür @{WORD_JOINER}room und alle."
ALONE, TOGETHER = "Neuigkeiten abbestellen: !neuigkeiten", "Neuigkeiten in diesem Raum abbestellen: !neuigkeiten aus"


async def goes_out(app: application.App) -> None:
    """A quarter of an hour passes, and all is sent that is due: the next announcement may begin as well."""
    assert isinstance(app.clock, FrozenClock)
    app.clock.pass_time(minutes=15)
    await app.duties.all_at_once()


async def wants_news(citizen: Citizen, room: str) -> None:
    """Somebody who is alone with the bot asks for news."""
    await citizen.says("!neuigkeiten ja", room)
    await citizen.hears("Sie bekommen Neuigkeiten", room=room)


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_it_rings_in_private_and_in_a_room_and_says_all_of_it_without_html_too(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    async with (
        matrix_js_citizen(synapse, name) as anna,
        matrix_js_citizen(synapse, f"{name}-berta") as berta,
        matrix_citizen(synapse, f"{name}-paul") as paul,
        serving(synapse, bot, tmp_path) as app,
    ):
        alone, home = await is_at_home(anna, me), await is_at_home(paul, me)
        await wants_news(anna, alone)
        await wants_news(paul, home)
        secret = await anna.creates_room(me, berta.user_id, direct=False)
        await berta.joins(await berta.is_invited())
        open_to_all = await paul.creates_room(me, berta.user_id)
        await berta.joins(await berta.is_invited(by=paul.user_id))
        for one, room in ((anna, secret), (paul, open_to_all)):
            await one.hears("!termine", room=room)
            await one.says("!neuigkeiten an", room)
            await one.hears("bekommt ab jetzt Neuigkeiten", room=room)
        await confirmed(app, NEWS, picture=True)
        await goes_out(app)
        places: list[tuple[Citizen, str, bool]] = [
            *((anna, alone, True), (paul, home, False), (berta, secret, True), (paul, open_to_all, False))
        ]
        for who, room, encrypted in places:
            private = room in {alone, home}
            said = await who.hears("Es gibt Neues", room=room)
            assert said.text == f"{READ}\n\n{ALONE if private else TOGETHER}"
            assert (said.msgtype, said.mentions) == ("m.text", [] if private else ["@room"])
            assert "m.mentions" in said.content, "or older programs look for names in the text"
            assert said.encrypted == encrypted
            assert ("https://example.org/?a=1&b=2" in said.html, "<b>Neues</b>" in said.html) == (False, True)
            assert '<a href="https://example.org/?a=1&amp;b=2">hier</a>' in said.html
            assert "".join(Reader(said.html).words.split()) == "".join(
                said.text.replace(" (https://example.org/?a=1&b=2)", "").split()
            )
            await shows_the_picture(synapse, who, room, me, encrypted=encrypted)


async def shows_the_picture(synapse: Homeserver, who: Citizen, room: str, bot: str, *, encrypted: bool) -> None:
    """The picture comes right behind the words; in an encrypted room the homeserver cannot look at it."""
    await who.hears("picture.png", room=room)
    words, shown = who.messages(room, bot)[-2:]
    assert words.text.startswith("Es gibt Neues")
    assert (shown.msgtype, shown.encrypted, shown.mentions) == ("m.image", encrypted, [])
    assert shown.content["info"] == {"mimetype": "image/png", "size": len(PICTURE.content)}
    assert ("url" in shown.content, "file" in shown.content) == (not encrypted, encrypted)
    token = who.login.token if isinstance(who, MatrixCitizen) else who.token
    file = shown.content["file"] if encrypted else {"url": shown.content["url"]}
    kept = await synapse.download(file["url"], token)
    if encrypted:
        assert hashlib.sha256(kept).digest() != hashlib.sha256(PICTURE.content).digest()
        kept = decrypt_attachment(kept, file["key"]["k"], file["hashes"]["sha256"], file["iv"])
    assert kept == PICTURE.content


async def test_a_correction_names_what_it_corrects(synapse: Homeserver, name: str, bot: str, tmp_path: Path) -> None:
    async with matrix_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path) as app:
        await wants_news(anna, await is_at_home(anna, synapse.user_id(bot)))
        await confirmed(app, "Wir treffen uns am Montag.")
        await goes_out(app)
        first = await anna.hears("Wir treffen uns am Montag")
        await confirmed(app, "Wir treffen uns am **Dienstag**.", corrects=1)
        await goes_out(app)
        second = await anna.hears("Wir treffen uns am Dienstag")
        assert second.text.startswith("Berichtigung zu unserer Nachricht vom 5. März")
        assert second.html.startswith("<p><b>Berichtigung zu unserer Nachricht vom 5. März")
        assert (second.msgtype, second.edits) == ("m.text", ""), "an edit would ring nowhere"
        assert first.event_id != second.event_id


@pytest.mark.parametrize("ending", ["!stop", "!neuigkeiten aus", "leaves"])
async def test_whoever_has_ended_it_gets_nothing_more_and_others_do(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, ending: str
) -> None:
    me = synapse.user_id(bot)
    async with (
        matrix_citizen(synapse, name) as anna,
        matrix_citizen(synapse, f"{name}-paul") as paul,
        serving(synapse, bot, tmp_path) as app,
    ):
        rooms = [await is_at_home(one, me) for one in (anna, paul)]
        for one, room in zip((anna, paul), rooms, strict=True):
            await wants_news(one, room)
        together = await paul.creates_room(me, anna.user_id)
        await anna.joins(together)
        await paul.hears("!termine", room=together)
        await paul.says("!neuigkeiten an", together)
        await paul.hears("bekommt ab jetzt Neuigkeiten", room=together)
        if ending == "leaves":
            await anna.leaves(rooms[0])
            await paul.says("!neuigkeiten aus", together)
        else:
            await anna.says(ending, rooms[0])
            await anna.hears(room=rooms[0])
            await paul.says("!neuigkeiten aus", together)
        for who in (paul, anna):
            await who.hears("keine Neuigkeiten mehr", room=together)
        await app.outbox.idle()
        before = [len(anna.messages(room, me)) for room in (rooms[0], together)]
        await confirmed(app, "Es gibt Neues")
        await goes_out(app)
        await paul.hears("Es gibt Neues", room=rooms[1])
        await paul.quiet(0.5, together)
        assert [len(anna.messages(room, me)) for room in (rooms[0], together)] == before
