"""`mitreden run` on a homeserver as an operator starts it: a process of its own that can be killed."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.channels.synapse import PASSWORD, Homeserver
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN

PATIENCE = 60.0


class BotProcess:
    """One bot in one folder; its log of all starts stands in `log`."""

    def __init__(self, homeserver: Homeserver, bot: str, folder: Path, **settings: str) -> None:
        self.homeserver = homeserver
        self.now = BEISPIELSTADT_OPEN
        self._file = folder / "log"
        self._folder = folder
        self._process: Process | None = None
        self._before = 0
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "MITREDEN_PROCESS_FOLDER": str(BEISPIELSTADT),
            "MITREDEN_MATRIX_HOMESERVER": homeserver.url,
            "MITREDEN_MATRIX_USER": homeserver.user_id(bot),
            "MITREDEN_MATRIX_PASSWORD": PASSWORD,
            "MITREDEN_MATRIX_PER_SECOND": "1000",
            **settings,
        }

    @property
    def log(self) -> str:
        """What it wrote to standard error, and to standard output."""
        return self._file.read_text(encoding="utf-8", errors="replace") if self._file.exists() else ""

    @property
    def process_id(self) -> int:
        """Of the running one."""
        assert self._process is not None
        return self._process.pid

    def leaks(self, *words: str) -> list[str]:
        """Which of these words, and of what opens the bot's account, stand in its log; "Traceback" where there is one.

        Where there is nothing to be found it looked as well: a log without a start raises AssertionError.
        """
        log = self.log
        assert '"signed_in_as"' in log
        secrets = [PASSWORD, "Traceback", *words]
        for kept in (self._folder / "data" / "matrix").glob("session.*"):
            session = json.loads(kept.read_bytes())
            secrets += [session["token"], session["pickle_key"]]
        return [secret for secret in secrets if secret in log]

    async def starts(self) -> None:
        """Start, without waiting for anything."""
        self._before = len(self.log)
        arguments = (sys.executable, "-m", "bot", "run", "--now", self.now.isoformat())
        with self._file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *arguments, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )

    async def does(self, *arguments: str) -> str:
        """Another command of the same bot, which has to succeed; what it prints."""
        with self._file.open("ab") as log:
            other = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", *arguments),
                cwd=self._folder,
                env=self._environment,
                stdout=PIPE,
                stderr=log,
            )
            printed, _ = await other.communicate()
        assert other.returncode == 0, self.log
        return printed.decode()

    def fails_no_more(self) -> None:
        """The next start has no failpoint."""
        self._environment.pop("MITREDEN_FAILPOINT", None)

    async def is_ready(self) -> None:
        """Wait until it has signed in since it was started."""
        async with asyncio.timeout(PATIENCE):
            while '"signed_in_as"' not in self.log[self._before :]:
                await asyncio.sleep(0.05)

    async def is_killed(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        assert await self._process.wait() == -signal.SIGKILL

    async def stops(self) -> None:
        """As an operator stops it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert await self.ends() == 0, self.log

    async def ends(self) -> int:
        """Wait until it ends by itself; its exit code."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    async def is_gone(self) -> None:
        """Leave nothing behind, however the test went."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def bot_process(homeserver: Homeserver, bot: str, folder: Path, **settings: str) -> AsyncIterator[BotProcess]:
    """The bot as a process, not started yet; gone at the end of the block."""
    process = BotProcess(homeserver, bot, folder, **settings)
    try:
        yield process
    finally:
        await process.is_gone()
