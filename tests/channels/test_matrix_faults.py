"""Limits of a homeserver, and a session that cannot be used: obeyed, or said in a sentence. Outages: tests/ordeal."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.matrix.session import Account, Store
from bot.core.messages import Halted
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.matrix_conversation import TOLD, is_at_home, until
from tests.channels.matrix_process import BotProcess, bot_process
from tests.channels.matrix_way import way_to
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver


async def test_the_limits_of_a_fresh_homeserver_are_obeyed_and_no_answer_is_lost(
    limited_synapse: Homeserver, name: str, tmp_path: Path
) -> None:
    bot = f"mitreden-{name}"
    await limited_synapse.register(bot)
    limited: list[tuple[float, float]] = []

    def notes_pauses(_path: str, body: bytes) -> bytes:
        if b"M_LIMIT_EXCEEDED" in body:
            limited.append((asyncio.get_running_loop().time(), json.loads(body)["retry_after_ms"] / 1000))
        return body

    async with (
        way_to(limited_synapse) as way,
        matrix_citizen(limited_synapse, name) as anna,
        serving(limited_synapse, bot, tmp_path, url=way.url),
    ):
        await limited_synapse.lift_rate_limits(anna.user_id)
        await is_at_home(anna, limited_synapse.user_id(bot))
        way.change = notes_pauses
        wanted = ["de", "en"] * 5
        for language in wanted:
            await anna.says(f"!sprache {language}")

        def told() -> list[str]:
            return [one.text for one in anna.messages(sender=limited_synapse.user_id(bot))][3:]

        await until(lambda: len(told()) == len(wanted), 60, lambda: f"{told()} after {limited}")
        assert told() == [TOLD[language] for language in wanted]
        assert limited
        sends = [at for method, path, at in way.passed if method == "PUT" and "/send/" in path]
        for at, pause in limited:
            assert not any(at < sent < at + pause for sent in sends)


@pytest.fixture
async def running(synapse: Homeserver, bot: str, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """The bot as a process, not started yet."""
    process = BotProcess(synapse, bot, tmp_path)
    yield process
    await process.is_gone()


async def test_when_the_homeserver_ends_the_session_admins_on_telegram_are_told_and_telegram_goes_on(
    synapse: Homeserver, bot: str, telegram: FakeTelegram, tmp_path: Path
) -> None:
    settings = {"MITREDEN_TELEGRAM_TOKEN": telegram.token, "MITREDEN_TELEGRAM_API_URL": telegram.url}
    async with bot_process(synapse, bot, tmp_path, **settings) as running:
        await running.starts()
        await running.is_ready()
        anna = telegram.citizen("anna")
        code = (await running.does("staff", "invite", "--role", "admin")).split("\n")[0]
        await anna.say(code)
        assert "Team" in (await anna.answers(timeout=30))[0].text
        session = json.loads((tmp_path / "data" / "matrix" / "session.json").read_bytes())
        await synapse.request("POST", "/_matrix/client/v3/logout", {}, session["token"])
        _, told = await anna.answers(2, timeout=60)
        assert told.text.startswith("Matrix steht still: Ich kann dort niemandem mehr antworten.")
        await anna.say("/hilfe")
        await anna.answers(timeout=30)
        await running.stops()
        assert running.leaks() == []


async def test_a_store_that_others_can_read_is_refused(running: BotProcess, tmp_path: Path) -> None:
    store = tmp_path / "data" / "matrix"
    store.mkdir(parents=True, mode=0o755)
    store.chmod(0o750)
    await running.starts()
    assert await running.ends() == 1
    assert f"Run: chmod -R go= {store}" in running.log
    store.chmod(0o700)
    (store / "session.json").write_text("{", encoding="utf-8")
    await running.starts()
    assert await running.ends() == 1
    assert "session.json: cannot be read." in running.log
    assert "Traceback" not in running.log


def test_a_session_of_another_account_is_never_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path / "matrix")
    store.open()
    kept = {"user": "@a:x", "device": "D", "token": "t", "pickle_key": "k"}
    (tmp_path / "matrix" / "session.json").write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(Halted, match="session of another account"):
        store.session(Account("https://x", "@b:x", "password"))
    assert json.loads((tmp_path / "matrix" / "session.json").read_bytes()) == kept
