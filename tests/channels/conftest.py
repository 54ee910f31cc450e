"""What the tests of channels share: a Telegram of their own, a client that adds nothing, and a Synapse."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.channels import installed
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.plain_client import PlainClient, plain_client
from tests.channels.synapse import Homeserver, homeserver


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


@pytest.fixture(scope="session")
def synapse_installed() -> None:
    """Skips where there is no Synapse to be had."""
    try:
        installed.synapse()
    except installed.CannotInstallError as problem:
        pytest.skip(f"Synapse cannot be installed: {problem}")


@pytest.fixture(scope="session")
def matrix_js_sdk() -> None:
    """Skips where there is no second Matrix library to be had; for tests with a `matrix_js_citizen`."""
    try:
        installed.matrix_js_sdk()
    except installed.CannotInstallError as problem:
        pytest.skip(f"matrix-js-sdk cannot be installed: {problem}")


@pytest.fixture(scope="session")
def synapse(synapse_installed: None) -> Iterator[Homeserver]:
    """A homeserver without limits, shared by the tests of one core: whoever is on it needs a `name` of their own."""
    with homeserver() as running:
        yield running


@pytest.fixture
def limited_synapse(synapse_installed: None) -> Iterator[Homeserver]:
    """A homeserver with the limits of a fresh install, for one test: it takes seconds to start."""
    with homeserver(rate_limits="default") as running:
        yield running


@pytest.fixture
async def bot(synapse: Homeserver, name: str) -> str:
    """The name of an account for the bot on that shared homeserver."""
    await synapse.register(f"mitreden-{name}")
    return f"mitreden-{name}"


@pytest.fixture
def name() -> str:
    """A name that nobody else has on a shared homeserver."""
    return f"erika-{secrets.token_hex(4)}"
