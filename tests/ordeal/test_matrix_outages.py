"""A homeserver that is away or answers rubbish, and a session that it ends: the bot waits politely and is back."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from tests.channels.matrix_citizen import MatrixCitizen, matrix_citizen
from tests.channels.matrix_conversation import TOLD, is_at_home, until
from tests.channels.matrix_process import BotProcess, bot_process
from tests.channels.matrix_way import Fault, Way
from tests.channels.synapse import Homeserver
from tests.conftest import Figures
from tests.ordeal.canary import CANARY
from tests.ordeal.matrix_lives import bot_on_a_way
from tests.ordeal.scale import scaled

SECONDS = scaled(60, 4)
"""How long an outage lasts."""
RESTARTS = scaled(5, 1)
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


RECEIPT = 2.0
"""Seconds until what was said before is marked as read, beside the poll that is under way."""
FAULTS: dict[str, Fault] = {
    "502": bad_gateway,
    "HTML": cheerful_rubbish,
    "empty syncs": empty_at_once,
    "dropped lines": drops_the_line,
    "429": asks_for_no_pause,
}


def _but_receipts(way: Way) -> list[tuple[str, str, float]]:
    return [one for one in way.passed if "/receipt/" not in one[1]]


@dataclass
class Victim:
    """A bot whose way to the homeserver will be closed or at fault, and somebody who talks to it."""

    way: Way
    running: BotProcess
    bot: str
    citizen: MatrixCitizen

    async def goes_through(self, begin: Callable[[], Awaitable[None]], end: Callable[[], Awaitable[None]]) -> float:
        """A conversation with a fault in its middle; seconds from its end to the next answer."""
        way, citizen = self.way, self.citizen
        await asyncio.sleep(RECEIPT)
        await until(lambda: _but_receipts(way)[-1][1].endswith("/sync"), 20, lambda: str(way.passed[-1]))
        await begin()
        await citizen.says("!sprache en")  # ends the long poll that is under way
        await asyncio.sleep(0.5)
        way.passed.clear()
        await asyncio.sleep(SECONDS)
        await end()
        began = asyncio.get_running_loop().time()
        await citizen.says("!sprache de")
        await citizen.hears(TOLD["de"], timeout=90)
        took = asyncio.get_running_loop().time() - began
        said = [one.text for one in citizen.messages(sender=self.bot)]
        assert said[-2:] == [TOLD["en"], TOLD["de"]]
        return took


@asynccontextmanager
async def victim(synapse: Homeserver, name: str, folder: Path) -> AsyncIterator[Victim]:
    """Everything in order so far."""
    bot = f"mitreden-{name}"
    await synapse.register(bot)
    folder.mkdir()
    async with matrix_citizen(synapse, name) as citizen, bot_on_a_way(synapse, bot, folder) as (way, running):
        await running.starts()
        await running.is_ready()
        await is_at_home(citizen, synapse.user_id(bot))
        await citizen.says(CANARY)
        await citizen.hears()
        yield Victim(way, running, synapse.user_id(bot), citizen)


async def test_after_every_outage_the_same_process_answers_again_and_meanwhile_it_asks_once_a_second(
    synapse: Homeserver, name: str, tmp_path: Path, figures: Figures
) -> None:
    """Whatever a proxy or a homeserver answers for however long: within a minute of its end all is as before."""
    async with AsyncExitStack() as stack:
        victims = {
            fault: await stack.enter_async_context(victim(synapse, f"{name}-{place}", tmp_path / str(place)))
            for place, fault in enumerate([*FAULTS, "refused"])
        }
        rates: dict[str, tuple[float, float]] = {}

        async def suffers(kind: str, one: Victim) -> float:
            async def begin() -> None:
                if kind == "refused":
                    await one.way.closes()
                else:
                    one.way.fault = FAULTS[kind]

            async def end() -> None:
                rates[kind] = one.way.count("/sync") / SECONDS, one.way.count("/send/") / SECONDS
                one.way.fault = None
                if kind == "refused":
                    await one.way.opens()

            return await one.goes_through(begin, end)

        took = await asyncio.gather(*(suffers(kind, one) for kind, one in victims.items()))
        leaks = []
        for one in victims.values():
            await one.running.stops()
            leaks += one.running.leaks(CANARY, one.citizen.user_id, one.citizen.room, name)
            assert one.running.log.count('"started"') == 1
    slowest = max(zip(took, victims, strict=True))
    # Where a line drops, the library below tries once more by itself.
    most = max(max(sync, send / 2) for sync, send in rates.values())
    figures(
        f"{len(victims)} kinds of {SECONDS} s: answers again {slowest[0]:.1f} s after the end at the latest "
        f"({slowest[1]}), at most {most:.2f} tries a second, {len(leaks)} words in the log"
    )
    assert slowest[0] <= 60
    assert most <= 1 + 1 / SECONDS
    assert leaks == []


async def test_through_restarts_of_the_homeserver_in_the_middle_every_message_is_answered(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, figures: Figures
) -> None:
    """What the homeserver has taken is answered once, also where it was killed while the bot was sending."""
    me, wanted, slowest = synapse.user_id(bot), list[str](), 0.0
    loop = asyncio.get_running_loop()
    async with bot_process(synapse, bot, tmp_path) as running, matrix_citizen(synapse, name) as anna:
        await running.starts()
        await running.is_ready()
        await is_at_home(anna, me)
        await anna.says(CANARY)
        await anna.hears()
        before = len(anna.messages(sender=me))
        for _ in range(RESTARTS):
            for language in ("en", "de", "en"):
                await anna.says(f"!sprache {language}")
            await asyncio.to_thread(synapse.restart)
            began = loop.time()
            await anna.says("!sprache de")
            wanted += ["en", "de", "en", "de"]
            await until(lambda: len(anna.messages(sender=me)) - before >= len(wanted), 90, lambda: str(anna.transcript))  # noqa: B023
            slowest = max(slowest, loop.time() - began)
        await anna.quiet(1.0)
        said = [one.text for one in anna.messages(sender=me)][before:]
        await running.stops()
        leaks = running.leaks(anna.user_id, anna.room, name)
    figures(
        f"{RESTARTS} restarts, {len(wanted)} messages: {len(said)} answers, the last {slowest:.1f} s after a restart "
        f"at the latest, {len(leaks)} words in the log"
    )
    assert said == [TOLD[language] for language in wanted]
    assert slowest <= 60
    assert leaks == []


async def test_a_revoked_session_halts_with_a_sentence_and_goes_on_after_signing_in_anew(
    synapse: Homeserver, name: str, bot: str, tmp_path: Path, figures: Figures
) -> None:
    """An operator is told what to run, and what people said meanwhile is answered after it."""
    me = synapse.user_id(bot)
    async with bot_on_a_way(synapse, bot, tmp_path) as (way, running), matrix_citizen(synapse, name) as anna:
        await running.starts()
        await running.is_ready()
        await is_at_home(anna, me)
        await anna.says(CANARY)
        await anna.hears()
        session = json.loads((tmp_path / "data" / "matrix" / "session.json").read_bytes())
        way.passed.clear()
        await synapse.request("POST", "/_matrix/client/v3/logout", {}, session["token"])
        await anna.says("!sprache en")
        assert await running.ends() == 1
        requests = len(way.passed)
        last = running.log.splitlines()[-1]
        assert last.endswith("the homeserver has ended our session. Run: mitreden matrix login --new")
        assert '"channel_halted"' in running.log
        await anna.says("!sprache de")
        signed_in = await running.does("matrix", "login", "--new")
        assert signed_in.startswith("Signed in as ")
        began = asyncio.get_running_loop().time()
        await running.starts()
        await anna.hears(TOLD["de"], timeout=60)
        took = asyncio.get_running_loop().time() - began
        said = [one.text for one in anna.messages(sender=me)]
        await running.stops()
        leaks = running.leaks(session["token"], anna.user_id, anna.room, name)
    figures(
        f"halted after {requests} requests with a sentence, answers 2 missed messages {took:.1f} s after signing in "
        f"anew, {len(leaks)} words in the log"
    )
    assert said[-2:] == [TOLD["en"], TOLD["de"]]
    assert requests <= 5
    assert leaks == []
