"""What tests share: the database they run on, SQLite always and PostgreSQL where its programs are."""

from collections.abc import Iterator

import pytest

from tests import postgres


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
