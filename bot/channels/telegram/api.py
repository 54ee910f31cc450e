"""The Bot API as we use it: one call, and what its outcome means for a message."""

from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from telegram import InputFile
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter  # what RequestData is made of has no public name

from bot.channels.telegram.request import ANSWER_SECONDS
from bot.core.messages import Attachment, Blocked, NotSent, Refused, SendError, Unknown

log = structlog.get_logger(__name__)

EXTRA_PAUSE = 0.5
"""Seconds added to what a 429 asks for."""
POLL_SECONDS = 8.0
"""Seconds after the end of a long poll until it is given up: nothing is lost with it, and the bot hears again soon."""


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


_ANSWER = msgspec.json.Decoder(Answer)


class Migrated(SendError):
    """A group got a new id; the message goes there."""

    def __init__(self, chat: int) -> None:
        super().__init__("the group has a new id")
        self.chat = chat


class Unparsable(SendError):
    """Formatting that Telegram does not read: a mistake of ours. The words can go without it."""


class Unchanged(SendError):
    """An edit that changes nothing: what was wanted is already so."""


class BotApi:
    """Calls of one bot. The token is in no error and no log: both get the method's name only.

    `patience`: seconds in which nothing is heard of a request, until it stays open what became of it.
    """

    def __init__(self, token: str, api_url: str, request: BaseRequest, patience: float = ANSWER_SECONDS) -> None:
        self._patience = patience
        self._url = f"{api_url.rstrip('/')}/bot{token}/"
        self._files = f"{api_url.rstrip('/')}/file/bot{token}/"
        self._request = request

    async def download(self, path: str, most: int) -> bytes:
        """A file that `getFile` has named, up to a little more than `most` bytes. Raises a SendError."""
        status, content = await self._request.do_request(self._files + quote(path), "GET")
        if status != 200:
            raise Refused(f"status {status}")
        return bytes(content[: most + 1])

    async def call(self, method: str, /, **parameters: Any) -> msgspec.Raw:
        """The result of a call. Raises a SendError that says what its failure means."""
        given = [RequestParameter(name, value, None) for name, value in parameters.items() if value is not None]
        # A long poll is held open by the server for as long as it was asked to.
        wait = parameters["timeout"] + POLL_SECONDS if method == "getUpdates" else self._patience
        return await self._called(method, RequestData(given), wait)

    async def quietly(self, method: str, /, **parameters: Any) -> bool:
        """A call whose failure costs nobody anything; whether it worked."""
        try:
            await self.call(method, **parameters)
        except Unchanged:
            return True
        except SendError as error:
            log.info("call_failed", method=method, error=type(error).__name__, reason=str(error))
            return False
        return True

    async def send_file(self, file: Attachment, **parameters: Any) -> msgspec.Raw:
        """A file to a chat, a picture as a picture."""
        given = [RequestParameter(name, value, None) for name, value in parameters.items() if value is not None]
        picture = file.media_type.startswith("image/")
        field, method = ("photo", "sendPhoto") if picture else ("document", "sendDocument")
        content = RequestParameter.from_input(field, InputFile(file.content, filename=file.name))
        return await self._called(method, RequestData([*given, content]), self._patience)

    async def _called(self, method: str, data: RequestData, wait: float) -> msgspec.Raw:
        status, body = await self._request.do_request(self._url + method, "POST", data, read_timeout=wait)
        try:
            answer = _ANSWER.decode(body)
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
