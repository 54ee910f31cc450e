"""Updates that Telegram brings, and the figures an operator looks at."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot import app as application
from bot import config
from bot.channels.telegram import Telegram
from bot.channels.telegram.webhook import LARGEST, Webhook
from bot.config import TelegramSection
from bot.metrics import Metrics, served
from bot.networks import menus
from bot.pace import Pace
from bot.problems import UserError
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import QUICK
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, FrozenClock, config_in

SECRET = "a-secret-of-16-letters"  # noqa: S105 - of this test


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def brought(telegram: FakeTelegram, folder: Path, metrics: Metrics) -> AsyncIterator[str]:
    """A bot that is brought its updates; the address it told Telegram."""
    settings = config_in(folder, BEISPIELSTADT)
    loaded = application.load_process(settings)
    port = free_port()
    webhook = Webhook(f"http://127.0.0.1:{port}/hook", SECRET, port)
    channel = Telegram(telegram.token, telegram.url, menus(*loaded), webhook, metrics.polled)
    await channel.open()
    clock, paces = FrozenClock(BEISPIELSTADT_OPEN), {channel.name: Pace(QUICK)}
    try:
        async with application.opened(settings, clock, {channel.name: channel}, paces, loaded, metrics) as app:
            serving = asyncio.create_task(channel.run(app.dispatch.receive, app.memory))
            try:
                yield webhook.url
            finally:
                serving.cancel()
                with suppress(asyncio.CancelledError):
                    await serving
    finally:
        await channel.close()


async def test_a_citizen_is_served_by_webhook(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    async with brought(telegram, tmp_path, Metrics()):
        await anna.say("/start survey")
        await anna.answers(2)
        await anna.tap("1 Ja, einverstanden")
        assert "Besuchen Sie Spielplätze?" in (await anna.answers(2))[-1].text
    assert telegram.violations == []


@pytest.mark.parametrize("shown", [None, "", "wrong", SECRET[:-1], SECRET.upper(), f"{SECRET} "])
async def test_without_the_secret_nothing_is_taken(telegram: FakeTelegram, tmp_path: Path, shown: str | None) -> None:
    metrics = Metrics()
    async with brought(telegram, tmp_path, metrics) as url, aiohttp.ClientSession() as session:
        await asyncio.sleep(0.3)
        headers = {} if shown is None else {"X-Telegram-Bot-Api-Secret-Token": shown}
        async with session.post(url, data=b'{"update_id": 1}', headers=headers) as answer:
            # A blank at the end is no part of a header's value: the secret itself was shown.
            assert answer.status == (200 if shown == f"{SECRET} " else 403)
        assert metrics.batches == 0


async def test_a_secret_that_is_no_text_is_refused_without_a_traceback(
    telegram: FakeTelegram, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with brought(telegram, tmp_path, Metrics()) as url:
        await asyncio.sleep(0.3)
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        head = b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n"
        writer.write(head + b"X-Telegram-Bot-Api-Secret-Token: \xff\r\n\r\n")
        assert b" 403 " in await reader.readline()
        writer.close()
    assert caplog.records == []


async def test_an_update_that_is_too_large_or_unreadable_harms_nobody(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with brought(telegram, tmp_path, Metrics()) as url, aiohttp.ClientSession() as session:
        await asyncio.sleep(0.3)
        async with session.post(url, data=BytesIO(b"x" * (LARGEST + 1)), headers=headers) as answer:
            assert answer.status == 413
        async with session.post(url, data=b"not json", headers=headers) as answer:
            assert answer.status in {200, 500}
        await anna.say("/start")
        await anna.answers()


async def test_a_stop_does_not_wait_for_an_update_in_hand() -> None:
    """Telegram brings it again to the next process."""
    taken = asyncio.Event()

    async def handle(_updates: object) -> None:
        taken.set()
        await asyncio.sleep(60)

    port = free_port()
    webhook = Webhook(f"http://127.0.0.1:{port}/hook", SECRET, port)
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(5):
            async with webhook.listening(handle):
                brought = [asyncio.create_task(_answer(session, webhook.url, headers)) for _ in range(3)]
                await taken.wait()
                await asyncio.sleep(0.1)
        assert await asyncio.gather(*brought) == [500] * 3


async def _answer(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> int:
    async with session.post(url, data=b"{}", headers=headers) as answer:
        return answer.status


async def test_health_and_figures(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna, metrics, port = telegram.citizen("anna"), Metrics(), free_port()
    base = f"http://127.0.0.1:{port}"
    async with served(metrics, port), aiohttp.ClientSession() as session:
        async with session.get(f"{base}/healthz") as answer:
            assert answer.status == 503  # no contact yet
        async with brought(telegram, tmp_path, metrics):
            await anna.say("/start")
            await anna.answers()
            await asyncio.sleep(0.1)
            async with session.get(f"{base}/healthz") as answer:
                assert (answer.status, (await answer.json())["healthy"]) == (200, True)
            async with session.get(f"{base}/metrics") as answer:
                figures = await answer.text()
    assert "mitreden_messages_total 1.0" in figures
    assert "mitreden_sent_total 1.0" in figures
    assert str(anna.id) not in figures


@pytest.mark.parametrize(
    ("url", "secret"),
    [("http://city.example/hook", SECRET), ("https://city.example/hook", "short"), ("https://x.y", "")],
)
def test_an_unsafe_webhook_is_refused(url: str, secret: str) -> None:
    with pytest.raises(UserError, match="webhook_"):
        config.check_webhook(TelegramSection(webhook_url=url, webhook_secret=secret))
