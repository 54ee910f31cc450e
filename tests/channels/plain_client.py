"""A Bot API client with nothing of its own, so that what a test sees is what the server said."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.channels.fake_telegram import FakeTelegram

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came back; body None where it is not JSON."""

    status: int
    body: Json | None

    @property
    def result(self) -> Any:
        """What was asked for; raises AssertionError where the answer is no."""
        assert self.body is not None
        assert self.body["ok"], self.body
        return self.body["result"]

    @property
    def description(self) -> str:
        """Why not."""
        assert self.body is not None
        assert not self.body["ok"]
        assert self.body["error_code"] == self.status
        return str(self.body["description"])


class PlainClient:
    """Calls methods by name, with their parameters as JSON."""

    def __init__(self, session: aiohttp.ClientSession, telegram: FakeTelegram) -> None:
        self.session = session
        self.telegram = telegram

    async def call(self, method: str, **params: Any) -> Answer:
        """Call a method; raises aiohttp.ClientError where the connection breaks."""
        return await self.post(method, json=params)

    async def post(self, method: str, token: str | None = None, **body: Any) -> Answer:
        """Post any body that aiohttp can send."""
        url = f"{self.telegram.url}/bot{token or self.telegram.token}/{method}"
        async with self.session.post(url, **body) as response:
            return Answer(response.status, await response.json() if "json" in response.content_type else None)

    async def updates(self, **params: Any) -> list[Json]:
        """What getUpdates hands over."""
        updates: list[Json] = (await self.call("getUpdates", **params)).result
        return updates


@asynccontextmanager
async def plain_client(telegram: FakeTelegram) -> AsyncIterator[PlainClient]:
    """A client of a running server."""
    async with aiohttp.ClientSession() as session:
        yield PlainClient(session, telegram)
