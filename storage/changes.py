"""All that one batch of messages changes, and how it is written: together or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from bot.core.conversation import JudgeWish, KeepAnnouncement, Person, Submit, Support
from bot.core.messages import Address, OutboxRow
from bot.core.reminders import Reminder
from bot.core.survey import Progress
from storage import announcements, audit, outbox, people, received, reminders, responses, rooms, staff, wishes
from storage.database import Overtaken
from storage.outbox import Planned
from storage.reminders import Interest
from storage.rooms import RoomNews, RoomWish
from storage.vault import Vault


@dataclass(slots=True, kw_only=True)
class Changes:
    """All that a batch changes. Written together or not at all."""

    channel: str
    now: datetime
    today: date
    handled: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    new: list[Person] = field(default_factory=list)
    changed: list[Person] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    begun: dict[int, Progress] = field(default_factory=dict)
    moved: dict[int, Progress] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)
    readdressed: list[Person] = field(default_factory=list)
    submitted: list[tuple[Submit, Address]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    silenced: list[int] = field(default_factory=list)
    unheard: list[int] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    paired: list[tuple[str, Address]] = field(default_factory=list)
    supported: list[tuple[Support, Address]] = field(default_factory=list)
    judged: list[tuple[JudgeWish, Address]] = field(default_factory=list)
    interests: list[Interest] = field(default_factory=list)
    put_off: list[tuple[int, Reminder]] = field(default_factory=list)
    rooms: list[RoomWish] = field(default_factory=list)
    nudge_at: datetime | None = None
    room_news: list[RoomNews] = field(default_factory=list)
    announced: list[KeepAnnouncement] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    bookmark: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Marks:
    """Keyed hashes that nobody can make once the key of the process is gone: who took part, who supports a wish."""

    def __init__(self, vault: Vault, key: bytes) -> None:
        self._vault = vault
        self._key = key

    def of(self, lookup: bytes) -> bytes:
        """That this person took part."""
        return self._vault.mark(self._key, lookup)

    def voice(self, wish: str, lookup: bytes) -> bytes:
        """That this person supports a wish."""
        return self._vault.mark(self._key, f"voice {wish} ".encode() + lookup)


def write(  # noqa: PLR0913, PLR0917 - what a batch is sealed and marked with
    connection: Connection, vault: Vault, process: str, marks: Marks, changes: Changes, reach: Callable[[str], None]
) -> list[OutboxRow]:
    """Write a batch; the outbox rows that are now to be sent. Raises Overtaken."""
    received.note(connection, changes.channel, changes.handled, changes.now)
    received.note_failed(connection, changes.channel, changes.failed, changes.now)
    outbox.erase_of(connection, [*changes.erased, *changes.silenced])
    received.count_sources(connection, changes.sources)
    for code, address in changes.paired:
        staff.pair(connection, vault, code, address, changes.now)
    _withdraw_voices(connection, marks, changes.erased)
    people.erase(connection, changes.erased)
    people.end_drafts(connection, changes.ended)
    people.add(connection, vault, changes.new, changes.today)
    people.change(connection, changes.changed)
    people.readdress(connection, vault, changes.readdressed)
    received.note_facts(connection, vault, changes.channel, changes.facts)
    rooms.move(connection, vault, changes.channel, changes.facts)
    nudge_at = changes.nudge_at or changes.now
    people.begin_drafts(connection, vault, changes.begun, changes.today, nudge_at)
    people.change_drafts(connection, vault, changes.moved, changes.today, nudge_at)
    reminders.change(connection, changes.interests, changes.now, changes.today)
    reminders.put_off(connection, changes.put_off)
    reminders.cancel(connection, [*changes.cancelled, *changes.silenced])
    rooms.remind(connection, vault, changes.rooms, changes.now, changes.today)
    responses.add(connection, vault, [submit for submit, _ in changes.submitted])
    lookups = [vault.lookup(address.channel, address.user) for _, address in changes.submitted]
    responses.note_participations(connection, process, [marks.of(lookup) for lookup in lookups])
    responses.erase(connection, vault, changes.codes)
    outbox.cancel_planned(connection, changes.cancelled)
    for support, address in changes.supported:
        _support(connection, support, marks.voice(support.wish, vault.lookup(address.channel, address.user)))
    for judged, address in changes.judged:
        wishes.judge(connection, judged.wish, judged.state)
        actor = staff.actor(connection, vault.lookup(address.channel, address.user))
        audit.note(connection, changes.now, actor, f"wish_{judged.state}", judged.wish)
    outbox.cancel_news(connection, changes.unheard)
    rooms.tell_news(connection, vault, changes.room_news, changes.today)
    for step in changes.announced:
        _announced(connection, vault, step, changes)
    reach("answers_written")
    if changes.bookmark is not None:
        received.move_bookmark(connection, changes.channel, changes.bookmark)
    reach("bookmark_moved")
    rows = outbox.add(connection, vault, changes.planned, changes.today)
    reach("rows_written")
    return rows


def _announced(connection: Connection, vault: Vault, step: KeepAnnouncement, changes: Changes) -> None:
    # Read again in this transaction: somebody may have been taken off the staff since the message was read.
    if step.by and not announcements.may_still(connection, step.by, {step.role}):
        raise Overtaken
    actor = f"staff {step.by}" if step.by else "command line"
    announcements.keep(
        connection, vault, step.announcement, actor, step.action, changes.now, changes.today, picture=step.picture
    )


def _support(connection: Connection, support: Support, voice: bytes) -> None:
    if support.wanted:
        wishes.support(connection, support.wish, voice)
    else:
        wishes.withdraw(connection, [voice])


def _withdraw_voices(connection: Connection, marks: Marks, erased: Sequence[int]) -> None:
    """Whoever is erased supports nothing any more."""
    if erased and (released := wishes.ids(connection)):
        lookups = people.lookups(connection, erased)
        wishes.withdraw(connection, [marks.voice(wish, lookup) for wish in released for lookup in lookups])
