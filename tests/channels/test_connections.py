"""Our own HTTP: every shape of an answer is read; what is certain is not left open, and what is open not settled."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.connections import IDLE_SECONDS, Connection, answer_in
from bot.channels.telegram.proxied import ProxiedRequest
from bot.channels.telegram.request import DirectRequest, request_to
from bot.core.messages import NotSent, Unknown

DAY = timedelta(days=1)
Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length:  11\r\nServer: nginx\r\n\r\n" + b'{"ok":true}'
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5;name=value\r\n{"ok"\r\n6\r\n:true}\r\n0\r\nX-Trailer: 1\r\n\r\n'
)
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
UNTIL_THE_END = b'HTTP/1.0 200 OK\r\n\r\n{"ok":true}'
CLOSING = PLAIN.replace(b"Server: nginx", b"Connection: close")


@asynccontextmanager
async def server(serve: Served, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that treats each connection like this; its URL."""
    serving: list[asyncio.Task[None]] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.create_task(served(reader, writer)))

    running = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{running.sockets[0].getsockname()[1]}/bot1:x/getMe"
    finally:
        running.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@asynccontextmanager
async def request() -> AsyncIterator[DirectRequest]:
    """A client with no connections yet."""
    direct = DirectRequest()
    await direct.initialize()
    try:
        yield direct
    finally:
        await direct.shutdown()


async def asked(reader: asyncio.StreamReader) -> bool:
    """Whether one more request came, read to its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length: "))
    await reader.readexactly(int(length.partition(b": ")[2]))
    return True


def answers(*parts: bytes) -> Served:
    """A server that answers every request with these parts, a moment between them."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await asked(reader):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
            if parts == (UNTIL_THE_END,):
                break

    return serve


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, CONTINUED, UNTIL_THE_END, CLOSING])
async def test_every_shape_of_an_answer_is_read(answer: bytes) -> None:
    async with server(answers(answer)) as url, request() as direct:
        for _ in range(3):
            assert await direct.do_request(url, "POST") == (200, b'{"ok":true}')


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, CONTINUED])
@given(cuts=st.lists(st.integers(0, 160), max_size=4))
def test_an_answer_is_whole_only_at_its_end_however_it_is_cut(answer: bytes, cuts: list[int]) -> None:
    for cut in cuts:
        early = answer_in(answer[:cut])
        assert early is None or cut >= len(answer)
    whole = answer_in(answer + b"more")
    assert whole is not None
    assert (whole.status, whole.body, whole.end) == (200, b'{"ok":true}', len(answer))


@given(garbage=st.binary(max_size=200))
def test_garbage_is_no_answer_and_no_crash(garbage: bytes) -> None:
    try:
        found = answer_in(garbage, ended=True)
    except ValueError:
        return
    assert found is None or garbage.startswith(b"HTTP/1.")


async def test_one_connection_serves_many_requests() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answers(PLAIN)(reader, writer)

    async with server(serve) as url, request() as direct:
        for _ in range(5):
            await direct.do_request(url, "POST")
    assert connections == 1


async def test_a_connection_that_the_server_has_closed_meanwhile_is_not_used_again() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(PLAIN)

    async with server(serve) as url, request() as direct:
        for _ in range(5):
            assert (await direct.do_request(url, "POST"))[0] == 200
            await asyncio.sleep(0.02)


async def test_a_connection_that_ends_before_any_answer_leaves_open_what_was_done() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.transport.abort()

    async with server(serve) as url, request() as direct:
        with pytest.raises(Unknown):
            await direct.do_request(url, "POST")


