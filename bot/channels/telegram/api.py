"""The Bot API as we use it: one call, and what its outcome means for a message."""

import asyncio
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
from telegram import InputFile
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter  # what RequestData is made of has no public name

from bot.core.messages import Attachment, Blocked, NotSent, Refused, SendError, Unknown

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
"""A read timeout leaves open whether a message arrived, so it is generous."""
EXTRA_PAUSE = 0.5
"""Seconds added to what a 429 asks for."""


class Answer(msgspec.Struct):
    """What the Bot API answers; `result` stays raw for whoever knows its type."""

    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    error_code: int = 0
    description: str = ""
    parameters: "Parameters | None" = None


class Parameters(msgspec.Struct):
    retry_after: float | None = None
    migrate_to_chat_id: int | None = None


class Migrated(SendError):
    """A group got a new id; the message goes there."""

    def __init__(self, chat: int) -> None:
        super().__init__("the group has a new id")
        self.chat = chat


class Unparsable(SendError):
    """Formatting that Telegram does not read: a mistake of ours. The words can go without it."""


class Unchanged(SendError):
    """An edit that changes nothing: what was wanted is already so."""


class AiohttpRequest(BaseRequest):
    """The library's HTTP on one aiohttp session: a tenth of httpx's cost, and it tells "not sent" from "unclear"."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, dict[str, Any]] = {}

    @property
    def read_timeout(self) -> float | None:
        return ANSWER_SECONDS

    async def initialize(self) -> None:
        connector = aiohttp.TCPConnector(limit=128, ttl_dns_cache=300)
        # Not with `trust_env`: aiohttp then asks a thread about proxies, and another about .netrc, for every request.
        self._session = aiohttp.ClientSession(connector=connector)

    async def shutdown(self) -> None:
        if self._session:
            await self._session.close()

    def _through(self, url: str) -> dict[str, Any]:
        """The proxy that the environment names for a server, looked up once."""
        server = urlsplit(url)
        host = server.hostname or ""
        if host not in self._proxies:
            named = None if proxy_bypass(host) else getproxies().get(server.scheme)
            self._proxies[host] = {"proxy": named} if named else {}
        return self._proxies[host]

    async def download(self, url: str, most: int) -> bytes:
        """What stands at an address, up to a little more than `most` bytes. Raises Refused or Unknown."""
        if self._session is None:
            raise NotSent("not connected")
        try:
            timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            async with self._session.get(url, timeout=timeout, **self._through(url)) as response:
                if response.status != 200:
                    raise Refused(f"status {response.status}")
                found = bytearray()
                async for piece in response.content.iter_chunked(64 * 1024):
                    found += piece
                    if len(found) > most:
                        break
                return bytes(found)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unknown(type(error).__name__) from None

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
        answer = read_timeout if isinstance(read_timeout, int | float) else ANSWER_SECONDS
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, connect=None, sock_read=answer)
        body: dict[str, Any] = {}
        if request_data is not None and request_data.contains_files:
            form = aiohttp.FormData()
            for name, value in request_data.json_parameters.items():
                form.add_field(name, value)
            for name, (file_name, content, media_type) in (request_data.multipart_data or {}).items():
                form.add_field(name, content, filename=file_name, content_type=media_type)
            body["data"] = form
        elif request_data is not None:
            body["data"] = msgspec.json.encode(request_data.parameters)
            body["headers"] = {"Content-Type": "application/json"}
        try:
            async with self._session.request(method, url, timeout=timeout, **body, **self._through(url)) as response:
                return response.status, await response.read()
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            # The cause may hold the URL, and with it the token: only its class goes on.
            raise Unknown(type(error).__name__) from None


class BotApi:
    """Calls of one bot. The token is in no error and no log: both get the method's name only."""

    def __init__(self, token: str, api_url: str, request: AiohttpRequest) -> None:
        self._url = f"{api_url.rstrip('/')}/bot{token}/"
        self._files = f"{api_url.rstrip('/')}/file/bot{token}/"
        self._request = request

    async def download(self, path: str, most: int) -> bytes:
        """A file that `getFile` has named, up to a little more than `most` bytes. Raises a SendError."""
        return await self._request.download(self._files + quote(path), most)

    async def call(self, method: str, /, **parameters: Any) -> msgspec.Raw:
        """The result of a call. Raises a SendError that says what its failure means."""
        given = [RequestParameter(name, value, None) for name, value in parameters.items() if value is not None]
        # A long poll is held open by the server for as long as it was asked to.
        held = parameters.get("timeout", 0) if method == "getUpdates" else 0
        return await self._called(method, RequestData(given), ANSWER_SECONDS + held)

    async def send_file(self, file: Attachment, **parameters: Any) -> msgspec.Raw:
        """A file to a chat, a picture as a picture."""
        given = [RequestParameter(name, value, None) for name, value in parameters.items() if value is not None]
        picture = file.media_type.startswith("image/")
        field, method = ("photo", "sendPhoto") if picture else ("document", "sendDocument")
        content = RequestParameter.from_input(field, InputFile(file.content, filename=file.name))
        return await self._called(method, RequestData([*given, content]), ANSWER_SECONDS)

    async def _called(self, method: str, data: RequestData, wait: float) -> msgspec.Raw:
        status, body = await self._request.do_request(self._url + method, "POST", data, read_timeout=wait)
        try:
            answer = msgspec.json.decode(body, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _of_status(status, retry_after=None) from None
        if answer.ok and status < 400:
            return answer.result
        raise _of_answer(status, answer)


def _of_answer(status: int, answer: Answer) -> SendError:
    code, text = answer.error_code or status, answer.description.casefold()
    parameters = answer.parameters or Parameters()
    if parameters.migrate_to_chat_id is not None:
        return Migrated(parameters.migrate_to_chat_id)
    if "message is not modified" in text:
        return Unchanged("not modified")
    if "can't parse entities" in text:
        return Unparsable("formatting")
    gone = ("chat not found", "user is deactivated", "bot was kicked", "bot was blocked", "have no rights to send")
    if code == 403 or any(reason in text for reason in gone):
        return Blocked(f"status {code}")
    return _of_status(code, parameters.retry_after)


def _of_status(code: int, retry_after: float | None) -> SendError:
    """What a status means where nothing more is known."""
    if code == 429:
        return NotSent("status 429", (retry_after or 1.0) + EXTRA_PAUSE)
    if code in {401, 404, 409}:
        return NotSent(f"status {code}")  # a wrong token or a second instance: nothing was done, and it may pass
    if 400 <= code < 500:
        return Refused(f"status {code}")
    return Unknown(f"status {code}")
