"""The library's HTTP through a proxy, which aiohttp knows how to talk to."""

import asyncio
from typing import Any

import aiohttp
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram.connections import AT_ONCE, CONNECT_SECONDS
from bot.channels.telegram.request import ANSWER_SECONDS, encoded, patience
from bot.core.messages import NotSent, Unknown


class ProxiedRequest(BaseRequest):
    """Through the proxy that the environment names, on one aiohttp session."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return ANSWER_SECONDS

    async def initialize(self) -> None:
        connector = aiohttp.TCPConnector(limit=AT_ONCE, ttl_dns_cache=300)
        self._session = aiohttp.ClientSession(connector=connector, trust_env=True)

    async def shutdown(self) -> None:
        if self._session:
            await self._session.close()

    async def do_request(  # noqa: PLR0913, PLR0917 - the library's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        """One request: status and body. Raises NotSent where it certainly did not arrive, Unknown where it may have."""
        if self._session is None:
            raise NotSent("not connected")
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, connect=None, sock_read=patience(read_timeout)
        )
        kind, body = encoded(request_data)
        headers = {"Content-Type": kind}
        try:
            async with self._session.request(method, url, data=body, headers=headers, timeout=timeout) as response:
                return response.status, await response.read()
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            # The cause may hold the URL, and with it the token: only its class goes on.
            raise Unknown(type(error).__name__) from None
