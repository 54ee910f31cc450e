"""Announcements on their way: what staff have written, whom it concerns, and how far it has come."""

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, String, cast, func, insert, literal, or_, select, update

from bot.core import announcement as steps
from bot.core.announcement import OPEN, Announcement, Tally
from bot.core.audience import Audience
from bot.core.messages import ANNOUNCEMENT, Attachment, Outgoing
from storage import audit
from storage.audiences import Took, block_of, in_rooms, of_stage
from storage.database import Overtaken
from storage.outbox import AS_ITS_ANNOUNCEMENT, BLOCKED
from storage.reminders import BLOCK, Shared, text_id
from storage.tables import announcements, outbox, people, staff
from storage.vault import Vault

SHOWN_FOR = timedelta(days=14)
"""How long one that is over is still listed, to be corrected."""
CLOCK = "clock"
"""Who did something by itself, in the audit log."""

Write = Callable[[str, bool], Outgoing]
"""(language, room): the announcement as its readers get it."""


class _Content(msgspec.Struct):
    """The part of an announcement that is sealed."""

    texts: dict[str, str]
    audience: Audience
    at: datetime | None = None
    expires: timedelta = steps.EXPIRES
    picture: str = ""
    corrects: int | None = None
    corrected: datetime | None = None


def of_interest(connection: Connection, vault: Vault, now: datetime) -> list[Announcement]:
    """Those that something can be done about, and those that are over for a short time; the newest first."""
    recent = announcements.c.done_at > now - SHOWN_FOR
    listed = select(announcements).where(or_(announcements.c.state.in_(OPEN), recent))
    return [_read(row, vault) for row in connection.execute(listed.order_by(announcements.c.id.desc()))]


def find(connection: Connection, vault: Vault, number: int) -> Announcement | None:
    """The announcement of this number."""
    row = connection.execute(select(announcements).where(announcements.c.id == number)).first()
    return _read(row, vault) if row else None


def _read(kept: Any, vault: Vault) -> Announcement:
    content = msgspec.msgpack.decode(vault.open(kept.content, "announcement"), type=_Content)
    return Announcement(
        id=kept.id,
        revision=kept.revision,
        state=kept.state,
        texts=content.texts,
        audience=content.audience,
        at=content.at,
        expires=content.expires,
        picture=content.picture,
        corrects=content.corrects,
        corrected=content.corrected,
        author=kept.author,
        confirmed_by=kept.confirmed_by,
        starts_at=kept.starts_at,
        begun_at=kept.begun_at,
        done_at=kept.done_at,
    )


def picture_of(connection: Connection, vault: Vault, number: int) -> Attachment | None:
    """The picture of an announcement."""
    sealed = connection.execute(select(announcements.c.picture).where(announcements.c.id == number)).scalar()
    return msgspec.msgpack.decode(vault.open(sealed, "picture"), type=Attachment) if sealed else None


def next_number(connection: Connection) -> int:
    """A number that no announcement has yet."""
    return int(connection.execute(select(func.coalesce(func.max(announcements.c.id), 0))).scalar_one()) + 1


def last_begun(connection: Connection) -> datetime | None:
    """When one was begun last."""
    return connection.execute(select(func.max(announcements.c.begun_at))).scalar()


def keep(  # noqa: PLR0913, PLR0917 - what a step consists of
    connection: Connection,
    vault: Vault,
    announcement: Announcement,
    actor: str,
    action: str,
    now: datetime,
    today: date,
    picture: Attachment | None = None,
) -> int:
    """Write a step, if nobody has taken one since; its number. Rows on their way follow. Raises Overtaken."""
    values: dict[str, object] = {
        "state": announcement.state,
        "content": _sealed(announcement, vault),
        "author": announcement.author,
        "confirmed_by": announcement.confirmed_by,
        "starts_at": announcement.starts_at,
        "begun_at": announcement.begun_at,
        "done_at": announcement.done_at,
        "changed_on": today,
        "revision": announcement.revision + 1,
    }
    if not announcement.picture:
        values["picture"] = None
    elif picture is not None:
        values["picture"] = vault.seal(msgspec.msgpack.encode(picture), "picture")
    number = announcement.id or next_number(connection)
    if announcement.revision:
        same = (announcements.c.id == number) & (announcements.c.revision == announcement.revision)
        if connection.execute(update(announcements).where(same).values(values)).rowcount != 1:
            raise Overtaken
    else:
        if connection.execute(select(announcements.c.id).where(announcements.c.id == number)).first():
            raise Overtaken
        connection.execute(insert(announcements).values({**values, "id": number, "after": -1, "enqueued": False}))
    _move_rows(connection, number, announcement.state)
    audit.note(connection, now, actor, f"announcement_{action}", f"announcement {number}")
    return number


def _sealed(announcement: Announcement, vault: Vault) -> bytes:
    content = _Content(
        texts=dict(announcement.texts),
        audience=announcement.audience,
        at=announcement.at,
        expires=announcement.expires,
        picture=announcement.picture,
        corrects=announcement.corrects,
        corrected=announcement.corrected,
    )
    return vault.seal(msgspec.msgpack.encode(content), "announcement")


