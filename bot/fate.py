"""What becomes of a message that could not be sent: it goes again later, never, or that stays open; and who waits."""

import random
from datetime import datetime, timedelta

import structlog

from bot.core.messages import REPLY, Address, NotSent, NotYet, OutboxRow, SendError, Unknown
from bot.pace import Pace
from storage.outbox import Fate

log = structlog.get_logger(__name__)

SLOWEST_RETRY = 30.0
"""Seconds between two tries at the most, so that an answer comes within a minute of a network's return."""


def fate_of(  # noqa: PLR0913 - what it depends on
    row: OutboxRow, raised: Exception, pace: Pace | None, tries: int, now: datetime, *, repeatable: bool
) -> Fate | None:
    """What a failed send means for its row; None where it is tried again once the pace allows.

    Without a pace (the terminal) the next start tries again. What goes once is never repeated on a network on which
    that would be a second message.
    """
    if not isinstance(raised, SendError):
        log.error("send_failed", row=row.id, error=type(raised).__name__)
    error = raised if isinstance(raised, SendError) else Unknown(type(raised).__name__)
    if not isinstance(error, NotSent | Unknown):
        log.info("send_refused", row=row.id, error=type(error).__name__)
        return Fate(row=row, state="failed", error=type(error).__name__)
    if isinstance(error, Unknown) and row.once and not repeatable:
        return Fate(row=row, state="unknown", error="unclear")
    if pace is None:
        return Fate(row=row, state="queued", error="not sent")
    wait = _paused(pace, row.to, error, tries)
    if row.priority == REPLY:
        return None  # it waits in its lane
    # What nobody asked for just now waits in the database, where it can be taken back and takes nobody else's place.
    return Fate(row=row, state="queued", error="not sent", until=now + timedelta(seconds=wait))


def _paused(pace: Pace, to: Address, error: NotSent | Unknown, tries: int) -> float:
    """Pause as a failure asks for; seconds until this chat may be tried again, as far as it is this chat's own."""
    if isinstance(error, Unknown):
        # A reply may arrive twice, better than never. It may be this chat alone that the network has trouble with.
        pace.pause_chat(to, wait := _back_off(tries))
        return wait
    if error.retry_after is None:
        pace.pause_all(_back_off(tries))
        return 0.0
    pause = pace.pause_chat if isinstance(error, NotYet) else pace.pause
    pause(to, error.retry_after)
    return error.retry_after


def _back_off(tries: int) -> float:
    """Seconds until the next try: doubling from one, with jitter."""
    return float(min(2.0 ** min(tries - 1, 10), SLOWEST_RETRY) * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, no secret
