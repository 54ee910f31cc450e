"""What stands in no log on Matrix: what people say, who they are, where they are, and what opens the bot's account."""

import asyncio
import json
import secrets
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.channels import matrix_malformed
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import answers_everything, is_at_home, to_the_survey
from tests.channels.matrix_js_citizen import matrix_js_citizen
from tests.channels.matrix_process import BotProcess
from tests.channels.synapse import PASSWORD, Homeserver
from tests.talk import OPEN

CANARY = "Kanarienvogel"


@pytest.mark.usefixtures("matrix_js_sdk")
async def test_no_word_no_name_no_room_and_no_token_stands_in_the_log(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    me = synapse.user_id(bot)
    running = BotProcess(synapse, bot, tmp_path, MITREDEN_PROCESS_FOLDER="")
    running.now = OPEN
    try:
        await running.starts()
        await running.is_ready()
        async with matrix_js_citizen(synapse, name) as anna, matrix_citizen(synapse, f"{name}-paul") as paul:
            await to_the_survey(anna, me)
            await answers_everything(anna, lambda asked: "1" if "\n1 " in asked.text else f"{CANARY} 3")
            home = await is_at_home(paul, me)
            await paul.says(CANARY)
            await paul.hears()
            # Whatever makes it, or the libraries below it, complain.
            (device,) = (await paul.call("POST", "keys/query", {"device_keys": {me: []}}))["device_keys"][me].values()
            curve25519 = next(key for named, key in device["keys"].items() if named.startswith("curve25519"))
            for type_, content in matrix_malformed.to_device(curve25519):
                await paul.sends_to_device(me, type_, {"canary": CANARY, **content})
            for type_, content in matrix_malformed.in_room()[:8]:
                path = f"/_matrix/client/v3/rooms/{quote(anna.room)}/send/{type_}/{secrets.token_hex(8)}"
                await synapse.request("PUT", path, {"canary": CANARY, **content}, anna.token)
            for type_, content in matrix_malformed.messages(30):
                await asyncio.gather(paul.sends(type_, {"canary": CANARY, **content}, home), return_exceptions=True)
            with_unknown_keys = await paul.creates_room(anna.user_id, me)
            await anna.joins(with_unknown_keys)
            await paul.hears("!termine", room=with_unknown_keys)
            await paul.says(f"!umfrage {CANARY}", with_unknown_keys)
            await paul.hears("allein geschrieben", room=with_unknown_keys)
            await paul.kicks(me, with_unknown_keys, reason=CANARY)
            await asyncio.to_thread(synapse.restart)
            await paul.says("!sprache de", home)
            await paul.hears(room=home, timeout=40)
            rooms = [*anna.joined, *paul.joined, *paul.invites]
        await running.stops()
    finally:
        await running.is_gone()
    session = json.loads((tmp_path / "data" / "matrix" / "session.json").read_bytes())
    log = running.log
    assert "to_device_malformed" in log
    assert "Traceback" not in log
    secret = [CANARY, anna.user_id, paul.user_id, me, name, PASSWORD, session["token"], session["pickle_key"], *rooms]
    assert [word for word in secret if word in log] == []
    assert all(json.loads(line)["event"] for line in log.splitlines())
