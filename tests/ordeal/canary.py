"""What people and staff say in every ordeal, so that it can be searched for: no log may repeat it."""

import re

from tests.channels.crowd import SAID

CANARY = "Kanarienvogel"
NEWS = f"Es gibt Neues vom {CANARY}"
"""What an announcement says."""
TOLD = re.compile("|".join([CANARY, *SAID, r"\d{8,}:[\w-]{30,}", r"syt_\w+", "Traceback"]))
"""It, the words of the crowd, a bot's token, a homeserver's, and what quotes whatever was at hand."""
