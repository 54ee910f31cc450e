"""What stands before a homeserver answers in its place: nothing is concluded from that about anybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.channels.matrix.api import Api, Denied, decoded
from bot.channels.matrix.channel import Matrix
from bot.channels.matrix.rooms import Room
from bot.channels.matrix.session import Account
from bot.core.messages import Address, Blocked, Outgoing, SendError, Unknown

HERE = Room("!r:x", members={"@bot:x", "@anna:x"})


@asynccontextmanager
async def answering(status: int, body: bytes) -> AsyncIterator[str]:
    """A server that has one answer to everything; its URL."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    server = web.Application()
    server.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(server)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield site.name.replace(":0", f":{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b"404 page not found\n", Unknown),
        (403, b"<html>403 Forbidden</html>", Unknown),
        (404, b'{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}', Denied),
        (403, b'{"errcode":"M_FORBIDDEN","error":"User not in room"}', Blocked),
        (404, b'{"errcode":"M_NOT_FOUND","error":"Unknown room"}', Blocked),
    ],
)
async def test_only_a_homeserver_can_say_that_somebody_does_not_want_to_be_written_to(
    tmp_path: Path, status: int, body: bytes, expected: type[SendError]
) -> None:
    async with answering(status, body) as url:
        matrix = Matrix(Account(url, "@bot:x", token="t"), tmp_path, encryption="off")  # noqa: S106 - of this test
        await matrix.open()
        matrix._ready.set()  # noqa: SLF001 - signed in, as before the outage
        matrix._rooms._rooms[HERE.id] = HERE  # noqa: SLF001
        try:
            with pytest.raises(expected):
                await matrix.send(Address("matrix", "@anna:x", HERE.id), Outgoing(text="Guten Tag"), "row-1")
        finally:
            await matrix.close()


async def test_a_refusal_that_is_no_text_is_a_refusal() -> None:
    async with answering(400, b'{"errcode":"M_X","error":"\xff"}') as url:
        api = Api(url)
        await api.open()
        try:
            with pytest.raises(Unknown):
                await api.get("/anything")
        finally:
            await api.close()
    assert decoded(b'{"error":"\xff"}') == {}
