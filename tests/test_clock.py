"""The clock's jobs: they run again and again, none beside itself, and a failing one stops nobody."""

import asyncio
import logging
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import JOBS, Clock, Duties, Job, ticking
from bot.config import RemindersSection
from bot.core.messages import Address
from bot.problems import UserError
from bot.silent_days import silent_days
from storage.database import database, is_sound
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, FrozenClock, config_in, talking


async def test_jobs_run_again_and_again_and_a_failing_one_stops_nobody(tmp_path: Path) -> None:
    runs = {"good": 0, "bad": 0}

    async def good(_duties: Duties) -> None:
        runs["good"] += 1

    async def bad(_duties: Duties) -> None:
        runs["bad"] += 1
        raise RuntimeError("of a test")

    async with talking(config_in(tmp_path)) as anna:
        async with ticking(anna.app.duties, {"good": Job(0.01, good), "bad": Job(0.01, bad)}):
            async with asyncio.timeout(30):
                while min(runs.values()) < 3:
                    await asyncio.sleep(0.05)
        stopped = dict(runs)
        await asyncio.sleep(0.4)
        assert runs == stopped


async def test_a_job_that_takes_long_runs_once_at_a_time_and_ends_with_the_bot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    began, ended = 0, 0

    async def long(_duties: Duties) -> None:
        nonlocal began, ended
        began += 1
        try:
            await asyncio.sleep(60)
        finally:
            ended += 1

    async with talking(config_in(tmp_path)) as anna:
        with caplog.at_level(logging.WARNING):
            async with ticking(anna.app.duties, {"long": Job(0.01, long)}):
                await asyncio.sleep(0.9)
        assert (began, ended) == (1, 1)
        assert caplog.records == []


async def test_every_job_can_be_done(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, None, database_url)) as anna:
        for job in JOBS.values():
            await job.run(anna.app.duties)


async def test_admins_learn_of_messages_that_failed_since_the_last_look(tmp_path: Path) -> None:
    config = config_in(tmp_path, BEISPIELSTADT)
    async with talking(config, BEISPIELSTADT_OPEN) as anna:
        now = anna.app.clock.now()
        await anna.app.memory.invite("TEAM-ABCDE-FGHJK", "admin", now, now + timedelta(minutes=10))
        await anna.another("ada").say("TEAM-ABCDE-FGHJK")
        await anna.app.duties.look_at_failures()
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.pass_time(minutes=10)
        broken = anna.incoming(text="/umfrage")
        object.__setattr__(broken, "text", 4711)  # what no channel should ever hand over
        await anna.receive(broken)
        before = len(anna.heard)
        await anna.app.duties.look_at_failures()
        await anna.app.outbox.idle()
        ((to, said),) = anna.heard[before:]
        assert to == Address("terminal", "ada", "ada")
        assert said.text.startswith("1 Nachricht konnte ich nicht bearbeiten.")
        clock.pass_time(minutes=10)
        await anna.app.duties.look_at_failures()
        await anna.app.outbox.idle()
        assert len(anna.heard) == before + 1


async def test_admins_learn_of_messages_that_failed_before_the_first_look(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as anna:
        clock = anna.app.clock
        assert isinstance(clock, FrozenClock)
        await anna.app.memory.invite("TEAM-ABCDE-FGHJK", "admin", clock.now(), clock.now() + timedelta(minutes=10))
        await anna.another("ada").say("TEAM-ABCDE-FGHJK")
        clock.pass_time(seconds=30)
        broken = anna.incoming(text="/umfrage")
        object.__setattr__(broken, "text", 4711)  # as above
        await anna.receive(broken)
        clock.pass_time(seconds=30)
        await anna.app.duties.look_at_failures()
        await anna.app.outbox.idle()
        assert anna.heard[-1][1].text.startswith("1 Nachricht konnte ich nicht bearbeiten.")


async def test_a_damaged_database_is_noticed(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        await anna.say("/erinnern alle")
        assert await anna.app.memory.is_sound()
    file = tmp_path / "data" / "mitreden.db"
    content = bytearray(file.read_bytes())
    page = len(content) // 4096 // 2 * 4096
    content[page : page + 4096] = b"\xff" * 4096
    file.write_bytes(content)
    damaged = database("sqlite:///data/mitreden.db", tmp_path)
    try:
        assert not await damaged.read(is_sound)
    finally:
        await damaged.close()


@pytest.mark.parametrize(
    ("day", "silent"),
    [
        ("2025-12-07", True),  # a Sunday
        ("2025-10-31", True),  # Reformation Day, in Lower Saxony
        ("2025-11-01", False),  # All Saints' Day is a holiday elsewhere
        ("2025-12-26", True),
        ("2025-12-08", False),
    ],
)
def test_sundays_and_holidays_of_lower_saxony_are_silent(day: str, silent: bool) -> None:
    assert silent_days(RemindersSection())(date.fromisoformat(day)) is silent


def test_silent_days_can_be_switched_off_or_be_of_another_state() -> None:
    none = silent_days(RemindersSection(silent_on_sundays=False, silent_on_holidays_of=""))
    assert not none(date(2025, 12, 7))
    assert not none(date(2025, 12, 25))
    assert silent_days(RemindersSection(silent_on_holidays_of="DE-BY"))(date(2025, 11, 1))
    with pytest.raises(UserError, match="DE-NI"):
        silent_days(RemindersSection(silent_on_holidays_of="Niedersachsen"))
    with pytest.raises(UserError, match="not known"):
        silent_days(RemindersSection(silent_on_holidays_of="DE-XX"))(date(2025, 11, 3))


def test_an_unknown_state_is_found_on_a_sunday_too() -> None:
    """`run` and `check` ask about the day they are started on."""
    with pytest.raises(UserError, match="not known"):
        silent_days(RemindersSection(silent_on_holidays_of="DE-XX"))(date(2025, 12, 7))


def test_after_the_machine_was_asleep_the_clock_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts seconds stands still meanwhile, as on a machine that is moved to another host."""
    clock, began = Clock(), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began)
    time.sleep(0.2)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=0.1)


def test_a_clock_runs_from_its_start_at_its_speed() -> None:
    clock = Clock(datetime.fromisoformat("2025-11-24T09:00:00+01:00"), 3600.0)
    assert clock.rehearsed
    assert timedelta() <= clock.now() - datetime.fromisoformat("2025-11-24T08:00:00+00:00") < timedelta(hours=2)
