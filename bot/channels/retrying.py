"""How long a channel waits before it tries a network again that failed."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

SLOWEST = 30.0
"""Seconds between two tries at the most, apart from the jitter."""


def back_off(failures: int) -> float:
    """Seconds until the next try: from one, doubling, with jitter upwards so that it is never faster than a second."""
    return float(min(2.0 ** min(failures - 1, 10), SLOWEST) * random.uniform(1.0, 1.25))  # noqa: S311 - jitter, no secret


async def lasting(work: Callable[[], Awaitable[None]]) -> None:
    """Do work that never ends; where it fails all the same, that is logged and it begins again."""
    failures = 0
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - nobody waits for it, so that nobody would ever know
            failures += 1
            log.error("background_failed", error=type(error).__name__)
            await asyncio.sleep(back_off(failures))
