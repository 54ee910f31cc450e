"""Whatever an ordeal asks for, its logs are searched at its end for what people said in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ordeal.canary import TOLD


@pytest.fixture(autouse=True)
def no_log_repeats_what_was_said(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[None]:
    """The logs of all processes in the test's folder, and what a bot inside the test has logged."""
    yield
    logs = [file.read_text(encoding="utf-8", errors="replace") for file in tmp_path.rglob("log")]
    logs += [*capsys.readouterr(), *(record.getMessage() for record in caplog.get_records("call"))]
    lines = [line for log in logs for line in log.splitlines()]
    request.node.user_properties.append(("searched", len(lines)))
    assert [line for line in lines if TOLD.search(line)] == []
