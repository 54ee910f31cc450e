"""The first tables: people and drafts, responses, what was seen, what is to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("lookup", sa.LargeBinary(16), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("language", sa.String(16)),
        sa.Column("consent_version", sa.Integer),
        sa.Column("consent_day", sa.Date),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("waiting", sa.String(32)),
        sa.Column("waiting_then", sa.String(64)),
        sa.Column("misses", sa.Integer, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.UniqueConstraint("lookup", name="uq_people_lookup"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "drafts",
        sa.Column(
            "person_id",
            sa.BigInteger,
            sa.ForeignKey("people.id", name="fk_drafts_person_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("survey", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("question", sa.String(64)),
        sa.Column("answers", sa.LargeBinary, nullable=False),
        sa.Column("changed_on", sa.Date, nullable=False),
    )
    op.create_table(
        "responses",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("survey", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("deletion_hash", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("deletion_hash", name="uq_responses_deletion_hash"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "response_answers",
        sa.Column(
            "response_id",
            sa.String(32),
            sa.ForeignKey("responses.id", name="fk_response_answers_response_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("question", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("missing", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "participations",
        sa.Column("process", sa.String(64), primary_key=True),
        sa.Column("mark", sa.LargeBinary(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "process_keys",
        sa.Column("process", sa.String(64), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "seen",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("message_id", sa.String(255), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_seen_at", "seen", ["at"])
    op.create_table(
        "bookmarks",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "facts",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("person_id", sa.BigInteger),
        sa.Column("address", sa.LargeBinary),
        sa.Column("message", sa.LargeBinary),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("once", sa.Boolean, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.String(64)),
        sa.Column("remote_id", sa.String(255)),
        sa.Column("key", sa.String(128)),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_person_id", "outbox", ["person_id"])
    op.create_index("ix_outbox_waiting", "outbox", ["state", "priority", "id"])
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("lookup", sa.LargeBinary(16), nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("lookup", name="uq_staff_lookup"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invitations",
        sa.Column("code_hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("chain", sa.LargeBinary(32), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("people", sa.Integer, nullable=False),
    )
    op.create_table(
        "dead_letters",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("message_id", sa.String(255), primary_key=True),
        sa.Column("error", sa.String(128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sqlite_with_rowid=False,
    )
