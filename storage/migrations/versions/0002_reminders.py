"""Reminders: who wants which, when each is due, what was said about which event, messages shared by many."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("people", sa.Column("leads", sa.String(64)))
    op.add_column("people", sa.Column("is_room", sa.Boolean))
    op.add_column("drafts", sa.Column("nudge_at", sa.DateTime(timezone=True)))
    op.create_index("ix_drafts_nudge_at", "drafts", ["nudge_at"])
    op.add_column("drafts", sa.Column("nudged_on", sa.Date))
    op.add_column("drafts", sa.Column("last_call_on", sa.Date))
    op.add_column("outbox", sa.Column("text_id", sa.BigInteger().with_variant(sa.Integer, "sqlite")))
    op.add_column("outbox", sa.Column("until_at", sa.DateTime(timezone=True)))
    op.add_column("outbox", sa.Column("queued_on", sa.Date))
    op.create_table(
        "texts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("event", sa.String(64)),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("made_on", sa.Date, nullable=False),
        sa.UniqueConstraint("name", name="uq_texts_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "subscriptions",
        _person("subscriptions"),
        sa.Column("event", sa.String(64), primary_key=True),
        sa.Column("since", sa.Date, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subscriptions_event", "subscriptions", ["event", "person_id"])
    op.create_table(
        "attendance",
        _person("attendance"),
        sa.Column("event", sa.String(64), primary_key=True),
        sa.Column("coming", sa.String(8), nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attendance_event", "attendance", ["event", "coming"])
    op.create_table(
        "reminders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column(
            "person_id",
            sa.BigInteger,
            sa.ForeignKey("people.id", name="fk_reminders_person_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("person_id", "event", "kind", name="uq_reminders_person_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reminders_due_at", "reminders", ["due_at"])
    op.create_table(
        "events",
        sa.Column("process", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("notice_after", sa.BigInteger),
    )


def _person(table: str) -> sa.Column[int]:
    return sa.Column(
        "person_id",
        sa.BigInteger,
        sa.ForeignKey("people.id", name=f"fk_{table}_person_id", ondelete="CASCADE"),
        primary_key=True,
    )
