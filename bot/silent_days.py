"""On which days messages make no sound: Sundays and public holidays, as operators have it."""

import re
import subprocess
import sys
from collections.abc import Callable, Collection
from datetime import date
from functools import cache
from pathlib import Path

from bot.config import RemindersSection
from bot.problems import UserError

SUNDAY = 6
PUBLIC_HOLIDAYS = Path(__file__).with_name("public_holidays.py")


def silent_days(section: RemindersSection) -> Callable[[date], bool]:
    """Tells whether a day is silent. Raises UserError where the state has no form; when asked, where it is unknown."""
    state = section.silent_on_holidays_of
    if state and not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", state):
        raise UserError(f'[reminders] silent_on_holidays_of "{state}" is no state. Write it like "DE-NI", or "".')

    def is_silent(day: date) -> bool:
        # The holidays first: whoever asks in order to see whether the state is known may do so on a Sunday.
        return (bool(state) and day in _holidays(state)) or (section.silent_on_sundays and day.weekday() == SUNDAY)

    return is_silent


@cache
def _holidays(state: str) -> Collection[date]:
    """The public holidays of a state in this century: a quarter of a second, once. `run` asks before it starts."""
    country, _, part = state.partition("-")
    program = [sys.executable, "-P", str(PUBLIC_HOLIDAYS), country, part]
    try:
        found = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    except OSError as error:
        raise UserError(f"No second process can be started ({error.strerror}). Allow it, for a moment.") from error
    if found.returncode:
        raise UserError(f'The public holidays of "{state}" cannot be read. Install Mitreden anew, with all it needs.')
    if not found.stdout:
        raise UserError(f'[reminders] silent_on_holidays_of "{state}" is not known. Write it like "DE-NI".')
    return frozenset(map(date.fromisoformat, found.stdout.split()))
