"""How much Telegram lets a bot send, counted exactly: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits"""

import math
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from tests.channels.bot_api import Refusal

COSTS = re.compile(r"(send(?!ChatAction$|\w+Draft$)|copyMessage|forwardMessage)\w*")
"""Methods that put a message into a chat; edits and answers to taps cost nothing."""


@dataclass
class Limits:
    """Limits that are off until they are set; `refused` counts the 429s of each chat."""

    per_second: int | None = None
    """Messages in any second, over all chats."""
    chat_burst: int | None = None
    """Messages a chat takes at once."""
    chat_per_second: float = 1.0
    """Messages a second a chat takes after its burst."""
    group_per_minute: int | None = None
    """Messages in any minute, for each group."""
    refused: Counter[object] = field(default_factory=Counter)
    _all: deque[float] = field(default_factory=deque)
    _groups: dict[object, deque[float]] = field(default_factory=dict)
    _next_due: dict[object, float] = field(default_factory=dict)
    _floods: dict[object, float] = field(default_factory=dict)

    def flood(self, seconds: float, chat_id: int | None = None) -> None:
        """Refuse every message to a chat, or to all chats, for some seconds."""
        self._floods[chat_id] = time.monotonic() + seconds

    def check(self, method: str, params: dict[str, Any]) -> None:
        """Count a message; raises Refusal 429 if it is one too many, and then it does not count."""
        if not COSTS.fullmatch(method):
            return
        chat_id, now = params.get("chat_id"), time.monotonic()
        group = self._groups.setdefault(chat_id, deque()) if isinstance(chat_id, int) and chat_id < 0 else None
        due = max(self._next_due.get(chat_id, 0), now)
        wait = max(self._floods.get(None, 0) - now, self._floods.get(chat_id, 0) - now)
        wait = max(wait, _full(self._all, self.per_second, 1, now))
        if group is not None:
            wait = max(wait, _full(group, self.group_per_minute, 60, now))
        if self.chat_burst is not None:
            wait = max(wait, due - now - (self.chat_burst - 1) / self.chat_per_second)
        if wait > 1e-9:  # below that it is rounding
            self.refused[chat_id] += 1
            raise too_many(math.ceil(wait))
        self._all.append(now)
        if self.chat_burst is not None:
            self._next_due[chat_id] = due + 1 / self.chat_per_second
        if group is not None:
            group.append(now)


def too_many(seconds: int) -> Refusal:
    """Telegram's 429; it counts in whole seconds."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _full(times: deque[float], most: int | None, window: float, now: float) -> float:
    """Seconds until a window has room again; not above 0 if it has."""
    while times and times[0] <= now - window:
        times.popleft()
    if most is None or len(times) < most:
        return 0
    return times[len(times) - most] + window - now
