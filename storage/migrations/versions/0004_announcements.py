"""Announcements: what staff write to many, who wants to hear it, and which rows belong to which."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.add_column("people", sa.Column("news_on", sa.Date))
    op.add_column("outbox", sa.Column("announcement_id", number))
    op.add_column("outbox", sa.Column("channel", sa.String(32)))
    op.execute(
        "UPDATE outbox SET channel = (SELECT channel FROM people WHERE people.id = outbox.person_id) WHERE priority > 0"
    )
    op.create_index("ix_outbox_channel", "outbox", ["channel", "state", "priority", "id"])
    op.create_index("ix_outbox_announcement_id", "outbox", ["announcement_id", "state"])
    op.create_table(
        "announcements",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("author", sa.Integer, nullable=False),
        sa.Column("confirmed_by", sa.Integer),
        sa.Column("starts_at", sa.DateTime(timezone=True)),
        sa.Column("begun_at", sa.DateTime(timezone=True)),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("changed_on", sa.Date, nullable=False),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("enqueued", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
