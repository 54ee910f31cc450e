"""The library's HTTP on our own connections: a fifth of aiohttp's cost, and exact about what was sent."""

import secrets
from abc import abstractmethod
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram.connections import BrokenError, Connections, NotConnectedError, Origin
from bot.core.messages import NotSent, Unknown

ANSWER_SECONDS = 30.0
"""A read timeout leaves open whether a message arrived, so it is generous."""
PORTS = {"http": 80, "https": 443}


def request_to(url: str) -> BaseRequest:
    """The way to a server: through the proxy where the environment names one for it, else straight."""
    parts = urlsplit(url)
    if parts.scheme not in getproxies() or proxy_bypass(parts.hostname or ""):
        return DirectRequest()
    from bot.channels.telegram.proxied import ProxiedRequest  # noqa: PLC0415 - ten megabytes that few need

    return ProxiedRequest()


class Request(BaseRequest):
    """The library's signature in front of ours."""

    @property
    def read_timeout(self) -> float | None:
        return ANSWER_SECONDS

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
        # The library's timeout may be a marker for "the default".
        patience = read_timeout if isinstance(read_timeout, int | float) else ANSWER_SECONDS
        return await self.ask(url, method, *encoded(request_data), patience)

    @abstractmethod
    async def ask(self, url: str, method: str, kind: str, body: bytes, patience: float) -> tuple[int, bytes]:
        """Status and body of the answer to a body of this type, waited for so many seconds. Raises NotSent, Unknown."""


class DirectRequest(Request):
    """Straight to the server."""

    def __init__(self) -> None:
        self._connections: Connections | None = None

    async def initialize(self) -> None:
        self._connections = Connections()

    async def shutdown(self) -> None:
        if self._connections:
            self._connections.close()

    async def ask(self, url: str, method: str, kind: str, body: bytes, patience: float) -> tuple[int, bytes]:
        if self._connections is None:
            raise NotSent("not connected")
        origin, path, host = _target(url)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            return await self._connections.ask(origin, head.encode() + body, patience)
        except NotConnectedError as error:
            raise NotSent(str(error)) from None
        except BrokenError as error:
            raise Unknown(str(error)) from None


@lru_cache(maxsize=64)
def _target(url: str) -> tuple[Origin, str, str]:
    """Where a URL leads: the server, what it is asked for, and its own name. Every method has a URL of its own."""
    parts = urlsplit(url)
    origin = Origin(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme])
    return origin, parts.path or "/", parts.netloc.rpartition("@")[2]


def encoded(data: RequestData | None) -> tuple[str, bytes]:
    """The type and the bytes of a body: JSON, or a form in parts where there are files."""
    if data is None:
        return "application/json", b""
    if not data.contains_files:
        return "application/json", msgspec.json.encode(data.parameters)
    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for name, value in data.json_parameters.items():
        parts += [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()]
    for name, (file_name, content, media_type) in data.multipart_data.items():
        described = f'name="{name}"; filename="{_quoted(file_name)}"\r\nContent-Type: {media_type}'
        parts += [f"--{boundary}\r\nContent-Disposition: form-data; {described}\r\n\r\n".encode()]
        parts += [content if isinstance(content, bytes) else content.read(), b"\r\n"]
    return f"multipart/form-data; boundary={boundary}", b"".join([*parts, f"--{boundary}--\r\n".encode()])


def _quoted(file_name: str) -> str:
    """A file's name inside quotation marks, as browsers write it."""
    return file_name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
