"""How much an ordeal asks: little in every run of the tests, all of it in `make ordeal`."""

import os

FULL = os.environ.get("MITREDEN_ORDEAL", "") == "full"


def scaled(full: int, short: int) -> int:
    """The first number in `make ordeal`, the second in every other run."""
    return full if FULL else short
