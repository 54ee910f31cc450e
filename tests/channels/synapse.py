"""A real Synapse for tests, started on loopback in a folder of its own and thrown away afterwards."""

import hashlib
import hmac
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import aiohttp

from tests.channels import installed, synapse_settings

Json = dict[str, Any]
RateLimits = Literal["generous", "default"]

SERVER_NAME = "mitreden.test"
PASSWORD = "geheim"  # noqa: S105 - of everybody who names no other
PATIENCE = 60.0
"""Seconds until a Synapse that does not answer counts as broken: ten times what it takes on two cores."""

# Standard input is its lifeline: when the test's process is gone, however it went, the server is gone too.
_LAUNCHER = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
sys.argv = ["synapse", "-c", sys.argv[1]]
from synapse.app.homeserver import main
main()
"""


@dataclass(frozen=True)
class Login:
    """What a client gets for its password."""

    user_id: str
    device_id: str
    token: str


class Homeserver:
    """A Synapse in a folder. `start`, `stop` and `restart` block: inside a running loop, `asyncio.to_thread`."""

    def __init__(self, python: Path, folder: Path, rate_limits: RateLimits) -> None:
        self._python = python
        self._folder = folder
        self._secret = secrets.token_hex(16)
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._admin = ""
        self.server_name = SERVER_NAME
        self.url = f"http://127.0.0.1:{self._port}"
        self.database = folder / "homeserver.db"
        self._log = folder / "log"
        self._settings = folder / "homeserver.json"
        settings = synapse_settings.settings(folder, self._port, self.server_name, self._secret)
        if rate_limits == "generous":
            settings |= synapse_settings.GENEROUS
        # Synapse reads YAML, and all JSON is YAML.
        self._settings.write_text(json.dumps(settings), encoding="utf-8")

    def by_way_of(self, url: str) -> "Homeserver":
        """The same server, reached at another address."""
        other = copy(self)
        other.url = url
        return other

    @property
    def log(self) -> str:
        """What Synapse logged so far, from WARNING on."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    @property
    def process_id(self) -> int:
        """The running server's, for measuring it."""
        assert self._process is not None, "Synapse is not running"
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it answers; raises with its log where it does not."""
        assert self._process is None, "Synapse is running already"
        command = [str(self._python), "-c", _LAUNCHER, str(self._settings)]
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                output_text = (self._folder / "output").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"Synapse did not start:\n{output_text[-3000:]}\n{self.log[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill it as a power cut would; what it had answered is on the disk. Nothing happens where it is stopped."""
        running, self._process = self._process, None
        if running is None:
            return
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        assert running.stdin is not None
        running.stdin.close()

    def restart(self) -> None:
        """Stop and start: same address, same data."""
        self.stop()
        self.start()

    def user_id(self, name: str) -> str:
        """The full Matrix ID of a name on this server."""
        return f"@{name}:{self.server_name}"

    async def register(self, name: str, password: str = PASSWORD, admin: bool = False) -> Login:
        """A new account, made with the shared secret, with its first device."""
        path = "/_synapse/admin/v1/register"
        nonce = (await self.request("GET", path))["nonce"]
        signed = "\0".join([nonce, name, password, "admin" if admin else "notadmin"])
        mac = hmac.new(self._secret.encode(), signed.encode(), hashlib.sha1).hexdigest()
        fields = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        return _login(await self.request("POST", path, fields))

    async def login(self, name: str, password: str = PASSWORD, device_id: str | None = None) -> Login:
        """A new device of an account, or a new token for a device that it has."""
        fields: Json = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": password,
        }
        if device_id is not None:
            fields["device_id"] = device_id
        return _login(await self.request("POST", "/_matrix/client/v3/login", fields))

    async def admin(self, method: str, path: str, fields: Json | None = None) -> Json:
        """A call of Synapse's admin API, as an administrator made for it; path: what follows `/_synapse/admin/`."""
        if not self._admin:
            self._admin = (await self.register(f"admin-{secrets.token_hex(4)}", admin=True)).token
        return await self.request(method, f"/_synapse/admin/{path}", fields, self._admin)

    async def lift_rate_limits(self, user_id: str) -> None:
        """What the install guide asks of a city's homeserver: no limit on what this account sends."""
        path = f"v1/users/{quote(user_id)}/override_ratelimit"
        await self.admin("POST", path, {"messages_per_second": 0, "burst_count": 0})

    async def request(self, method: str, path: str, fields: Json | None = None, token: str = "") -> Json:
        """One call of any API of this server; raises `aiohttp.ClientResponseError` with the server's words."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            aiohttp.ClientSession(self.url, headers=headers) as session,
            session.request(method, path, json=fields) as response,
        ):
            answer: Json = await response.json()
            if response.status >= 400:
                said = f"{answer.get('errcode')}: {answer.get('error')}"
                raise aiohttp.ClientResponseError(
                    response.request_info, (), status=response.status, message=said, headers=response.headers
                )
            return answer

    async def upload(self, content: bytes, token: str) -> str:
        """Store a file; its `mxc://` address."""
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(self.url, headers=headers) as session,
            session.post("/_matrix/media/v3/upload", data=content) as response,
        ):
            return str((await response.json())["content_uri"])

    async def download(self, address: str, token: str) -> bytes:
        """A file by its `mxc://` address."""
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/_matrix/client/v1/media/download/{address.removeprefix('mxc://')}"
        async with aiohttp.ClientSession(self.url, headers=headers) as session, session.get(path) as response:
            assert response.status == 200, await response.text()
            return await response.read()

    def text_in_database(self, needle: str) -> bool:
        """Whether a text is in the database: in its files' bytes, or in a value of any table."""
        return bool(self.places_in_database(needle))

    def places_in_database(self, needle: str) -> list[str]:
        """The files and `table.column`s that contain a text, as typed or as JSON may write it."""
        spellings = {needle, json.dumps(needle)[1:-1], json.dumps(needle, ensure_ascii=False)[1:-1]}
        files = sorted(self._folder.glob(f"{self.database.name}*"))
        found = [file.name for file in files if any(one.encode() in file.read_bytes() for one in spellings)]
        # A long value is spread over pages, so that the bytes of the file alone would not show it.
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                for _, column, *_ in database.execute(f'PRAGMA table_info("{table}")').fetchall():
                    query = f'SELECT 1 FROM "{table}" WHERE instr(CAST("{column}" AS TEXT), ?) LIMIT 1'  # noqa: S608
                    if any(database.execute(query, (one,)).fetchone() for one in spellings):
                        found.append(f"{table}.{column}")
        return found

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as response:  # noqa: S310 - our own loopback
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def homeserver(rate_limits: RateLimits = "generous") -> Iterator[Homeserver]:
    """A running Synapse with nobody on it. "default" are the limits of a fresh install; raises CannotInstallError."""
    python = installed.synapse()
    with tempfile.TemporaryDirectory(prefix="mitreden-synapse-", ignore_cleanup_errors=True) as name:
        running = Homeserver(python, Path(name), rate_limits)
        try:
            running.start()
            yield running
        finally:
            running.stop()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _login(answer: Json) -> Login:
    return Login(answer["user_id"], answer["device_id"], answer["access_token"])
