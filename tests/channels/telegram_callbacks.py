"""Taps that wait for the bot's answer: a phone shows a turning circle until it comes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.channels.bot_api import Refusal
from tests.channels.telegram_updates import Updates

Json = dict[str, Any]

TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


@dataclass
class _Tap:
    """One callback query; times are seconds of the monotonic clock."""

    update_id: int
    data: object
    tapped_at: float
    answered: Callable[[str], None]
    answers: int = 0


class Callbacks:
    """Every callback query of this bot; `within` is the seconds in which each wants its one answer."""

    def __init__(self, updates: Updates, within: float) -> None:
        self.within = within
        self._updates = updates
        self._taps: dict[object, _Tap] = {}

    def add(self, query: Json, update_id: int, answered: Callable[[str], None]) -> None:
        """A query on its way to the bot; `answered` is called with the notice the citizen sees, often empty."""
        self._taps[query.get("id")] = _Tap(update_id, query.get("data"), time.monotonic(), answered)

    def answer(self, query_id: str, text: str) -> bool:
        """Take the bot's answer; raises Refusal for one too many or too late.

        Who gets an update again after a crash may answer again, and who gets it late may be late: that is no violation.
        """
        tap = self._taps.get(query_id)
        if tap is None:
            raise Refusal(400, TOO_OLD, violation=True)
        tap.answers += 1
        now = time.monotonic()
        if tap.answers > 1:
            raise Refusal(400, TOO_OLD, violation=tap.answers > self._updates.handed[tap.update_id])
        if now - tap.tapped_at > self.within:
            handed_at = self._updates.handed_at.get(tap.update_id, now)
            raise Refusal(400, TOO_OLD, violation=now - handed_at > self.within)
        tap.answered(text)
        return True

    def unanswered(self, older_than: float = 0) -> list[str]:
        """Taps that reached the bot this many seconds ago and have no answer, readable."""
        now = time.monotonic()
        found = []
        for query_id, tap in self._taps.items():
            handed_at = self._updates.handed_at.get(tap.update_id)
            if handed_at is not None and not tap.answers and now - handed_at >= older_than:
                found.append(f"callback query {query_id} ({tap.data!r}): no answer for {now - handed_at:.1f} s")
        return found
