"""People during a batch: as they were loaded, as they are now, and what of the difference is to be written."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core import reminders
from bot.core.conversation import Person
from bot.core.messages import Address, Incoming, Who
from bot.core.process import Process
from bot.core.reminders import QuietHours
from storage.changes import Changes
from storage.memory import Known
from storage.met import Citizen
from storage.reminders import Interest


@dataclass(slots=True)
class Talk:
    """One person during a batch: as loaded, as they are now, and whether they were erased in between."""

    loaded: Person | None
    person: Person
    took_part: bool
    member: int = 0
    role: str = "citizen"
    erased: list[int] = field(default_factory=list)


def stranger(address: Address) -> Person:
    """Somebody of whom nothing is known yet, under a random id."""
    return Person(id=secrets.randbits(63), address=address)


def talk_with(message: Incoming, known: Known, admin: Address | None) -> Talk:
    """The talk that a message begins, with all that is known of its sender; `admin` is one without a code."""
    sender = message.sender
    person = known.people.get(sender)
    member, role = known.staff.get(sender, (0, "admin" if sender == admin else "citizen"))
    alone = sender if message.private else replace(sender, room="")
    return Talk(person, person or stranger(alone), sender in known.took_part, member, role)


def collect(talks: Iterable[Talk], changes: Changes) -> None:
    """How each person differs from what was loaded, once per batch whatever number of messages they sent."""
    for talk in talks:
        before, after = talk.loaded, talk.person
        changes.erased += talk.erased
        if before is None:
            if after != _stranger_like(after):
                changes.new.append(after)
        elif replace(after, draft=before.draft) != before:
            changes.changed.append(after)
            if before.news and not after.news:
                changes.unheard.append(after.id)
            if before.address != after.address:
                changes.readdressed.append(after)
        old, new = before.draft if before else None, after.draft
        if old is None and new is not None:
            changes.begun[after.id] = new
        elif old is not None and new is None:
            changes.ended.append(after.id)
        elif new is not None and new != old:
            changes.moved[after.id] = new


def remembered(talks: Iterable[Talk], changes: Changes) -> dict[Who, Citizen | None]:
    """How each person stands now; None for those who have to be looked up the next time.

    They are the staff, people of whom nothing is kept, and those of whom more is written than their talk shows.
    """
    joined = {address.who for _, address in changes.paired}
    silenced = set(changes.silenced)
    behind: dict[Who, Citizen | None] = {}
    for talk in talks:
        one, person = talk.person.address.who, talk.person
        is_kept = talk.loaded is not None or person != _stranger_like(person)
        is_all = talk.role == "citizen" and one not in joined and person.id not in silenced
        behind[one] = Citizen(person, talk.took_part) if is_kept and is_all else None
    return behind


def interest(talk: Talk, process: Process, quiet: QuietHours, now: datetime) -> Interest | None:
    """How somebody's wishes about events differ from what was loaded, and which reminders follow from them."""
    before, after = talk.loaded or _stranger_like(talk.person), talk.person
    if (before.reminded, before.leads, before.coming) == (after.reminded, after.leads, after.coming):
        return None
    kept = reminders.wanted(process.events, after.reminded, after.coming)
    leads = process.leads if after.leads is None else after.leads
    return Interest(
        person=after.id,
        begun=after.reminded - before.reminded,
        ended=before.reminded - after.reminded,
        coming={event: coming for event, coming in after.coming.items() if before.coming.get(event) != coming},
        uncounted=frozenset(before.coming.keys() - after.coming.keys()),
        kept=frozenset(event.id for event in kept),
        plan=tuple(one for event in kept for one in reminders.of_event(event, leads, quiet, now)),
    )


def _stranger_like(person: Person) -> Person:
    """Somebody of whom nothing has to be remembered."""
    return Person(id=person.id, address=person.address)
