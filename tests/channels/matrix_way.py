"""A way to the homeserver that counts what passes, and fails or changes it as a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.channels.synapse import Homeserver

Fault = Callable[[web.Request], Awaitable[web.Response | None]]


class Way:
    """Hands every request on to a homeserver. `passed` are method, path and time of all that came, failed or not."""

    def __init__(self, homeserver: Homeserver) -> None:
        self.url = ""
        self.passed: list[tuple[str, str, float]] = []
        self.fault: Fault | None = None
        """Answers a request in the homeserver's place, or not at all."""
        self.change: Callable[[str, bytes], bytes] | None = None
        """What becomes of an answer, by path."""
        self._homeserver = homeserver
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    def count(self, part: str, method: str = "") -> int:
        """How many requests had this in their path."""
        return sum(part in path and method in {"", passed} for passed, path, _ in self.passed)

    async def opens(self) -> None:
        """Take connections from now on, at the same address as before."""
        assert self._runner is not None
        port = int(self.url.rpartition(":")[2]) if self.url else 0
        self._site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await self._site.start()
        self.url = f"http://127.0.0.1:{port or self._runner.addresses[0][1]}"

    async def closes(self) -> None:
        """Refuse connections, and drop those that there are."""
        assert self._site is not None
        assert self._runner is not None
        await self._site.stop()
        assert self._runner.server is not None
        await self._runner.server.shutdown(0.1)

    async def _pass(self, request: web.Request) -> web.Response:
        self.passed.append((request.method, request.path, asyncio.get_running_loop().time()))
        if self.fault is not None and (failed := await self.fault(request)) is not None:
            return failed
        assert self._session is not None
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        try:
            async with self._session.request(
                request.method,
                self._homeserver.url + request.raw_path,
                data=await request.read(),
                headers=headers,
            ) as answer:
                body = await answer.read()
                if self.change is not None:
                    body = self.change(request.path, body)
                return web.Response(status=answer.status, body=body, content_type=answer.content_type)
        except aiohttp.ClientError:
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")


@asynccontextmanager
async def way_to(homeserver: Homeserver) -> AsyncIterator[Way]:
    """A way that is open as long as the block."""
    way = Way(homeserver)
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", way._pass)  # noqa: SLF001 - its own server
    runner = way._runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)  # noqa: SLF001
    await runner.setup()
    await way.opens()
    async with aiohttp.ClientSession(auto_decompress=True) as way._session:  # noqa: SLF001
        try:
            yield way
        finally:
            await runner.cleanup()
