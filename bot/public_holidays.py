"""Prints the public holidays of a state from 2000 to 2099, a line each: `python -P bot/public_holidays.py DE NI`.

A program of its own that ends at once: the library brings the calendars of the whole world, ten megabytes that the bot
would keep for some dates.
"""

import sys
from contextlib import suppress

import holidays

YEARS = range(2000, 2100)


def main() -> None:
    """Print them; nothing where the library knows no such state."""
    country, part = sys.argv[1:]
    with suppress(NotImplementedError):
        print(*sorted(holidays.country_holidays(country, subdiv=part or None, years=YEARS)), sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
