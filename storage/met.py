"""People met lately, as the last batch left them: most of those who write have just written, and are not looked up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

from bot.core.conversation import Person
from bot.core.messages import Address, Who

AT_MOST = 1_500
"""People: those who talk with the bot in the same minutes, and no more than some megabytes."""

FOR = 60.0
"""Seconds after which everybody is looked up again, whoever may have changed the database by hand."""


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody who is known, and not on the staff."""

    person: Person
    took_part: bool


class Met:
    """What is known of people without asking the database, as long as nobody else has written to it.

    Everything that is written has a number: `written` is how many there are. A batch says what it leaves of everybody
    it spoke with; after any other writing, whatever it was about, nothing is taken for known.
    """

    def __init__(self) -> None:
        self._citizens: dict[Who, Citizen] = {}
        self._as_of = -1
        self._until = 0.0

    def known(self, senders: Iterable[Address], written: int) -> dict[Address, Citizen]:
        """Those of these senders who have been met."""
        if written != self._as_of or monotonic() >= self._until:
            self._citizens.clear()
            self._as_of, self._until = written, monotonic() + FOR
        found = ((sender, self._citizens.get(sender.who)) for sender in senders)
        return {sender: citizen for sender, citizen in found if citizen is not None}

    def remember(self, people: Mapping[Who, Citizen | None], written: int) -> None:
        """A batch has been written and left these people so, or None where nothing is known of them any more."""
        if written != self._as_of + 1:
            return  # somebody else wrote meanwhile: the next batch asks
        self._as_of = written
        for one, citizen in people.items():
            self._citizens.pop(one, None)
            if citizen is not None:
                self._citizens[one] = citizen
        while len(self._citizens) > AT_MOST:
            del self._citizens[next(iter(self._citizens))]
