"""A way to a PostgreSQL server that a test can cut, at the very moment at which a transaction is to be committed."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

Cut = Literal["before", "after"]
"""Before the server has heard of the commit, or after it has done it and before anybody hears of that."""
WRITTEN = b"pg_try_advisory_xact_lock_shared"
"""What stands beside the COMMIT of a transaction that writes."""


class SeveredWay:
    """A port on loopback that leads to the server's socket. While `cut` is set about half of all commits are cut off.

    While it is `frozen` nothing passes any more and nobody is told, as with a cable that is pulled out.
    """

    def __init__(self, server: Path) -> None:
        self.cut: Cut | None = None
        self.cuts = 0
        self.frozen = False
        self._server = server
        self._chance = random.Random(7)  # noqa: S311 - the same cuts in every run
        self._open: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def to(self, url: str) -> AsyncIterator[str]:
        """The URL by which a database is reached over this way."""
        listening = await asyncio.start_server(self._lead, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        name = url.partition("@/")[2].partition("?")[0]
        try:
            yield f"postgresql://mitreden@127.0.0.1:{port}/{name}"
        finally:
            listening.close()
            self.hang_up()
            await asyncio.sleep(0)

    def hang_up(self) -> None:
        """End every connection that there is."""
        for writer in self._open:
            writer.transport.abort()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, server = await asyncio.open_unix_connection(self._server)
        ends = (writer, server)
        self._open.update(ends)
        answers = asyncio.create_task(self._carry(there, writer))
        try:
            while data := await self._read(reader):
                if self.cut and WRITTEN in data and self._chance.random() < 0.5:
                    self.cuts += 1
                    answers.cancel()
                    if self.cut == "after":
                        server.write(data)
                        await there.read(1)  # the server has answered: it is done
                    return
                server.write(data)
                await server.drain()
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            for end in ends:
                end.transport.abort()
            self._open.difference_update(ends)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await self._read(reader):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        data = await reader.read(65536)
        while self.frozen:
            await asyncio.sleep(0.05)
        return data
