"""How many replies a busy second has: so much room is left for them, since they come when they come."""

from collections import deque

REMEMBERED = 60
"""Seconds."""
BUSIEST = 3
"""Of these seconds so many are passed over: after a stall of the machine one has the replies of two."""


class BusySeconds:
    """Counts in whole seconds of the event loop's time; those in which nothing was counted are among them."""

    def __init__(self) -> None:
        self._counts: deque[int] = deque(maxlen=REMEMBERED)
        self._second = 0
        self._so_far = 0
        self._busy = 0

    def count(self, now: float) -> None:
        """One more."""
        self._go_to(int(now))
        self._so_far += 1

    def busy(self, now: float) -> int:
        """How many a busy second of the last minute had: one that only three others surpassed."""
        self._go_to(int(now))
        return self._busy

    def _go_to(self, second: int) -> None:
        if second == self._second:
            return
        self._counts.append(self._so_far)
        self._counts.extend([0] * min(second - self._second - 1, REMEMBERED))
        self._second, self._so_far = second, 0
        self._busy = sorted(self._counts, reverse=True)[BUSIEST] if len(self._counts) > BUSIEST else 0
