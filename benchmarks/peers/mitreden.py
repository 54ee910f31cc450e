"""Our bot as operators run it, but for the limits: these citizens answer faster than once a second.

Per tap: answerCallbackQuery, sendMessage, editMessageText; per typed answer: sendMessage, editMessageReplyMarkup. Every
answer is committed with the reply that is to be sent, and sealed; what a killed process had not sent is sent later.
"""

import sys
from dataclasses import replace

from benchmarks.conversation import OPEN
from bot import networks
from bot.__main__ import main as command_line
from bot.pace import Limits

UNLIMITED = Limits(overall=1e6, burst=1_000_000, per_chat=1e6)


def main() -> int:
    """`mitreden run` on a day on which the survey is open."""
    networks.CHANNELS["telegram"] = replace(networks.CHANNELS["telegram"], limits=lambda _config: UNLIMITED)
    return command_line(["run", "--now", OPEN.isoformat()])


if __name__ == "__main__":
    sys.exit(main())
