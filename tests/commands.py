"""The commands as people run them: real processes, what is typed, and what they print."""

import json
import os
import subprocess
import sys
from pathlib import Path

NOW = ("--now", "2025-11-10T10:00:00+01:00")
ONES = ["1"] * 60
"""The first option of whatever is asked."""


def mitreden(
    folder: Path, *arguments: str, said: str | bytes = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with lines on its standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        input=said.encode() if isinstance(said, str) else said,
        capture_output=True,
        env=environment_of_ours() | (environment or {}),
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def environment_of_ours() -> dict[str, str]:
    """The environment of now, in which our bot is found from any folder."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


def lines(*said: str) -> str:
    """What is typed, a line each."""
    return "".join(f"{line}\n" for line in said)


def responses(folder: Path) -> list[dict[str, object]]:
    """The submitted responses, as exported."""
    exported = mitreden(folder, "export", "--format", "json")
    assert exported.returncode == 0, exported.stderr
    return list(json.loads(exported.stdout))
