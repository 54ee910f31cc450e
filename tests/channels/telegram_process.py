"""`mitreden run` as an operator starts it, killed and started again: its clock goes on, its log is kept."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from datetime import datetime, timedelta
from pathlib import Path

from tests.channels.fake_telegram import Call, FakeTelegram

NOW = datetime.fromisoformat("2025-11-10T10:00:00+01:00")
"""A moment at which Hannover's survey can be taken and nothing is quiet."""
KILLED = {-signal.SIGKILL, 137}
"""How a process ends that is killed, from outside or at a place within."""
PATIENCE = 60.0
"""Seconds until something counts as never coming."""


class Running:
    """One bot on that Telegram with its data in a folder; `settings` are those of [telegram]."""

    def __init__(self, telegram: FakeTelegram, folder: Path) -> None:
        self.settings: dict[str, object] = {}
        self._telegram = telegram
        self._folder = folder
        self._began = 0.0
        self._polls = 0
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """What was started last."""
        assert self._process is not None
        return self._process

    async def start(self, *arguments: str, now: datetime | None = None, failpoint: str = "") -> None:
        """Start it, with further arguments; without `now` its clock has gone on since the first start."""
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        now = now or NOW + timedelta(seconds=loop.time() - self._began)
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "MITREDEN_FAILPOINT": failpoint,
            "MITREDEN_TELEGRAM_TOKEN": self._telegram.token,
            "MITREDEN_TELEGRAM_API_URL": self._telegram.url,
            **{f"MITREDEN_TELEGRAM_{name}".upper(): str(value) for name, value in self.settings.items()},
        }
        self._polls = len(self._telegram.called("getUpdates"))
        command = (sys.executable, "-m", "bot", "run", "--now", now.isoformat(), *arguments)
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, cwd=self._folder, env=environment, stderr=log
            )

    async def serves(self) -> None:
        """Wait until the process started last has asked for updates."""
        async with asyncio.timeout(PATIENCE):
            while len(self._telegram.called("getUpdates")) == self._polls:
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        self.process.kill()
        await self.killed()

    async def gone(self) -> None:
        """Make sure that nothing is left of it after a test, however that went."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def killed(self) -> None:
        """Wait until it is killed, by whomever."""
        async with asyncio.timeout(PATIENCE):
            assert await self.process.wait() in KILLED

    async def stop(self) -> None:
        """End it as an operator does, once it serves: it has ten seconds."""
        await self.serves()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await self.process.wait() == 0

    def kill_at(self, method: str, stage: str, times: int) -> None:
        """Kill it when such a request comes to Telegram, or is done there, for so many times from now on."""
        left = times

        def watch(call: Call, now: str) -> None:
            nonlocal left
            if (call.method, now) == (method, stage):
                left -= 1
                if left == 0 and self.process.returncode is None:
                    self.process.kill()

        self._telegram.watch = watch

    def leaks(self, *canaries: str) -> list[str]:
        """What stands in the log and must not: the token, and words that people said."""
        log = (self._folder / "log").read_text(encoding="utf-8")
        return [word for word in (self._telegram.token, *canaries) if word in log]
