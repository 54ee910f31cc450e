"""What a sync holds for the bot."""

from dataclasses import dataclass, field

from bot.channels.matrix.invites import Invitation
from bot.core.messages import Incoming


@dataclass(slots=True)
class Found:
    """What one holds; `last` are the newest events by room, for receipts."""

    batch: list[Incoming] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    invited: list[Invitation] = field(default_factory=list)
    last: dict[str, str] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)

    def add(self, part: "Found") -> None:
        """What one more room holds."""
        self.batch += part.batch
        self.facts |= part.facts
        self.invited += part.invited
        self.last |= part.last
        self.empty += part.empty
