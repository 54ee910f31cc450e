"""Named places where a test may kill the process, to prove that nothing is lost there."""

import os
from collections.abc import Callable, Mapping

from bot.problems import UserError

Reach = Callable[[str], None]
"""Called with the name of each place as it is passed."""

NAMES = ("after_fetch", "before_commit", "after_commit", "before_send", "after_send", "before_mark")


def pass_by(_name: str) -> None:
    """Real life: nothing happens."""


def from_environment(environment: Mapping[str, str] = os.environ) -> Reach:
    """MITREDEN_FAILPOINT=before_commit:3 ends the process at once when that place is reached for the third time."""
    wanted, _, times = environment.get("MITREDEN_FAILPOINT", "").partition(":")
    if not wanted:
        return pass_by
    if wanted not in NAMES or not (times or "1").isdigit():
        raise UserError(f"MITREDEN_FAILPOINT: no such place. Write NAME:N with one of: {', '.join(NAMES)}.")
    left = int(times or 1)

    def reach(name: str) -> None:
        nonlocal left
        if name == wanted:
            left -= 1
            if left == 0:
                os._exit(137)  # as kill -9: no clean-up, no flush

    return reach
