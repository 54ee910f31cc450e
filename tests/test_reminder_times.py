"""When reminders are due: every quarter of an hour, around both nights on which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import Event
from bot.core.reminders import LEADS, QuietHours, due_at, last_call, of_event, put_off, wanted

BERLIN = ZoneInfo("Europe/Berlin")
QUIET = QuietHours(time(21), time(8), BERLIN)
NONE = QuietHours(time(), time(), BERLIN)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them bare
hours = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
quiets = st.builds(QuietHours, hours, hours, st.just(BERLIN))


def event_at(starts_at: datetime) -> Event:
    return Event(id="e", starts_at=starts_at, place="Rathaus", address="Trammplatz 2")


@given(instants, quiets)
def test_what_is_moved_out_of_the_quiet_hours_is_out_of_them(instant: datetime, quiet: QuietHours) -> None:
    before, after = quiet.before(instant), quiet.after(instant)
    assert not quiet.holds(before)
    assert not quiet.holds(after)
    assert instant - timedelta(hours=26) <= before <= instant <= after <= instant + timedelta(hours=26)
    if not quiet.holds(instant):
        assert before == instant == after


@given(instants, st.sampled_from(LEADS))
def test_a_reminder_is_never_due_after_the_moment_people_asked_for(starts_at: datetime, lead: str) -> None:
    event = event_at(starts_at)
    for reminder in of_event(event, LEADS, QUIET, starts_at - timedelta(days=30)):
        assert not QUIET.holds(reminder.due_at)
        assert reminder.due_at < starts_at == reminder.until


@pytest.mark.parametrize(
    ("event", "lead", "due"),
    [
        ("2025-11-26T18:00+01:00", "week", "2025-11-19T18:00+01:00"),
        ("2025-11-26T18:00+01:00", "day", "2025-11-25T18:00+01:00"),
        ("2025-11-26T18:00+01:00", "two_hours", "2025-11-26T16:00+01:00"),
        # At nine in the morning, two hours before is still night: told the evening before.
        ("2025-11-26T09:00+01:00", "two_hours", "2025-11-25T20:00+01:00"),
        ("2025-11-26T07:59+01:00", "day", "2025-11-24T20:00+01:00"),
        ("2025-11-26T23:00+01:00", "two_hours", "2025-11-26T20:00+01:00"),
        # A day before 18:00 is 18:00, in a day of 25 hours and in one of 23.
        ("2025-10-26T18:00+01:00", "day", "2025-10-25T18:00+02:00"),
        ("2026-03-29T18:00+02:00", "day", "2026-03-28T18:00+01:00"),
        ("2026-04-05T18:00+02:00", "week", "2026-03-29T18:00+02:00"),
    ],
)
def test_when_a_reminder_is_due(event: str, lead: str, due: str) -> None:
    at = event_at(datetime.fromisoformat(event))
    assert due_at(at, lead, QUIET) == datetime.fromisoformat(due)  # type: ignore[arg-type]


def test_what_was_due_before_the_subscription_is_not_made() -> None:
    event = event_at(datetime.fromisoformat("2025-11-26T18:00+01:00"))
    kinds = {
        now: [one.kind for one in of_event(event, LEADS, QUIET, datetime.fromisoformat(now))]
        for now in (
            "2025-11-19T17:59+01:00",
            "2025-11-19T18:00+01:00",
            "2025-11-26T16:00+01:00",
            "2025-11-27T10:00+01:00",
        )
    }
    assert list(kinds.values()) == [["week", "day", "two_hours"], ["day", "two_hours"], [], []]


def test_nobody_is_reminded_of_what_they_declined_or_what_was_cancelled() -> None:
    first, second = event_at(datetime(2025, 11, 26, 17, tzinfo=UTC)), event_at(datetime(2025, 12, 3, 17, tzinfo=UTC))
    object.__setattr__(second, "id", "f")
    assert wanted([first, second], ["*"], {"e": "no", "f": "maybe"}) == [second]
    assert wanted([first, second], ["e"], {}) == [first]
    object.__setattr__(first, "cancelled", True)
    assert of_event(first, LEADS, QUIET, datetime(2025, 11, 1, tzinfo=UTC)) == []


@given(instants, st.integers(1, 24 * 40))
def test_a_reminder_put_off_comes_later_by_day_and_before_the_event(now: datetime, ahead: int) -> None:
    event = event_at(now + timedelta(hours=ahead / 4))
    for by in ("hour", "morning"):
        if later := put_off(by, event, QUIET, now):
            assert now < later.due_at < event.starts_at
            assert not QUIET.holds(later.due_at)


def test_where_nothing_is_quiet_the_morning_is_no_midnight_all_the_same() -> None:
    later = put_off("morning", event_at(instant("2025-11-26T18:00")), NONE, instant("2025-11-25T18:00"))
    assert later is not None
    assert later.due_at == instant("2025-11-26T08:00")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_the_last_call_comes_at_noon_of_the_last_but_one_day() -> None:
    closes = datetime(2025, 12, 15, tzinfo=BERLIN) - timedelta(seconds=1)
    assert last_call(closes, QUIET) == datetime.combine(date(2025, 12, 13), time(12), BERLIN)
