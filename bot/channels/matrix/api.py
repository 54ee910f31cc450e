"""Calls of the client-server API over aiohttp; what goes wrong becomes a class that the outbox decides on."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import structlog

from bot.core.messages import NotSent, Refused, Unknown

log = structlog.get_logger(__name__)

PATIENCE = 30.0
"""Seconds for a call, unless it says otherwise."""
CLIENT = "/_matrix/client/v3"


class Denied(Refused):
    """The homeserver says no: `status` as in HTTP, `code` such as M_FORBIDDEN, `reason` its own words."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.reason = reason


class SignedOut(NotSent):
    """The homeserver does not know our access token any more."""


class _Refusal(msgspec.Struct):
    errcode: str = ""
    error: str = ""
    retry_after_ms: float | None = None


def path(*parts: str) -> str:
    """A path of the client-server API; each part is quoted."""
    return "/".join((CLIENT, *(quote(part, safe="") for part in parts)))


class Api:
    """One homeserver. `token` is sent along once there is one."""

    def __init__(self, homeserver: str) -> None:
        self._homeserver = homeserver.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self.token = ""

    async def open(self) -> None:
        """Ready to call."""
        # Long polls and sends share it; the pace limits how many are under way.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Give every connection back."""
        if self._session is not None:
            await self._session.close()

    async def get(self, where: str, patience: float = PATIENCE, **query: str) -> bytes:
        """Read something. Raises a SendError."""
        return await self.call("GET", where, None, query, patience)

    async def download(self, media: str, most: int) -> bytes:
        """What an address of the form mxc://server/id stands for. Raises a SendError."""
        server, _, name = media.removeprefix("mxc://").partition("/")
        where = f"/_matrix/client/v1/media/download/{quote(server, safe=':')}/{quote(name, safe='')}"
        return await self.call("GET", where, None, {}, most=most)

    async def post(self, where: str, body: object, patience: float = PATIENCE, **query: str) -> bytes:
        """Do something. Raises a SendError."""
        return await self.call("POST", where, body, query, patience)

    async def put(self, where: str, body: object, patience: float = PATIENCE) -> bytes:
        """Set something, or send an event. Raises a SendError."""
        return await self.call("PUT", where, body, {}, patience)

    async def call(  # noqa: PLR0913 - what a request consists of
        self,
        method: str,
        where: str,
        body: object,
        query: Mapping[str, str],
        patience: float = PATIENCE,
        *,
        most: int = -1,
    ) -> bytes:
        """The body of the answer, little more than `most` bytes. Raises NotSent, SignedOut, Unknown, Denied."""
        data = None if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        headers = {"Content-Type": kind, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        assert self._session is not None  # noqa: S101 - opened before anything is called
        try:
            async with self._session.request(
                method,
                self._homeserver + where,
                data=data,
                params=dict(query),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=patience),
            ) as response:
                answer = await (response.read() if most < 0 else _begin(response, most))
                if response.ok:
                    return answer
                raise _refused(response, answer)
        except aiohttp.ClientConnectorError as error:
            raise NotSent("no connection") from error
        except (TimeoutError, asyncio.IncompleteReadError, aiohttp.ClientError) as error:
            raise Unknown(type(error).__name__) from error


async def _begin(response: aiohttp.ClientResponse, most: int) -> bytes:
    """An answer up to a little more than `most` bytes."""
    found = bytearray()
    async for piece in response.content.iter_chunked(64 * 1024):
        found += piece
        if len(found) > most:
            break
    return bytes(found)


def _refused(response: aiohttp.ClientResponse, answer: bytes) -> Exception:
    try:
        told = msgspec.json.decode(answer, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = _Refusal()
    if response.status == 429 or told.errcode == "M_LIMIT_EXCEEDED":
        return NotSent("too many requests", retry_after=_pause(response, told))
    if response.status >= 500:
        return Unknown(str(response.status))
    if response.status == 401 and told.errcode in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"}:
        return SignedOut("the access token is not known")
    if not told.errcode:
        return Unknown(str(response.status))  # a homeserver says why: this is whatever stands before it
    return Denied(response.status, told.errcode, told.error)


def _pause(response: aiohttp.ClientResponse, told: _Refusal) -> float:
    """Seconds to wait: as the answer says, or as its header does, or five; never less than one."""
    if told.retry_after_ms is not None:
        return max(told.retry_after_ms / 1000 + 0.1, 1.0)
    header = response.headers.get("Retry-After", "")
    return max(float(header) + 0.1, 1.0) if header.isdecimal() else 5.0


def decoded(answer: bytes) -> Any:
    """An answer as JSON; an empty object where it is none."""
    try:
        return msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
