"""A homeserver that restarts, refuses, answers rubbish or not at all: the bot waits politely, and nothing is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.channels.matrix.session import Account, Store
from bot.core.messages import Halted
from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import TOLD, is_at_home, until
from tests.channels.matrix_process import BotProcess
from tests.channels.matrix_way import Fault, Way, way_to
from tests.channels.serving_matrix import serving
from tests.channels.synapse import Homeserver

HTML = "<html><h1>502 Bad Gateway</h1></html>"


async def bad_gateway(_request: web.Request) -> web.Response:
    return web.Response(status=502, text=HTML, content_type="text/html")


async def cheerful_rubbish(_request: web.Request) -> web.Response:
    return web.Response(text=HTML, content_type="text/html")


async def empty_at_once(request: web.Request) -> web.Response | None:
    """A cache that does not wait: the same news again and again."""
    if request.path.endswith("/sync"):
        return web.json_response({"next_batch": request.query.get("since", "s0")})
    return await bad_gateway(request)


async def drops_the_line(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def asks_for_no_pause(_request: web.Request) -> web.Response:
    return web.json_response({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1}, status=429)


FAULTS = (bad_gateway, cheerful_rubbish, empty_at_once, drops_the_line, asks_for_no_pause)


async def test_a_homeserver_out_of_order_is_asked_about_once_a_second_and_answers_come_when_it_is_back(
    synapse: Homeserver, name: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        victims = [
            await stack.enter_async_context(victim(fault, synapse, f"{name}-{number}", tmp_path / str(number)))
            for number, fault in enumerate(FAULTS)
        ]
        await asyncio.gather(*(one.goes_through_it() for one in victims))


@dataclass
class Victim:
    """A bot whose way to the homeserver will have a fault, and somebody who talks to it."""

    fault: Fault
    way: Way
    bot: str
    citizen: MatrixCitizen

    async def goes_through_it(self) -> None:
        """A conversation with the fault in its middle."""
        way, citizen = self.way, self.citizen
        await is_at_home(citizen, self.bot)
        await until(lambda: way.passed[-1][1].endswith("/sync"), 10, lambda: str(way.passed[-1]))
        way.fault = self.fault
        await citizen.says("!sprache en")  # ends the long poll that is under way
        await asyncio.sleep(0.5)
        way.passed.clear()
        await asyncio.sleep(4.0)
        assert way.count("/sync") <= 5
        assert way.count("/send/") <= 2 * 5  # where the line drops, the library tries once more by itself
        assert len(way.passed) == way.count("/sync") + way.count("/send/")
        way.fault = None
        await citizen.says("!sprache de")
        await citizen.hears(TOLD["de"], timeout=40)
        said = [one.text for one in citizen.messages(sender=self.bot)]
        assert said[-2:] == [TOLD["en"], TOLD["de"]]


@asynccontextmanager
async def victim(fault: Fault, synapse: Homeserver, name: str, folder: Path) -> AsyncIterator[Victim]:
    """Everything in order so far."""
    bot = f"mitreden-{name}"
    await synapse.register(bot)
    async with (
        way_to(synapse) as way,
        matrix_citizen(synapse, name) as citizen,
        serving(synapse, bot, folder, url=way.url),
    ):
        yield Victim(fault, way, synapse.user_id(bot), citizen)


async def test_after_a_restart_of_the_homeserver_it_answers_again(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path
) -> None:
    async with matrix_citizen(synapse, name) as anna, serving(synapse, bot, tmp_path):
        await is_at_home(anna, synapse.user_id(bot))
        await asyncio.to_thread(synapse.stop)
        await asyncio.sleep(3.0)
        await asyncio.to_thread(synapse.start)
        await anna.says("!sprache en")
        await anna.hears(TOLD["en"], timeout=40)


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


async def test_a_revoked_token_ends_the_process_with_a_sentence(running: BotProcess, tmp_path: Path) -> None:
    await running.starts()
    await running.is_ready()
    session = json.loads((tmp_path / "data" / "matrix" / "session.json").read_bytes())
    await running.homeserver.request("POST", "/_matrix/client/v3/logout", {}, session["token"])
    assert await running.ends() == 1
    last = running.log.splitlines()[-1]
    assert last.startswith("mitreden: Matrix: the homeserver has ended our session.")
    assert "Traceback" not in running.log
    assert session["token"] not in running.log


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
