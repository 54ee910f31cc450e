"""Joining the staff: a code from `mitreden staff invite`, typed once in a private chat."""

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.core.conversation import CODE_LETTERS, JoinStaff
from bot.core.messages import Outgoing
from handlers import help
from handlers.turn import Command, Decision, Turn, waits_no_more

_CODE = re.compile(rf"TEAM-([{CODE_LETTERS}]{{5}})-([{CODE_LETTERS}]{{5}})", re.IGNORECASE)


def code_in(text: str) -> str | None:
    """The code that a whole message is."""
    found = _CODE.fullmatch(text.strip())
    return found[0].upper() if found else None


async def join(turn: Turn, commands: Iterable[Command]) -> Decision:
    """Bind the exact account that typed the code, and list the role's commands; a forwarded message binds nobody."""
    code = code_in(turn.text) or ""
    forged = not (turn.message.vouched and turn.message.private)
    role = None if forged else await turn.memory.invited_as(code, turn.now)
    if role is None:
        return turn.say(turn.t("staff.unknown_code"))
    welcome = Outgoing(
        text=turn.t("staff.joined", role=turn.t(f"staff.role.{role}")), commands=help.listed(turn.t, commands, role)
    )
    return replace(turn.say(welcome, person=waits_no_more(turn.person)), effects=(JoinStaff(code),))
