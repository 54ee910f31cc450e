"""The days that people name instead of a date, computed for any year."""

from datetime import date, timedelta
from functools import lru_cache


def easter(year: int) -> date:
    """Easter Sunday, after Gauss as corrected by Butcher (https://en.wikipedia.org/wiki/Date_of_Easter)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


@lru_cache(maxsize=16)
def holidays(year: int) -> dict[str, tuple[date, date]]:
    """First and last day of everything that vocabularies may name in `[holiday]`, by its id."""
    fourth = date(year, 12, 24) - timedelta(days=(date(year, 12, 24).weekday() + 1) % 7)
    sunday = easter(year)
    october = date(year, 10, 8) + timedelta(days=-date(year, 10, 8).weekday() % 7)  # the second Monday
    advent = {f"advent_{number}": fourth - timedelta(weeks=4 - number) for number in (1, 2, 3, 4)}
    single = {
        "new_year": date(year, 1, 1),
        "epiphany": date(year, 1, 6),
        "carnival": sunday - timedelta(days=48),
        "womens_day": date(year, 3, 8),
        "good_friday": sunday - timedelta(days=2),
        "labour_day": date(year, 5, 1),
        "ascension": sunday + timedelta(days=39),
        "unity_day": date(year, 10, 3),
        "reformation": date(year, 10, 31),
        "all_saints": date(year, 11, 1),
        "martin": date(year, 11, 11),
        "remembrance": advent["advent_1"] - timedelta(days=14),
        "repentance": advent["advent_1"] - timedelta(days=11),
        "eternity": advent["advent_1"] - timedelta(days=7),
        **advent,
        "barbara": date(year, 12, 4),
        "lucia": date(year, 12, 13),
        "winter_begins": date(year, 12, 21),
        "black_friday": date(year, 11, 23) + timedelta(days=(4 - date(year, 11, 23).weekday()) % 7),
        "nicholas": date(year, 12, 6),
        "christmas_eve": date(year, 12, 24),
        "christmas_1": date(year, 12, 25),
        "christmas_2": date(year, 12, 26),
        "new_years_eve": date(year, 12, 31),
    }
    long = {
        "easter": (sunday, sunday + timedelta(days=1)),
        "pentecost": (sunday + timedelta(days=49), sunday + timedelta(days=50)),
        "advent": (advent["advent_1"], date(year, 12, 24)),
        "christmas": (date(year, 12, 24), date(year, 12, 26)),
        "between_years": (date(year, 12, 27), date(year, 12, 31)),
        "autumn_break": (october, october + timedelta(days=12)),  # of the schools in Lower Saxony, in most years
    }
    return {**{name: (day, day) for name, day in single.items()}, **long}
