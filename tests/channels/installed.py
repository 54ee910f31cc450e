"""What the tests of Matrix need from elsewhere, set up once per machine, also when every core asks for it at once."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SYNAPSE = "matrix-synapse==1.163.2"
SYNAPSE_FOLDER = Path(os.environ.get("MITREDEN_SYNAPSE") or Path(__file__).parents[2] / ".synapse")
"""Where Synapse's environment lives; CI names a folder that it keeps."""


class CannotInstallError(RuntimeError):
    """It is not here and cannot be fetched: no network, or nothing ready-made for this machine."""


def synapse() -> Path:
    """The Python that has Synapse; raises CannotInstallError."""
    environment = SYNAPSE_FOLDER / "environment"
    _once(SYNAPSE_FOLDER, f"{SYNAPSE} {sys.version_info[:2]}", lambda: _install_synapse(environment))
    return environment / "bin" / "python"


def _once(folder: Path, wanted: str, install: Callable[[], None]) -> None:
    """Install unless exactly this is there already; others who want it wait meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "ready"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        # Gone first and written last: what was interrupted half-way is thrown away instead of trusted.
        stamp.unlink(missing_ok=True)
        install()
        stamp.write_text(wanted, encoding="utf-8")


def _install_synapse(environment: Path) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    python = str(environment / "bin" / "python")
    # Wheels only: building Synapse would take a Rust compiler and ten minutes.
    if shutil.which("uv"):
        _run("uv", "venv", "--quiet", "--python", sys.executable, str(environment))
        _run("uv", "pip", "install", "--quiet", "--python", python, "--only-binary", ":all:", SYNAPSE)
    else:
        _run(sys.executable, "-m", "venv", str(environment))
        pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check", "--retries", "1")
        _run(*pip, "install", "--only-binary", ":all:", SYNAPSE)


def _run(*command: str, folder: Path | None = None) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=600, cwd=folder)
    except (OSError, subprocess.SubprocessError) as problem:
        said = str(getattr(problem, "stderr", None) or problem).strip().splitlines()
        raise CannotInstallError(said[-1] if said else str(problem)) from problem
