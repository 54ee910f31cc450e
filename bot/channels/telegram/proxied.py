"""The library's HTTP through a proxy, which aiohttp knows how to talk to."""

import asyncio

import aiohttp

from bot.channels.telegram.connections import AT_ONCE, CONNECT_SECONDS
from bot.channels.telegram.request import Request
from bot.core.messages import NotSent, Unknown


class ProxiedRequest(Request):
    """Through the proxy that the environment names, on one aiohttp session."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def initialize(self) -> None:
        connector = aiohttp.TCPConnector(limit=AT_ONCE, ttl_dns_cache=300)
        self._session = aiohttp.ClientSession(connector=connector, trust_env=True)

    async def shutdown(self) -> None:
        if self._session:
            await self._session.close()

    async def ask(self, url: str, method: str, kind: str, body: bytes, patience: float) -> tuple[int, bytes]:
        if self._session is None:
            raise NotSent("not connected")
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, connect=None, sock_read=patience)
        headers = {"Content-Type": kind}
        try:
            async with self._session.request(method, url, data=body, headers=headers, timeout=timeout) as response:
                return response.status, await response.read()
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            # The cause may hold the URL, and with it the token: only its class goes on.
            raise Unknown(type(error).__name__) from None
