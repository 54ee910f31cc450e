"""Indexes of what is not a reply hold no replies any more: each was put into them and taken out again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for name, columns in (
        ("ix_outbox_announcement_id", ["announcement_id", "state"]),
        ("ix_outbox_channel", ["channel", "state", "priority", "id"]),
    ):
        there = sa.text(f"{columns[0]} IS NOT NULL")
        op.drop_index(name, "outbox")
        op.create_index(name, "outbox", columns, sqlite_where=there, postgresql_where=there)
