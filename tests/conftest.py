"""What tests share: the database they run on, a Telegram of their own, a Synapse, what an ordeal came to."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.announced import PEOPLE
from tests.channels import installed
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.plain_client import PlainClient, plain_client
from tests.channels.synapse import Homeserver, homeserver
from tests.channels.telegram_process import Running
from tests.staff import wants_news
from tests.talk import Talk, config_in, talking


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server for the whole run."""
    programs = postgres.programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql makes this test real")
    with postgres.cluster(programs) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database; a relative SQLite path counts from the folder of the test's settings."""
    if request.param == "sqlite":
        return "sqlite:///data/mitreden.db"
    running: postgres.Cluster = request.getfixturevalue("server")
    return running.new_database()


@pytest.fixture
async def anna(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> AsyncIterator[Talk]:
    """Somebody who talks to a bot that six people want to hear news from."""
    async with talking(config_in(tmp_path_factory.mktemp("bot"), url=database_url)) as talk:
        await wants_news(talk, *PEOPLE)
        yield talk


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """Telegram with nobody in it yet."""
    async with FakeTelegram() as running:
        yield running


@pytest.fixture
async def running(telegram: FakeTelegram, tmp_path: Path) -> AsyncIterator[Running]:
    """A bot on that Telegram as a process of its own, not started yet, with its data in the test's folder."""
    one = Running(telegram, tmp_path)
    yield one
    await one.gone()


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


Figures = Callable[[str], None]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Called with what an ordeal came to, in words and numbers; shown in the summary of the run."""
    name = request.node.name.removeprefix("test_").replace("_", " ")

    def note(line: str) -> None:
        request.node.user_properties.append(("figures", f"{name}: {line}"))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures that ordeals came to, a line each."""
    reports = [one for state in ("passed", "failed") for one in terminalreporter.getreports(state)]
    lines = [str(line) for report in reports for name, line in report.user_properties if name == "figures"]
    if lines:
        terminalreporter.section("figures of the ordeals")
        for line in lines:
            terminalreporter.write_line(line)
    ends = [one for state in ("", "error") for one in terminalreporter.getreports(state)]
    ends = [one for one in ends if isinstance(one, pytest.TestReport)]  # a file that cannot be read has another one
    searched = [int(str(number)) for end in ends for name, number in end.user_properties if name == "searched"]
    if searched:
        terminalreporter.write_line(
            f"{sum(searched):,} lines of log of {len(searched)} ordeals searched for the canary"
        )
