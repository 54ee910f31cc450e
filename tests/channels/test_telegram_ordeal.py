"""A crowd takes the survey while the process is killed: nothing lost, nothing twice, nobody stuck.

Small in CI; MITREDEN_CITIZENS=300 and MITREDEN_KILLS=10 make it the whole ordeal.
"""

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path

from tests.channels.crowd import crowd, differences
from tests.channels.fake_telegram import FakeTelegram
from tests.test_command_line import mitreden

CITIZENS = int(os.environ.get("MITREDEN_CITIZENS", "40"))
AT_ONCE = 50
KILLS = int(os.environ.get("MITREDEN_KILLS", "4"))
NOW = "2025-11-10T10:00:00+01:00"


async def start(telegram: FakeTelegram, folder: Path, *more: str, now: str = NOW) -> Process:
    """`mitreden run` as an operator starts it, with further arguments."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "MITREDEN_TELEGRAM_TOKEN": telegram.token,
        "MITREDEN_TELEGRAM_API_URL": telegram.url,
    }
    with (folder / "log").open("ab") as log:
        arguments = (sys.executable, "-m", "bot", "run", "--now", now, *more)
        return await asyncio.create_subprocess_exec(*arguments, cwd=folder, env=environment, stderr=log)


async def test_a_crowd_is_served_and_the_export_is_what_it_said(telegram: FakeTelegram, tmp_path: Path) -> None:
    running = await start(telegram, tmp_path)
    residents = await crowd(telegram, CITIZENS, AT_ONCE)
    began = asyncio.get_running_loop().time()
    running.send_signal(signal.SIGTERM)
    assert await running.wait() == 0
    assert asyncio.get_running_loop().time() - began < 10
    exported = json.loads(mitreden(tmp_path, "export", "--format", "json").stdout)
    assert differences(residents, exported) == []
    assert telegram.violations == []
    assert telegram.unanswered() == []
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "Wunsch von" not in log
    assert telegram.token not in log


async def test_kill_9_loses_no_answer_counts_none_twice_and_leaves_nobody_stuck(
    telegram: FakeTelegram, tmp_path: Path
) -> None:
    chance = random.Random(7)  # noqa: S311 - the same kills in every run
    running = await start(telegram, tmp_path)
    people = asyncio.create_task(crowd(telegram, CITIZENS, AT_ONCE, leisure=0.3))
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(2.0, 4.0))
        running.kill()
        assert await running.wait() == -signal.SIGKILL
        running = await start(telegram, tmp_path)
    residents = await people
    running.send_signal(signal.SIGTERM)
    assert await running.wait() == 0
    exported = json.loads(mitreden(tmp_path, "export", "--format", "json").stdout)
    assert differences(residents, exported) == []
    assert [violation for violation in telegram.violations if "callback" not in violation] == []
