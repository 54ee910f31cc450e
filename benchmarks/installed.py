"""The peers' packages: into an environment of their own, never into the project's."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "benchmarks" / "peers"
NEEDED = "import aiogram, aiolimiter, redis, telegram"
"""Fails in an environment that was made for an earlier benchmark, without some of these:"""
PACKAGES = ("python-telegram-bot[rate-limiter]==22.8", "aiogram>=3.20,<4", "redis>=6,<9")
REDIS = "redis-server --port 0 --unixsocket FOLDER/redis.sock --dir FOLDER --appendonly yes --appendfsync always --save"


@dataclass(frozen=True, slots=True)
class Peer:
    """A bot to compare with: how it is called, and what has to run beside it (FOLDER is where it may write)."""

    name: str
    command: tuple[str, ...]
    servers: tuple[str, ...] = ()


class CannotInstallError(RuntimeError):
    """It is not here and cannot be fetched."""


def peers(environment: Path) -> Iterator[Peer]:
    """The bots that can be run here; for each other one a line that says why not."""
    makers: dict[str, Callable[[Path], Peer]] = {"PTB": _ptb, "aiogram": _aiogram, "grammY": _grammy}
    for name, make in makers.items():
        try:
            yield make(environment)
        except CannotInstallError as problem:
            print(f"{name} is left out: {problem}", file=sys.stderr)


def _ptb(environment: Path) -> Peer:
    return Peer("python-telegram-bot as shipped", (python(environment), str(PEERS / "ptb.py")))


def _aiogram(environment: Path) -> Peer:
    if shutil.which("redis-server") is None:
        raise CannotInstallError("there is no redis-server (Debian: apt install redis-server)")
    return Peer("aiogram + Redis", (python(environment), str(PEERS / "aiogram_redis.py")), (REDIS,))


def _grammy(environment: Path) -> Peer:
    folder = environment / "node"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise CannotInstallError("there is no Node")
    if not (folder / "node_modules" / "better-sqlite3").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(PEERS / "package.json", folder)
        _run(npm, "install", "--no-audit", "--no-fund", "--loglevel=error", folder=folder)
    shutil.copy(PEERS / "grammy.mjs", folder)  # Node looks for packages beside the file
    return Peer("grammY + better-sqlite3", (node, str(folder / "grammy.mjs")))


def ours(environment: Path) -> str:
    """The interpreter of an environment with our bot as `make chat` sets it up: nothing that its developers need."""
    program = _interpreter(environment / "mitreden")
    _install(program, "-e", f"{ROOT}[postgresql]")
    return program


def python(environment: Path) -> str:
    """The interpreter of the peers' environment, made and filled where that is missing. Raises CannotInstallError."""
    program = _interpreter(environment / "python")
    if subprocess.run([program, "-c", NEEDED], check=False, capture_output=True).returncode:
        _install(program, *PACKAGES)
    return program


def _interpreter(folder: Path) -> str:
    """That of a virtual environment, made where it is missing."""
    program = folder / "bin" / "python"
    if not program.exists():
        _run(sys.executable, "-m", "venv", str(folder))
    return str(program)


def _install(program: str, *packages: str) -> None:
    _run(program, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *packages)


def _run(*command: str, folder: Path | None = None) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=600, cwd=folder)
    except (OSError, subprocess.SubprocessError) as problem:
        said = str(getattr(problem, "stderr", None) or problem).splitlines()
        raise CannotInstallError(said[-1] if said else str(problem)) from problem
