"""On which days messages make no sound: Sundays and public holidays, as operators have it."""

import re
from collections.abc import Callable, Container
from datetime import date

from bot.config import RemindersSection
from bot.problems import UserError

SUNDAY = 6


def silent_days(section: RemindersSection) -> Callable[[date], bool]:
    """Tells whether a day is silent. Raises UserError where the state has no form; when asked, where it is unknown."""
    state = section.silent_on_holidays_of
    if state and not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", state):
        raise UserError(f'[reminders] silent_on_holidays_of "{state}" is no state. Write it like "DE-NI", or "".')
    known: list[Container[date]] = []

    def is_silent(day: date) -> bool:
        if state and not known:
            known.append(_holidays(state))
        return (section.silent_on_sundays and day.weekday() == SUNDAY) or any(day in days for days in known)

    return is_silent


def _holidays(state: str) -> Container[date]:
    import holidays  # noqa: PLC0415 - a quarter of a second, spent when the first reminder is due

    country, _, part = state.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError as error:
        raise UserError(f'[reminders] silent_on_holidays_of "{state}" is not known. Write it like "DE-NI".') from error
