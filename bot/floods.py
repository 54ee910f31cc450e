"""Who writes far faster than people can is told so, and then not read for a minute: nobody else waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.core.messages import Address, Incoming, Who

LONGEST = 10_000
"""Characters of a message that are read: more than any answer may have, and no work for seconds."""
BURST = 40
"""Messages of somebody that are read at once: a whole survey, every question answered twice."""
TAP = 0.25
"""What a tapped button counts: it is a matter of a moment for fingers, and no text that has to be understood."""
LONG = 500
"""Characters of a text that count as one message more: it takes as long to understand."""
PAUSE = 60.0
"""Seconds in which nothing more is read of somebody."""
TOLD_AGAIN_AFTER = 600.0
"""Seconds until somebody who goes on is told so again."""
MANY = 10_000


@dataclass(slots=True)
class Floods:
    """What is known of those who wrote last; moments are of the event loop, but for `since`, when the bot started.

    `per_second`, by network: how many messages are read after a burst, which is as many as a chat takes answers.
    `counted_until`: when so much time will have passed that what was read of somebody is not too much.
    """

    per_second: Mapping[str, float]
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    counted_until: dict[Who, float] = field(default_factory=dict)
    unread_until: dict[Who, float] = field(default_factory=dict)
    told_at: dict[Who, float] = field(default_factory=dict)

    def forget(self, now: float) -> None:
        """Nothing needs to be known of whoever has been quiet since."""
        self.counted_until = {who: at for who, at in self.counted_until.items() if at > now}
        self.unread_until = {who: at for who, at in self.unread_until.items() if at > now}
        self.told_at = {who: at for who, at in self.told_at.items() if at > now - TOLD_AGAIN_AFTER}


@dataclass(slots=True)
class Batch:
    """Who is read in a batch that begins `now`. It leaves no trace in `floods` before it is committed."""

    floods: Floods
    now: float
    counted_until: dict[Who, float] = field(default_factory=dict)
    stopped: set[Who] = field(default_factory=set)
    told: set[Who] = field(default_factory=set)

    def reads(self, message: Incoming) -> bool:
        """Whether this message is read. What came while the bot was away is no flood, however much has gathered."""
        if message.vouched and message.kind != "edit" and message.sent_at < self.floods.since:
            return True
        who = message.sender.who
        if who in self.stopped or self.floods.unread_until.get(who, 0.0) > self.now:
            return False
        before = self.counted_until.get(who) or self.floods.counted_until.get(who, 0.0)
        cost = TAP if message.choice is not None else 1.0 + len(message.text[:LONGEST]) // LONG
        rate = self.floods.per_second[message.sender.channel]
        until = max(before, self.now) + cost / rate
        if until > self.now + BURST / rate:
            self.stopped.add(who)
            return False
        self.counted_until[who] = until
        return True

    def tells(self, sender: Address) -> bool:
        """Whether this sender, of whom nothing more is read, is told so now."""
        who = sender.who
        before = self.floods.told_at.get(who)
        if who in self.told or who not in self.stopped or (before and before > self.now - TOLD_AGAIN_AFTER):
            return False
        self.told.add(who)
        return True

    def committed(self) -> None:
        """What was read is read, and counts."""
        self.floods.counted_until |= self.counted_until
        self.floods.unread_until |= dict.fromkeys(self.stopped, self.now + PAUSE)
        self.floods.told_at |= dict.fromkeys(self.told, self.now)
        if len(self.floods.counted_until) > MANY:
            self.floods.forget(self.now)
