"""A real PostgreSQL for tests and benchmarks, started from the programs on this machine, thrown away afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

# Durability is PostgreSQL's own to test; without fsync our suite is several times as fast.
SETTINGS = {"fsync": "off", "max_connections": "50"}


class Cluster:
    """A server that listens on a socket in its folder; `before` stands before each of its programs."""

    def __init__(
        self, programs: Path, folder: Path, owner: str | None, settings: Mapping[str, str], before: Sequence[str] = ()
    ) -> None:
        self.folder = folder
        self._programs = programs
        self._data = str(folder / "data")
        self.owner = owner
        self._before = before
        self._options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._numbers = count()

    def new_database(self) -> str:
        """The URL of a fresh database."""
        name = f"test{next(self._numbers)}"
        self.run("createdb", "-h", str(self.folder), "-U", "mitreden", name)
        return f"postgresql://mitreden@/{name}?host={self.folder}"

    def make(self) -> None:
        """Lay out its files."""
        self.run("initdb", "-D", self._data, "-U", "mitreden", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self.run("pg_ctl", "-D", self._data, "-w", "-o", self._options, "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """End it as a crash would: it recovers at the next start."""
        self.run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    @property
    def process(self) -> int:
        """The id of the process whose children serve the connections."""
        return int(Path(self._data, "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs as its owner; raises where it fails."""
        subprocess.run(
            [*self._before, str(self._programs / program), *arguments],
            check=True,
            user=self.owner,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
        )


@contextmanager
def pooler(server: Cluster, url: str) -> Iterator[str]:
    """The URL of a database through a PgBouncer that lends a session for a transaction, as long as the block."""
    program = shutil.which("pgbouncer")
    assert program is not None
    name = url.partition("@/")[2].partition("?")[0]
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = server.folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{name} = host={server.folder} user=mitreden\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 6\n",
        encoding="utf-8",
    )
    settings.chmod(0o644)  # where a bot runs in the same process, new files are for their owner only
    running = subprocess.Popen(
        [program, "-q", str(settings)], user=server.owner, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _answers(port):
            assert running.poll() is None
            time.sleep(0.05)
        yield f"postgresql://mitreden@127.0.0.1:{port}/{name}?statement_cache_size=0"
    finally:
        running.kill()
        running.wait()


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest if there are several; None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


@contextmanager
def cluster(
    folder_of_programs: Path, settings: Mapping[str, str] = SETTINGS, before: Sequence[str] = ()
) -> Iterator[Cluster]:
    """A server that lives as long as the block. Run by root it belongs to somebody else, as PostgreSQL demands."""
    owner = _somebody() if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="mitreden-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if owner:
            shutil.chown(folder, owner)
        here = {"listen_addresses": "", "unix_socket_directories": name}
        running = Cluster(folder_of_programs, folder, owner, {**here, **settings}, before)
        running.make()
        running.start()
        try:
            yield running
        finally:
            running.stop()


def _somebody() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
