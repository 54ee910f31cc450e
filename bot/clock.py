"""The one clock of the bot: what time it is for content and due rows, real or rehearsed."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.problems import UserError


class Clock:
    """Runs from `start` at `speed` times the real pace; without `start` it is the real time.

    Only content and due rows ask this clock. Waiting, back-off and rate limits use the event loop's time.
    """

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        self.rehearsed = start is not None or speed != 1.0
        """Whether this is not the real time: what is done by it must not destroy what is real."""
        self._start = start or datetime.now(UTC)
        self._speed = speed
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The instant it is, in UTC."""
        return (self._start + timedelta(seconds=(time.monotonic() - self._began) * self._speed)).astimezone(UTC)


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO instant; without an offset it is local time of the zone. Raises UserError."""
    try:
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UserError(f"--now {text}: not a date and time. Write it like 2025-11-10T10:00:00+01:00.") from error
    if not 1970 < parsed.year < 2200:
        raise UserError(f"--now {text}: no year of ours. Write it like 2025-11-10T10:00:00+01:00.")
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
