"""A Bot API with a crowd behind it: light enough to load a fast bot from the other core, and it takes the time.

Unlike the one of the tests it checks nothing; it knows the calls that a survey needs, in every encoding of clients.
"""

import asyncio
import random
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import msgspec

TOKEN = "5000000001:benchmark-benchmark-benchmark-abcde"  # noqa: S105 - of a server that lives for a minute
AT_ONCE = 100
"""Updates that one getUpdates brings at the most, as with Telegram."""
DATE = 1_762_765_200
ME = b'{"id":5000000001,"is_bot":true,"first_name":"Mitreden","username":"mitreden_bot"}'
LAST_TAP = "m:review:submit"
OWN_WORDS = "Mehr Termine am Abend, bitte."

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TYPE = re.compile(rb"\r\ncontent-type: *([^\r]+)", re.IGNORECASE)
_KEYS = re.compile(rb'"callback_data": *"([^"]+)"')
_PART = re.compile(rb'name="(\w+)"\r\n(?:[^\r]+\r\n)*\r\n(.*)', re.DOTALL)
_HEAD = b"HTTP/1.1 200 OK\r\nServer: benchmark\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Call(msgspec.Struct):
    """What the calls of a survey have; the rest is skipped."""

    chat_id: int = 0
    text: str = ""
    reply_markup: msgspec.Raw = msgspec.Raw(b"")
    offset: int | None = None
    timeout: int = 0


@dataclass(slots=True)
class Citizen:
    """Somebody taking the survey: since when they wait for the next question, and whether it is their last."""

    id: int
    waiting_since: float = 0.0
    leaves: bool = False


@dataclass
class Crowd:
    """So many citizens at a time; who is through is followed by somebody new.

    `think` is how many seconds a citizen reads a question for on average; `round_trip` is in seconds as well.
    `first` is the first one's id; the others follow.
    """

    size: int
    round_trip: float
    think: float = 0.0
    first: int = 100_000_001
    steps: int = 0
    calls: int = 0
    waits: list[float] = field(default_factory=list)
    failures: int = 0

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._chance = random.Random(7)
        self._here: dict[int, Citizen] = {}
        self._ids = count(self.first)
        self._message_ids = count(1)
        self._update_ids = count(int(time.time() * 10_000))  # they go on from run to run, as Telegram's do
        self._updates: deque[tuple[int, bytes]] = deque()
        self._polling: Callable[[bytes], None] | None = None
        self.first_poll = asyncio.Event()

    def arrive(self) -> None:
        """Everybody comes and writes to the bot."""
        for _ in range(self.size):
            self._newcomer()

    def waiting(self) -> int:
        """How many citizens wait for the bot now."""
        return sum(citizen.waiting_since > 0 for citizen in self._here.values())

    def _newcomer(self) -> None:
        citizen = Citizen(next(self._ids))
        self._here[citizen.id] = citizen
        self._later(self._say, citizen, "/start survey")

    def _later(self, act: Any, *arguments: Any) -> None:
        if self.think:
            self._loop.call_later(self._chance.uniform(0, 2 * self.think), act, *arguments)
        else:
            act(*arguments)

    def answer(self, method: str, call: Call) -> bytes:
        """What a call brings back."""
        self.calls += 1
        match method:
            case "sendMessage":
                return self._sent(call)
            case "editMessageText" | "editMessageReplyMarkup":
                return self._message(next(self._message_ids), call)
            case "getMe":
                return ME
        return b"true"

    def poll(self, call: Call, reply: Callable[[bytes], None]) -> None:
        """Bring updates as soon as there are some; none when the poll has waited for long enough."""
        while call.offset is not None and self._updates and self._updates[0][0] < call.offset:
            self._updates.popleft()
        self._polling = reply
        if self._updates or not call.timeout:
            self._bring(reply)
        else:
            self._loop.call_later(call.timeout, self._bring, reply)
        self.first_poll.set()

    def _bring(self, reply: Callable[[bytes], None]) -> None:
        if self._polling is not reply:
            return  # answered meanwhile
        self._polling = None
        fetched = [self._updates[place][1] for place in range(min(len(self._updates), AT_ONCE))]
        self.calls += 1
        reply(b"[" + b",".join(fetched) + b"]")

    def _push(self, citizen: Citizen, kind: bytes, content: bytes) -> None:
        number = next(self._update_ids)
        self._updates.append((number, b'{"update_id":%d,"%s":%s}' % (number, kind, content)))
        citizen.waiting_since = self._loop.time()
        if self._polling:
            self._bring(self._polling)

    def _say(self, citizen: Citizen, text: str) -> None:
        entities = b'"entities":[{"offset":0,"length":6,"type":"bot_command"}],' if text.startswith("/") else b""
        message = b'{"message_id":%d,"from":%s,"chat":%s,"date":%d,%s"text":%s}'
        own = next(self._message_ids)
        content = message % (own, _user(citizen.id), _chat(citizen.id), DATE, entities, msgspec.json.encode(text))
        self._push(citizen, b"message", content)

    def _tap(self, citizen: Citizen, shown: bytes, key: str) -> None:
        citizen.leaves = key == LAST_TAP
        query = b'{"id":"%d","from":%s,"message":%s,"chat_instance":"4711","data":"%s"}'
        tap = (citizen.id * 1_000_003 + self.steps, _user(citizen.id), shown, key.encode())
        self._push(citizen, b"callback_query", query % tap)

    def _sent(self, call: Call) -> bytes:
        message = self._message(next(self._message_ids), call)
        citizen = self._here.get(call.chat_id)
        if citizen is None or not citizen.waiting_since:
            return message
        keys = [key.decode() for key in _KEYS.findall(bytes(call.reply_markup))]
        if not keys and not citizen.leaves:
            return message  # an introduction; the question follows
        self.steps += 1
        self.waits.append(self._loop.time() - citizen.waiting_since)
        citizen.waiting_since = 0.0
        if citizen.leaves:
            del self._here[citizen.id]
            self._newcomer()
        elif any(key.endswith(":done") for key in keys):
            self._later(self._say, citizen, "1")
        elif keys[0].startswith("c:"):
            self._later(self._say, citizen, OWN_WORDS)
        else:
            self._later(self._tap, citizen, message, keys[0])
        return message

    @staticmethod
    def _message(number: int, call: Call) -> bytes:
        markup = b',"reply_markup":' + bytes(call.reply_markup) if call.reply_markup else b""
        text = msgspec.json.encode(call.text)
        message = b'{"message_id":%d,"from":%s,"chat":%s,"date":%d,"text":%s%s}'
        return message % (number, ME, _chat(call.chat_id), DATE, text, markup)


