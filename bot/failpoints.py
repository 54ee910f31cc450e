"""Named places where a test may kill the process, to prove that nothing is lost there."""

import os
from collections.abc import Callable, Mapping

from bot.problems import UserError

Reach = Callable[[str], None]
"""Called with the name of each place as it is passed."""

PLACES = {
    "after_fetch": "a network has handed over a batch",
    "before_commit": "a batch is decided, nothing of it is written",
    "answers_written": "in the transaction of a batch: its answers are written, the bookmark has not moved",
    "bookmark_moved": "there: the bookmark has moved, what is to be said is not written",
    "rows_written": "there: everything is written, nothing committed",
    "after_commit": "a batch is committed, nothing of it is sent",
    "before_claim": "a message that goes once has its turn, it is not marked as being sent",
    "claims_written": "in the transaction of that mark",
    "after_claim": "it is marked as being sent",
    "before_send": "a message is about to be sent",
    "after_send": "a network has taken a message, nobody has noted it",
    "before_mark": "what became of messages is about to be written",
    "fates_written": "in the transaction of that",
    "after_mark": "what became of messages is committed",
    "reminders_written": "in the transaction that makes messages of due reminders",
    "recipients_written": "in the transaction that makes messages of an announcement",
    "before_tidying": "what was erased or submitted is about to be taken out of the files",
    "after_tidying": "it is out of the files",
}
"""Every place by its name, and what is so when it is passed."""


def pass_by(_name: str) -> None:
    """Real life: nothing happens."""


def from_environment(environment: Mapping[str, str] = os.environ) -> Reach:
    """MITREDEN_FAILPOINT=before_commit:3 ends the process at once when that place is reached for the third time."""
    wanted, _, times = environment.get("MITREDEN_FAILPOINT", "").partition(":")
    if not wanted:
        return pass_by
    if wanted not in PLACES or not (times or "1").isdigit():
        raise UserError(f"MITREDEN_FAILPOINT: no such place. Write NAME:N with one of: {', '.join(PLACES)}.")
    left = int(times or 1)

    def reach(name: str) -> None:
        nonlocal left
        if name == wanted:
            left -= 1
            if left == 0:
                os._exit(137)  # as kill -9: no clean-up, no flush

    return reach
