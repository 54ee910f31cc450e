"""Every table. A change here needs a migration in `storage/migrations/versions`; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; the only place where stored time meets zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant needs a time zone")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Number = BigInteger().with_variant(Integer, "sqlite")
"""An id that counts up; SQLite knows only one such type."""

# `lookup` is a keyed hash of the address, `address` the address itself, sealed. `id` is random, so that it says
# neither who somebody is nor when they came. A room whose admins want reminders in it is kept here, too.
people = Table(
    "people",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("lookup", LargeBinary(16), nullable=False, unique=True),
    Column("channel", String(32), nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("language", String(16)),
    Column("consent_version", Integer),
    Column("consent_day", Date),
    Column("stopped", Boolean, nullable=False),
    Column("waiting", String(32)),
    Column("waiting_then", String(64)),
    Column("misses", Integer, nullable=False),
    Column("since", Date, nullable=False),
    Column("leads", String(64)),
    Column("news_on", Date),
    Column("is_room", Boolean),
    sqlite_with_rowid=False,  # a hidden number would tell in which order people came
)

# Answers before they are submitted: sealed, because they still hang on a person. `nudge_at` is when somebody may be
# reminded of them, to the hour; once they have been, and once the last call went out, the day is kept.
drafts = Table(
    "drafts",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("survey", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("question", String(64)),
    Column("answers", LargeBinary, nullable=False),
    Column("changed_on", Date, nullable=False),
    Column("nudge_at", Instant, index=True),
    Column("nudged_on", Date),
    Column("last_call_on", Date),
)

# Submitted answers. The id is random and the rows lie in its order, not in the order of arrival.
responses = Table(
    "responses",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("survey", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("deletion_hash", LargeBinary(32), nullable=False, unique=True),
    sqlite_with_rowid=False,
)

# One row per answer, one per option of a several-choice answer: what statistics count. `missing` marks a `value` of
# "no_answer" or "skipped" that nobody typed.
response_answers = Table(
    "response_answers",
    metadata,
    Column("response_id", ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("value", Text, nullable=False),
    Column("missing", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# Own words whose author agreed that they may be published: "new" until staff have read them, then "released" or
# "held". `voices` are those of a process that has ended, whose marks are gone.
wishes = Table(
    "wishes",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("response_id", ForeignKey("responses.id", ondelete="CASCADE"), nullable=False),
    Column("question", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("voices", Integer, nullable=False),
    UniqueConstraint("response_id", "question"),
    Index("ix_wishes_state", "state", "id"),
    sqlite_with_rowid=False,
)

# That somebody supports a wish: a keyed hash of person and wish, computable only while the process's own key exists,
# and another one for each wish, so that nobody sees which wishes have a supporter in common.
wish_voices = Table(
    "wish_voices",
    metadata,
    Column("wish_id", ForeignKey("wishes.id", ondelete="CASCADE"), primary_key=True),
    Column("mark", LargeBinary(32), primary_key=True),
    sqlite_with_rowid=False,
)

# That somebody took part: a keyed hash, computable only while the process's own key exists.
participations = Table(
    "participations",
    metadata,
    Column("process", String(64), primary_key=True),
    Column("mark", LargeBinary(32), primary_key=True),
    sqlite_with_rowid=False,
)

process_keys = Table(
    "process_keys",
    metadata,
    Column("process", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

# Messages already handled, so that a network may hand them over again. Kept for 48 hours.
seen = Table(
    "seen",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("message_id", String(255), primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    sqlite_with_rowid=False,
)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

# What a channel has to remember: named by a keyed hash and sealed, because rooms and people are addresses.
facts = Table(
    "facts",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)


def _only_where_set(name: str, *columns: str) -> Index:
    """An index of the rows that have its first column: most have not, and are neither put in nor taken out.

    On a server the migration says the same. Said here too, it would load SQLAlchemy's PostgreSQL with every start.
    """
    return Index(name, *columns, sqlite_where=text(f"{columns[0]} IS NOT NULL"))


# What is to be sent. Address and message are sealed. A reply is deleted in the write that marks it done; a row with a
# `key` stays, blanked, so that it is never enqueued again. `due_at` is empty for a reply: it is due at once, whatever
# the clock shows after a restart. A message to many stands once among the texts, and each row names it. From `until_at`
# on a row is not sent any more. What the bot sends of its own accord names its `channel`: each has its own pace.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("person_id", BigInteger, index=True),
    Column("address", LargeBinary),
    Column("message", LargeBinary),
    Column("state", String(8), nullable=False),
    Column("once", Boolean, nullable=False),
    Column("due_at", Instant),
    Column("not_before", Instant),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", String(64)),
    Column("remote_id", String(255)),
    Column("key", String(128)),
    Column("text_id", Number),
    Column("until_at", Instant),
    Column("queued_on", Date),
    Column("announcement_id", Number),
    Column("channel", String(32)),
    UniqueConstraint("key"),
    _only_where_set("ix_outbox_announcement_id", "announcement_id", "state"),
    _only_where_set("ix_outbox_channel", "channel", "state", "priority", "id"),
    Index("ix_outbox_waiting", "state", "priority", "id"),
    sqlite_autoincrement=True,
)

# Messages that go to many people, one for each language. Nobody is named in them; sealed as every message is.
texts = Table(
    "texts",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("event", String(64)),
    Column("message", LargeBinary, nullable=False),
    Column("made_on", Date, nullable=False),
    sqlite_autoincrement=True,
)

# What staff write to many. Content and picture are sealed: the audience may say who has finished the survey, and that
# is written down nowhere in clear. People are enqueued in the order of their ids, `after` is the last one who was.
announcements = Table(
    "announcements",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("picture", LargeBinary),
    Column("author", Integer, nullable=False),
    Column("confirmed_by", Integer),
    Column("starts_at", Instant),
    Column("begun_at", Instant),
    Column("done_at", Instant),
    Column("changed_on", Date, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("enqueued", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# That somebody wants to be reminded of an event; "*" is all of them.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("event", String(64), primary_key=True),
    Column("since", Date, nullable=False),
    Index("ix_subscriptions_event", "event", "person_id"),
    sqlite_with_rowid=False,
)

# Whether somebody comes to an event: a headcount for staff.
attendance = Table(
    "attendance",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("event", String(64), primary_key=True),
    Column("coming", String(8), nullable=False),
    Column("since", Date, nullable=False),
    Index("ix_attendance_event", "event", "coming"),
    sqlite_with_rowid=False,
)

# What is to be sent to whom and when, of the bot's own accord. A row goes in the write that makes it an outbox row.
reminders = Table(
    "reminders",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("event", String(64), nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    Column("until_at", Instant, nullable=False),
    UniqueConstraint("person_id", "event", "kind"),
    sqlite_autoincrement=True,
)

# The events as the reminders were planned for them (`facts`), and as people were last told (`told`), both JSON. While
# people are being told, `notice_after` is the id of the last one whose notice is planned.
events = Table(
    "events",
    metadata,
    Column("process", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("facts", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("notice_after", BigInteger),
)

# Members of staff: found by the same keyed hash as people, but kept apart from them.
staff = Table(
    "staff",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("lookup", LargeBinary(16), nullable=False, unique=True),
    Column("address", LargeBinary, nullable=False),
    Column("role", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    sqlite_autoincrement=True,
)

invitations = Table(
    "invitations",
    metadata,
    Column("code_hash", LargeBinary(32), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

# What staff did; only ever added to.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("chain", LargeBinary(32), nullable=False),
    sqlite_autoincrement=True,
)

# How many people came through which poster or link; nobody knows who.
sources = Table(
    "sources",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("people", Integer, nullable=False),
)

# Messages that could not be handled: ids and the class of the error, never their text.
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("message_id", String(255), primary_key=True),
    Column("error", String(128), nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
