"""The people with another encrypted app: they understand each other, Synapse does not, and strangers are told apart."""

import asyncio

import pytest

from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.synapse import Homeserver

pytestmark = pytest.mark.usefixtures("matrix_js_sdk")


async def test_two_people_talk_and_the_homeserver_understands_nothing(synapse: Homeserver, name: str) -> None:
    async with matrix_js_citizen(synapse, name) as erika, matrix_js_citizen(synapse, f"{name}-paul") as paul:
        room = await erika.creates_room(paul.user_id)
        assert await paul.is_invited(by=erika.user_id) == room
        await paul.joins(room)
        said = await erika.says_html(f"Wunsch von {name}", f"<b>Wunsch</b> von {name}")
        heard = await paul.hears("Wunsch")
        assert (heard.event_id, heard.sender, heard.msgtype) == (said, erika.user_id, "m.text")
        assert (heard.encrypted, heard.shield, heard.html) == (True, "NONE", f"<b>Wunsch</b> von {name}")
        await paul.replies(said, f"Antwort an {name}")
        assert (await erika.hears("Antwort")).reply_to == said
        await erika.rotates()
        await erika.edits(said, f"Anderer Wunsch von {name}")
        assert (await paul.hears("Anderer")).edits == said
        await erika.mentions(paul.user_id, "hören Sie?")
        assert (await paul.hears("hören")).mentions == [paul.user_id]
        assert await paul.devices_of(erika.user_id) == {erika.device_id: {"signed": True, "verified": False}}
        # What one has just said oneself comes back from the server a little later.
        assert not any(one.unreadable for one in erika.messages() + paul.messages())
    assert not synapse.text_in_database(f"Wunsch von {name}")
    assert not synapse.text_in_database(f"Antwort an {name}")


async def test_a_device_that_its_owner_has_not_signed_is_kept_out_as_element_does(
    synapse: Homeserver, name: str
) -> None:
    async with (
        matrix_js_citizen(synapse, name) as strict,
        matrix_js_citizen(synapse, f"{name}-paul", only_signed=False, cross_sign=False) as unsigned,
    ):
        await unsigned.joins(await strict.creates_room(unsigned.user_id))
        await unsigned.says("von einem Gerät ohne Unterschrift")
        assert (await strict.hears_unreadable()).unreadable == "UNSIGNED_SENDER_DEVICE"
        await strict.says("nur für unterschriebene Geräte")
        assert (await unsigned.hears_unreadable()).unreadable == "MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE"


async def test_an_app_comes_back_after_a_restart_of_the_homeserver(synapse: Homeserver, name: str) -> None:
    async with matrix_js_citizen(synapse, name) as erika, matrix_citizen(synapse, f"{name}-paul") as paul:
        await paul.joins(await erika.creates_room(paul.user_id, encrypted=False))
        await erika.says("vorher")
        await paul.hears("vorher")
        await asyncio.to_thread(synapse.restart)
        await paul.says("nachher")
        assert not (await erika.hears("nachher")).encrypted