def _user(number: int) -> bytes:
    return b'{"id":%d,"is_bot":false,"first_name":"Erika","language_code":"de"}' % number


def _chat(number: int) -> bytes:
    return b'{"id":%d,"first_name":"Erika","type":"private"}' % number


class Connection(asyncio.Protocol):
    """HTTP of one kept-alive connection."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end])
            length = found[1] if (found := _LENGTH.search(head)) else b"0"
            if len(self._received) < end + 4 + int(length):
                return
            body = bytes(self._received[end + 4 : end + 4 + int(length)])
            del self._received[: end + 4 + int(length)]
            method = head[: head.index(b"\r\n")].split(b" ")[1].rpartition(b"/")[2].partition(b"?")[0].decode()
            kind = found[1] if (found := _TYPE.search(head)) else b""
            if self._crowd.round_trip:
                loop = asyncio.get_running_loop()
                loop.call_later(self._crowd.round_trip / 2, self._answer, method, kind, body)
            else:
                self._answer(method, kind, body)

    def _answer(self, method: str, kind: bytes, body: bytes) -> None:
        try:
            call = _read(kind, body)
            if method == "getUpdates":
                self._crowd.poll(call, self._travel)
            else:
                self._travel(self._crowd.answer(method, call))
        except Exception as error:  # noqa: BLE001 - shown, and counted among the failures of the run
            print(f"{method}: {type(error).__name__}: {error}", flush=True)
            self._crowd.failures += 1

    def _travel(self, result: bytes) -> None:
        if self._crowd.round_trip:
            asyncio.get_running_loop().call_later(self._crowd.round_trip / 2, self._write, result)
        else:
            self._write(result)

    def _write(self, result: bytes) -> None:
        if not self._transport.is_closing():
            answer = b'{"ok":true,"result":' + result + b"}"
            self._transport.write(_HEAD % len(answer) + answer)


def _read(kind: bytes, body: bytes) -> Call:
    """Parameters as JSON, as a form, or in parts."""
    if not body:
        return Call()
    if kind.startswith(b"application/json"):
        return msgspec.json.decode(body, type=Call, strict=False)
    if kind.startswith(b"multipart/"):
        boundary = b"--" + kind.partition(b"boundary=")[2].strip(b'"')
        parts = (_PART.search(part) for part in body.split(boundary))
        values = {found[1].decode(): found[2].removesuffix(b"\r\n") for found in parts if found}
        given = {name: value.decode() for name, value in values.items()}
    else:
        given = {name: value[0] for name, value in parse_qs(body.decode()).items()}
    markup = given.pop("reply_markup", "").encode()
    wanted = {name: value for name, value in given.items() if name in {"chat_id", "text", "offset", "timeout"}}
    call = msgspec.convert(wanted, Call, strict=False)
    call.reply_markup = msgspec.Raw(markup)
    return call


async def serve(crowd: Crowd) -> tuple[asyncio.Server, str]:
    """The server of a crowd, and its URL."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(crowd), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return server, f"http://127.0.0.1:{port}"
