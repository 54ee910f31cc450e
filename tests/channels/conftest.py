"""What the tests of channels share: a Telegram of their own, and a client that adds nothing."""

from collections.abc import AsyncIterator

import pytest

from tests.channels.fake_telegram import FakeTelegram
from tests.channels.plain_client import PlainClient, plain_client


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """Telegram with nobody in it yet."""
    async with FakeTelegram() as running:
        yield running


@pytest.fixture
async def client(telegram: FakeTelegram) -> AsyncIterator[PlainClient]:
    """A client of that Telegram."""
    async with plain_client(telegram) as plain:
        yield plain
