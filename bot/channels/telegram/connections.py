"""HTTP/1.1 as a client of one server needs it: connections kept open, and certainty about what was sent.

A connection that could not be made, or was found closed before anything was written to it, has sent nothing. Once a
request is written, its fate is open until the answer is complete.
"""

import asyncio
import re
import ssl
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import cast

AT_ONCE = 256
"""Connections at the most; one of them holds the long poll."""
CONNECT_SECONDS = 10.0
IDLE_SECONDS = 15.0
"""A connection that nothing was asked of for so long is not used again: the server may be about to close it."""
LARGEST_HEAD = 64 * 1024
LARGEST_ANSWER = 64 * 1024 * 1024

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*(?=\r\n|$)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*(?=\r\n|$)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection:[^\r\n]*close", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})(?= |\r\n|$)")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class NotConnectedError(Exception):
    """Nothing was sent, for there is no connection."""


class BrokenError(Exception):
    """The request was written, or part of it, and no complete answer came."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A server: `https` or `http`, host and port."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `end` is where it ends in what was received, `lasting` whether more may be asked."""

    status: int
    body: bytes
    end: int
    lasting: bool


class Connections:
    """The open connections of a client. Whoever asks waits until one is free; the one used last is used first."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)
        self._idle: dict[Origin, list[Connection]] = defaultdict(list)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Reading all authorities of the machine takes a while: once, and only where there is TLS."""
        return ssl.create_default_context()

    async def ask(self, origin: Origin, request: bytes, patience: float) -> tuple[int, bytes]:
        """Status and body of the answer to a whole request; `patience` in seconds without any progress.

        Raises NotConnectedError or BrokenError.
        """
        async with self._free:
            connection = self._kept(origin) or await self._connected(origin)
            status, body = await connection.ask(request, patience)
            if connection.usable:
                self._idle[origin].append(connection)
            return status, body

    def close(self) -> None:
        """Close what is idle; what is under way closes when whoever asked is cancelled."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()

    def _kept(self, origin: Origin) -> "Connection | None":
        """An open connection; stale ones are left on the way to it."""
        idle = self._idle[origin]
        while idle:
            connection = idle.pop()
            if connection.usable and connection.idle_for() < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connected(self, origin: Origin) -> "Connection":
        loop = asyncio.get_running_loop()
        tls = self._tls if origin.scheme == "https" else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                # Both families side by side: one that leads nowhere is common, and must not cost ten seconds.
                _, connection = await loop.create_connection(
                    Connection, origin.host, origin.port, ssl=tls, happy_eyeballs_delay=0.25
                )
        except (OSError, TimeoutError, ssl.CertificateError, UnicodeError) as error:
            raise NotConnectedError(type(error).__name__) from None
        return connection


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, and only then the next request."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._answer: asyncio.Future[Answer] | None = None
        self._progress = 0.0
        self.usable = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """From here on it may be asked."""
        self._transport = cast("asyncio.Transport", transport)
        self.usable = True

    async def ask(self, request: bytes, patience: float) -> tuple[int, bytes]:
        """Write a request and wait for its answer; `patience` in seconds without any progress. Raises BrokenError."""
        self._received.clear()
        self._answer = self._loop.create_future()
        self._progress = self._loop.time()
        self._transport.write(request)
        unsent = self._transport.get_write_buffer_size()
        self._watching = self._loop.call_later(patience, self._watch, patience, unsent)
        try:
            answer = await self._answer
        except BaseException:
            self.close()  # an answer that still comes must not be taken for that of the next request
            raise
        finally:
            self._watching.cancel()
            self._answer = None
        return answer.status, answer.body

    def idle_for(self) -> float:
        """Seconds since something last came."""
        return self._loop.time() - self._progress

    def close(self) -> None:
        """End it at once."""
        self.usable = False
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what comes, until the answer is whole."""
        self._received += data
        self._progress = self._loop.time()
        if self._answer is None:
            self.close()  # nobody asked
        elif len(self._received) > LARGEST_ANSWER:
            self._fail("AnswerTooLarge")
        else:
            self._look(ended=False)

    def eof_received(self) -> None:
        """The server closes it: what is written from here on is dropped, before anybody is told."""
        self.usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        """What has come so far is all there will be."""
        self.usable = False
        if self._answer is not None:
            self._look(ended=True)
            self._fail("ConnectionLost" if exc is None else type(exc).__name__)

    def _look(self, *, ended: bool) -> None:
        if self._answer is None or self._answer.done():
            return
        try:
            answer = answer_in(self._received, ended=ended)
        except ValueError:
            self._fail("NotHttp")
            return
        if answer is not None:
            self.usable = self.usable and answer.lasting and answer.end == len(self._received)
            self._answer.set_result(answer)

    def _fail(self, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BrokenError(reason))

    def _watch(self, patience: float, unsent: int) -> None:
        """Give up where nothing has moved, in either direction, for too long."""
        if (left := self._transport.get_write_buffer_size()) < unsent:
            self._progress = self._loop.time()
        if (rest := patience - self.idle_for()) > 0:
            self._watching = self._loop.call_later(rest, self._watch, patience, left)
        else:
            self._fail("TimeoutError")


def answer_in(received: bytes | bytearray, *, ended: bool = False) -> Answer | None:
    """The answer that these bytes begin with; None while it is not whole. `ended`: nothing more will come.

    Raises ValueError where this is no HTTP.
    """
    start = 0
    while True:
        end = received.find(b"\r\n\r\n", start)
        if end < 0:
            if len(received) - start > LARGEST_HEAD or not b"HTTP/1."[: len(received)].startswith(received[:7]):
                raise ValueError("no head of an answer")
            return None
        head = bytes(received[start:end])
        status = _STATUS.match(head)
        if status is None:
            raise ValueError("no status line")
        start = end + 4
        if not status[2].startswith(b"1"):  # "100 Continue" and the like come before the answer
            break
    code, lasting = int(status[2]), status[1] == b"1" and not _CLOSES.search(head)
    if _CHUNKED.search(head):
        found = _unchunked(received, start)
        return found and Answer(code, found[0], found[1], lasting)
    if length := _LENGTH.search(head):
        end = start + int(length[1])
        return Answer(code, bytes(received[start:end]), end, lasting) if len(received) >= end else None
    if code in {204, 304}:
        return Answer(code, b"", start, lasting)
    # Neither a length nor chunks: the body ends with the connection.
    return Answer(code, bytes(received[start:]), len(received), lasting=False) if ended else None


def _unchunked(received: bytes | bytearray, start: int) -> tuple[bytes, int] | None:
    """A body that comes in chunks, and where it ends; None while its end is not there."""
    body = bytearray()
    while size := _CHUNK.match(received, start):
        start, length = size.end(), int(size[1], 16)
        if length == 0:
            # After the last chunk there may be more header lines; an empty line ends them.
            if received[start : start + 2] == b"\r\n":
                return bytes(body), start + 2
            end = received.find(b"\r\n\r\n", start)
            return (bytes(body), end + 4) if end >= 0 else None
        if len(received) < start + length + 2:
            return None
        if received[start + length : start + length + 2] != b"\r\n":
            raise ValueError("a chunk does not end where it should")
        body += received[start : start + length]
        start += length + 2
    if b"\r\n" in received[start:]:
        raise ValueError("no size of a chunk")
    return None