def _move_rows(connection: Connection, number: int, state: steps.State) -> None:
    """Hold what waits, let it go on, or take it back. What is being sent follows if it does not arrive."""
    mine = update(outbox).where(outbox.c.announcement_id == number)
    if state == "sending":
        connection.execute(mine.where(outbox.c.state == "held").values(state="queued"))
    elif then := AS_ITS_ANNOUNCEMENT.get(state):
        connection.execute(mine.where(outbox.c.state.in_(["queued", "held"])).values(then))


def may_still(connection: Connection, member: int, roles: Collection[str]) -> bool:
    """Whether somebody is on the staff, in one of these roles."""
    role = connection.execute(select(staff.c.role).where(staff.c.id == member)).scalar()
    return role in roles


_COLUMNS = ("person_id", "address", "text_id", "state", "once", "due_at", "until_at")
_MORE = ("priority", "attempts", "key", "queued_on", "announcement_id", "channel")


def enqueue(  # noqa: PLR0913, PLR0917 - the moment, and what only the caller can say
    connection: Connection,
    vault: Vault,
    announcement: Announcement,
    survey: str,
    languages: tuple[str, ...],
    took: Took,
    write: Write,
    now: datetime,
    today: date,
) -> bool:
    """Make outbox rows for the next block of its people; whether there may be more. The rooms come with the last.

    Where the next block begins is written with them, so that a crash neither leaves anybody out nor comes back to
    anybody.
    """
    mine = announcements.c.id == announcement.id
    found = select(announcements.c.after, announcements.c.enqueued).where(mine, announcements.c.state == "sending")
    at = connection.execute(found).first()
    if at is None or at.enqueued:
        return False
    audience, until = announcement.audience, announcement.until()
    block = block_of(connection, audience, survey, languages[0], at.after) if audience.people else []
    chosen = of_stage(connection, audience, block, took)

    def add(rows_of: Select[Any], language: str, *, room: bool) -> None:
        name = f"announcement:{announcement.id}:{language}:{'room' if room else 'person'}"
        text = text_id(connection, vault, Shared(name, "", write(language, room)), today)
        source = rows_of.selected_columns
        key = literal(f"announcement:{announcement.id}:") + cast(source.id, String)
        values = (
            *(source.id, source.address, literal(text), literal("queued"), literal(value=True)),
            *(_instant(now), _instant(until), literal(ANNOUNCEMENT), literal(0), key),
            *(literal(today), literal(announcement.id), source.channel),
        )
        rows = rows_of.with_only_columns(*values)
        connection.execute(insert(outbox).from_select([*_COLUMNS, *_MORE], rows))

    for language in dict.fromkeys(row.language for row in chosen):
        ids = [row.id for row in chosen if row.language == language]
        add(
            select(people.c.id, people.c.address, people.c.channel).where(people.c.id.in_(ids)).order_by(people.c.id),
            language,
            room=False,
        )
    last = not audience.people or len(block) < BLOCK
    if last and audience.rooms != "none":
        which, spoken = in_rooms(audience, languages[0]), func.coalesce(people.c.language, languages[0])
        for language in list(connection.execute(select(spoken).where(*which).distinct()).scalars()):
            add(
                select(people.c.id, people.c.address, people.c.channel).where(*which, spoken == language),
                language,
                room=True,
            )
    after = block[-1].id if block else at.after
    connection.execute(update(announcements).where(mine).values(after=after, enqueued=last))
    return not last


def _instant(at: datetime | None) -> Any:
    return literal(at, type_=outbox.c.due_at.type)


def waiting(connection: Connection, number: int, state: str = "queued") -> int:
    """How many of its messages wait to be sent, or are in another state."""
    mine = outbox.c.announcement_id == number
    counted = select(func.count()).select_from(outbox).where(mine, outbox.c.state == state)
    return int(connection.execute(counted).scalar_one())


def tally(connection: Connection, announcement: Announcement, now: datetime, to_come: int) -> Tally:
    """How far it has come; `to_come` are those who are not enqueued yet."""
    late = (outbox.c.state == "queued") & (outbox.c.until_at <= now)
    counted = select(outbox.c.state, outbox.c.error, late, func.count()).where(
        outbox.c.announcement_id == announcement.id
    )
    many: dict[str, int] = {}
    for state, error, too_late, number in connection.execute(counted.group_by(outbox.c.state, outbox.c.error, late)):
        left_out = {BLOCKED: "blocked", "late": "late", "stopped": "stopped"}
        what = "late" if too_late else left_out.get(error or "", state) if state == "failed" else state
        many[what] = many.get(what, 0) + number
    return Tally(
        sent=many.get("sent", 0),
        unclear=many.get("unknown", 0),
        blocked=many.get("blocked", 0),
        failed=many.get("failed", 0),
        waiting=many.get("queued", 0) + many.get("sending", 0) + many.get("held", 0),
        late=many.get("late", 0),
        stopped=many.get("stopped", 0),
        to_come=to_come,
    )


def reached(connection: Connection, number: int) -> tuple[int, bool]:
    """After whom the next block begins, and whether everybody is enqueued."""
    found = select(announcements.c.after, announcements.c.enqueued).where(announcements.c.id == number)
    row = connection.execute(found).first()
    return (row.after, row.enqueued) if row else (-1, True)
