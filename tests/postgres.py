"""A real PostgreSQL for tests, started from the programs on this machine: no network, thrown away afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path


class Cluster:
    """A running server that listens on a socket in its folder."""

    def __init__(self, programs: Path, folder: Path, owner: str | None) -> None:
        self._programs = programs
        self._folder = folder
        self._owner = owner
        self._numbers = count()

    def new_database(self) -> str:
        """The URL of a fresh database."""
        name = f"test{next(self._numbers)}"
        self.run("createdb", "-h", str(self._folder), "-U", "mitreden", name)
        return f"postgresql://mitreden@/{name}?host={self._folder}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs as its owner; raises where it fails."""
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            user=self._owner,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
        )


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest if there are several; None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


@contextmanager
def cluster(folder_of_programs: Path) -> Iterator[Cluster]:
    """A server that lives as long as the block. Run by root it belongs to somebody else, as PostgreSQL demands."""
    owner = _somebody() if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="mitreden-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if owner:
            shutil.chown(folder, owner)
        running = Cluster(folder_of_programs, folder, owner)
        data = str(folder / "data")
        running.run("initdb", "-D", data, "-U", "mitreden", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        # Durability is PostgreSQL's own to test; without fsync our suite is several times as fast.
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c max_connections=50"
        running.run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield running
        finally:
            running.run("pg_ctl", "-D", data, "-m", "immediate", "stop")


def _somebody() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
