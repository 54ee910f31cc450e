"""What has to be gone, table by table: what the privacy text promises, kept without anybody's doing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Delete, Update, delete, literal, or_, select, tuple_, update

from storage import events, responses
from storage.reminders import BLOCK
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


Step = Delete | Update
"""What a rule does: rows of one table go, or lose something."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is asked what has to be gone: now, in which process, when its survey closes, and when all is over."""

    now: datetime
    process: str
    zone: ZoneInfo
    survey_ends_at: datetime
    ends_at: datetime


def _seen(_connection: Connection, at: Moment) -> list[Step]:
    return [delete(seen).where(seen.c.at < at.now - IDS_KEPT)]


def _dead_letters(_connection: Connection, at: Moment) -> list[Step]:
    return [delete(dead_letters).where(dead_letters.c.at < at.now - IDS_KEPT)]


def _drafts(_connection: Connection, at: Moment) -> list[Step]:
    return [delete(drafts).where(drafts.c.changed_on < (at.now - DRAFT_IDLE).date())]


def _wishes(connection: Connection, at: Moment) -> list[Step]:
    gone = events.past(connection, at.process, at.zone, at.now - WISHES_KEPT)
    over = at.now >= at.ends_at + WISHES_KEPT
    tables = (subscriptions, attendance)
    return [delete(table) if over else delete(table).where(table.c.event.in_(gone)) for table in tables]


def _reminders(_connection: Connection, at: Moment) -> list[Step]:
    return [delete(reminders).where(reminders.c.until_at <= at.now)]


def _people(_connection: Connection, at: Moment) -> list[Step]:
    if at.now < at.ends_at + PEOPLE_KEPT:
        return []
    held = [select(table.c.person_id).where(table.c.person_id == people.c.id) for table in (subscriptions, drafts)]
    idle = delete(people).where(people.c.news_on.is_(None), *(~one.exists() for one in held))
    if at.now < at.ends_at + NEWS_KEPT:
        return [idle]
    return [update(people).where(people.c.news_on.is_not(None)).values(news_on=None), idle]


def _announcements(_connection: Connection, at: Moment) -> list[Step]:
    """Drafts that nobody goes on with, and what is over."""
    idle = announcements.c.state.in_(["draft", "offered", "dropped"])
    left = idle & (announcements.c.changed_on < (at.now - DRAFT_IDLE).date())
    over = announcements.c.done_at < at.now - ANNOUNCED_KEPT
    return [delete(announcements).where(or_(left, over))]


def _outbox(_connection: Connection, at: Moment) -> list[Step]:
    """Unsent texts after a week; what is left of a message that went once, after a month."""
    unsent = outbox.c.queued_on < (at.now - UNSENT_KEPT).date()
    too_late = (outbox.c.until_at <= at.now) & outbox.c.announcement_id.is_(None)  # announcements count theirs first
    waiting = outbox.c.state.in_(["queued", "held"])
    settled = outbox.c.state.in_(["sent", "failed", "unknown"])
    done = outbox.c.queued_on < (at.now - SETTLED_KEPT).date()
    return [delete(outbox).where(waiting, or_(unsent, too_late)), delete(outbox).where(settled, done)]


def _texts(_connection: Connection, at: Moment) -> list[Step]:
    waiting = select(outbox.c.id).where(outbox.c.text_id == texts.c.id)
    old = texts.c.made_on < (at.now - UNSENT_KEPT).date()
    return [delete(texts).where(old, ~waiting.exists())]


def _invitations(_connection: Connection, at: Moment) -> list[Step]:
    return [delete(invitations).where(invitations.c.expires_at <= at.now)]


def _participations(_connection: Connection, at: Moment) -> list[Step]:
    return responses.forgetting_participations(at.process) if at.now >= at.survey_ends_at else []


Rule = Callable[[Connection, Moment], list[Step]]
RULES: dict[str, Rule] = {
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


def is_due(connection: Connection, rule: Rule, at: Moment) -> bool:
    """Whether a rule has something to do. Among very many rows that takes a while, in which others may write."""
    return any(_finds(connection, step) for step in rule(connection, at))


def _finds(connection: Connection, step: Step) -> bool:
    rows = select(literal(1)).select_from(step.table).limit(1)
    if step.whereclause is not None:
        rows = rows.where(step.whereclause)
    return connection.execute(rows).first() is not None


def forget(connection: Connection, rule: Rule, at: Moment) -> int:
    """Apply a rule to a block of rows of each of its tables; how many went or were blanked where it was most.

    Where that is a whole block there may be more. Wherever it is left off, the next block is the one that was due.
    """
    return max((connection.execute(_of_a_block(step)).rowcount for step in rule(connection, at)), default=0)


def _of_a_block(step: Step) -> Step:
    key = tuple_(*step.table.primary_key)
    block = select(*step.table.primary_key).limit(BLOCK)
    if step.whereclause is not None:
        block = block.where(step.whereclause)
    return step.where(key.in_(block))
