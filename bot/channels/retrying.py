"""How long a channel waits before it tries a network again that failed."""

import random

SLOWEST = 30.0
"""Seconds between two tries at the most, apart from the jitter."""


def back_off(failures: int) -> float:
    """Seconds until the next try: from one, doubling, with jitter upwards so that it is never faster than a second."""
    return float(min(2.0 ** min(failures - 1, 10), SLOWEST) * random.uniform(1.0, 1.25))  # noqa: S311 - jitter, no secret
