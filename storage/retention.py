"""What has to be gone, table by table: what the privacy text promises, kept without anybody's doing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, or_, select, update

from storage import events, responses
from storage.tables import (
    announcements,
    attendance,
    dead_letters,
    drafts,
    invitations,
    outbox,
    people,
    reminders,
    seen,
    subscriptions,
    texts,
)

IDS_KEPT = timedelta(hours=48)
"""How long an id is remembered: Telegram hands an update over again for at most 24 hours."""
DRAFT_IDLE = timedelta(days=30)
WISHES_KEPT = timedelta(days=30)
"""After an event: who wanted to be reminded of it, and who came."""
PEOPLE_KEPT = timedelta(days=30)
"""After the process: people of whom nothing but their address and language is left."""
NEWS_KEPT = timedelta(days=365)
"""After the process: who wants to hear news, such as what became of it all."""
ANNOUNCED_KEPT = timedelta(days=90)
UNSENT_KEPT = timedelta(days=7)
SETTLED_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is asked what has to be gone: now, in which process, when its survey closes, and when all is over."""

    now: datetime
    process: str
    zone: ZoneInfo
    survey_ends_at: datetime
    ends_at: datetime


def _seen(connection: Connection, at: Moment) -> int:
    return connection.execute(delete(seen).where(seen.c.at < at.now - IDS_KEPT)).rowcount


def _dead_letters(connection: Connection, at: Moment) -> int:
    return connection.execute(delete(dead_letters).where(dead_letters.c.at < at.now - IDS_KEPT)).rowcount


def _drafts(connection: Connection, at: Moment) -> int:
    return connection.execute(delete(drafts).where(drafts.c.changed_on < (at.now - DRAFT_IDLE).date())).rowcount


def _wishes(connection: Connection, at: Moment) -> int:
    gone = events.past(connection, at.process, at.zone, at.now - WISHES_KEPT)
    over = at.now >= at.ends_at + WISHES_KEPT
    tables = (subscriptions, attendance)
    which = [delete(table) if over else delete(table).where(table.c.event.in_(gone)) for table in tables]
    return sum(connection.execute(one).rowcount for one in which)


def _reminders(connection: Connection, at: Moment) -> int:
    return connection.execute(delete(reminders).where(reminders.c.until_at <= at.now)).rowcount


def _people(connection: Connection, at: Moment) -> int:
    if at.now < at.ends_at + PEOPLE_KEPT:
        return 0
    held = [select(table.c.person_id).where(table.c.person_id == people.c.id) for table in (subscriptions, drafts)]
    if at.now >= at.ends_at + NEWS_KEPT:
        connection.execute(update(people).where(people.c.news_on.is_not(None)).values(news_on=None))
    idle = delete(people).where(people.c.news_on.is_(None), *(~one.exists() for one in held))
    return connection.execute(idle).rowcount


def _announcements(connection: Connection, at: Moment) -> int:
    """Drafts that nobody goes on with, and what is over."""
    idle = announcements.c.state.in_(["draft", "offered", "dropped"])
    left = idle & (announcements.c.changed_on < (at.now - DRAFT_IDLE).date())
    over = announcements.c.done_at < at.now - ANNOUNCED_KEPT
    return connection.execute(delete(announcements).where(or_(left, over))).rowcount


def _outbox(connection: Connection, at: Moment) -> int:
    """Unsent texts after a week; what is left of a message that went once, after a month."""
    unsent = outbox.c.queued_on < (at.now - UNSENT_KEPT).date()
    too_late = (outbox.c.until_at <= at.now) & outbox.c.announcement_id.is_(None)  # announcements count theirs first
    waiting = outbox.c.state.in_(["queued", "held"])
    old = connection.execute(delete(outbox).where(waiting, or_(unsent, too_late))).rowcount
    settled = outbox.c.state.in_(["sent", "failed", "unknown"])
    done = delete(outbox).where(settled, outbox.c.queued_on < (at.now - SETTLED_KEPT).date())
    return old + connection.execute(done).rowcount


def _texts(connection: Connection, at: Moment) -> int:
    waiting = select(outbox.c.id).where(outbox.c.text_id == texts.c.id)
    old = texts.c.made_on < (at.now - UNSENT_KEPT).date()
    return connection.execute(delete(texts).where(old, ~waiting.exists())).rowcount


def _invitations(connection: Connection, at: Moment) -> int:
    return connection.execute(delete(invitations).where(invitations.c.expires_at <= at.now)).rowcount


def _participations(connection: Connection, at: Moment) -> int:
    return responses.forget_participations(connection, at.process) if at.now >= at.survey_ends_at else 0


RULES: dict[str, Callable[[Connection, Moment], int]] = {
    "seen": _seen,
    "dead_letters": _dead_letters,
    "drafts": _drafts,
    "subscriptions and attendance": _wishes,
    "reminders": _reminders,
    "people": _people,
    "outbox": _outbox,
    "texts": _texts,
    "announcements": _announcements,
    "invitations": _invitations,
    "participations and process_keys and wish_voices": _participations,
}
"""In this order: people go once nothing hangs on them."""


def forget(connection: Connection, at: Moment) -> int:
    """Apply every rule; how many rows went."""
    return sum(rule(connection, at) for rule in RULES.values())
