"""Takes updates that Telegram brings, instead of fetching them: 200 only once everything is committed."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from bot.core.messages import Halted

LARGEST = 1024 * 1024
"""Bytes of an update at the most."""
AT_ONCE = 100
LAST_ANSWERS = 2.0
"""Seconds that a stop waits for requests that are still coming in."""


class Webhook:
    """Where Telegram brings updates: the address it is told, the secret it has to show, the port on this machine."""

    def __init__(self, url: str, secret: str, port: int) -> None:
        self.url = url
        self.secret = secret
        self._port = port
        self._waiting: asyncio.Queue[tuple[msgspec.Raw, asyncio.Future[None]]] = asyncio.Queue()

    @asynccontextmanager
    async def listening(self, handle: Callable[[Sequence[msgspec.Raw]], Awaitable[None]]) -> AsyncIterator[None]:
        """Take updates as long as the block lasts; those that come together are handled together. Raises Halted."""
        server = web.Application(client_max_size=LARGEST)
        server.add_routes([web.post(urlsplit(self.url).path or "/", self._take)])
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=LAST_ANSWERS)
        await runner.setup()
        work = asyncio.create_task(self._work(handle))
        try:
            await self._listen(runner)
            yield
        finally:
            work.cancel()
            await asyncio.wait([work])
            while not self._waiting.empty():
                _, done = self._waiting.get_nowait()
                done.cancel()
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await web.TCPSite(runner, "127.0.0.1", self._port).start()
        except OSError as error:
            raise Halted(
                f"[telegram] webhook_port {self._port} cannot be used ({error.strerror}). Name another."
            ) from error

    async def _take(self, request: web.Request) -> web.Response:
        shown = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(shown.encode(errors="surrogateescape"), self.secret.encode()):
            return web.Response(status=403)
        body = await request.read()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._waiting.put((msgspec.Raw(body), done))
        # Whatever became of it, or nothing where the bot is being stopped: Telegram brings the update again.
        await asyncio.wait([done])
        return web.Response(status=500 if done.cancelled() or done.exception() else 200)

    async def _work(self, handle: Callable[[Sequence[msgspec.Raw]], Awaitable[None]]) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            try:
                await handle([raw for raw, _ in batch])
            except Exception as error:  # noqa: BLE001 - told to every request of the batch
                for _, done in batch:
                    done.set_exception(error)
            except asyncio.CancelledError:
                for _, done in batch:
                    done.cancel()
                raise
            else:
                for _, done in batch:
                    done.set_result(None)