@pytest.mark.parametrize("part", [PLAIN[:30], PLAIN[:-3], CHUNKED[:-8], b"+OK POP3 ready\r\n\r\n"])
async def test_half_an_answer_or_none_of_http_leaves_open_what_was_done(part: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(part)

    async with server(serve) as url, request() as direct:
        with pytest.raises(Unknown):
            await direct.do_request(url, "POST")


async def test_silence_leaves_open_what_was_done_and_spends_the_connection() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await asked(reader)
        await reader.read()

    async with server(serve) as url, request() as direct:
        for _ in range(2):
            with pytest.raises(Unknown, match="TimeoutError"):
                await direct.do_request(url, "POST", read_timeout=0.05)
    assert connections == 2


async def test_silence_is_endured_as_long_as_asked_for() -> None:
    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(serve) as url, request() as direct:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unknown, match="TimeoutError"):
            await direct.do_request(url, "POST", read_timeout=1.0)
        assert 0.9 < asyncio.get_running_loop().time() - began < 1.9


async def test_what_a_server_is_about_to_close_is_not_used_again() -> None:
    connection = Connection()
    connection.connection_made(asyncio.Transport())
    connection.eof_received()
    assert not connection.usable


async def test_without_a_server_nothing_was_sent() -> None:
    async with server(answers(PLAIN)) as url:
        pass
    async with request() as direct:
        with pytest.raises(NotSent):
            await direct.do_request(url, "POST")


def certificate(folder: Path) -> Path:
    """A certificate for this machine and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - DAY, now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tls.pem").write_bytes(secret + made.public_bytes(Encoding.PEM))
    return folder / "tls.pem"


async def test_long_answers_over_tls_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own)
    body = bytes(range(256)) * 2000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with server(answers(head + body), tls) as url, request() as direct:
        assert await asyncio.gather(*(direct.do_request(url, "POST") for _ in range(4))) == [(200, body)] * 4
        assert await direct.do_request(url, "POST") == (200, body)


async def test_where_tls_fails_nothing_was_sent() -> None:
    async with server(answers(PLAIN)) as url, request() as direct:
        with pytest.raises(NotSent):
            await direct.do_request(url.replace("http:", "https:"), "POST")


async def test_an_answer_nobody_waits_for_any_more_is_not_taken_for_that_of_the_next_request() -> None:
    arrived, given_up = asyncio.Event(), asyncio.Event()
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while await asked(reader):
            count += 1
            number = count
            if number == 1:
                arrived.set()
                await given_up.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)

    async with server(serve) as url, request() as direct:
        first = asyncio.create_task(direct.do_request(url, "POST"))
        await arrived.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        given_up.set()
        assert await direct.do_request(url, "POST") == (200, b"2")


async def test_an_upload_that_still_moves_is_not_given_up() -> None:
    from telegram import InputFile  # noqa: PLC0415 - a second that the other tests do not need
    from telegram.request import RequestData  # noqa: PLC0415
    from telegram.request._requestparameter import RequestParameter  # noqa: PLC0415

    document = InputFile(b"x" * 20_000_000, filename='a "file".json')
    got = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(got) < 20_000_000:
            got.extend(await reader.read(500_000))
            await asyncio.sleep(0.05)
        writer.write(PLAIN)

    async with server(serve) as url, request() as direct:
        data = RequestData([RequestParameter.from_input("document", document)])
        assert (await direct.do_request(url, "POST", data, read_timeout=1.5))[0] == 200
    assert b'filename="a %22file%22.json"' in got[:1000]


async def test_where_the_environment_names_a_proxy_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked_for.append(await reader.readuntil(b"\r\n"))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CLOSING)

    async with server(proxy) as url:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        proxied = request_to("http://telegram.example")
        assert isinstance(proxied, ProxiedRequest)
        await proxied.initialize()
        assert (await proxied.do_request("http://telegram.example/bot1:x/getMe", "POST"))[0] == 200
        await proxied.shutdown()
    assert asked_for == [b"POST http://telegram.example/bot1:x/getMe HTTP/1.1\r\n"]


def test_idle_connections_are_given_up_before_servers_close_them() -> None:
    assert IDLE_SECONDS < 60, "nginx closes them after 75 seconds, others after a minute"
