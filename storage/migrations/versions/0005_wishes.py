"""Wishes that may be published, and who supports them; those submitted before are taken over."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "wishes",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column(
            "response_id",
            sa.String(32),
            sa.ForeignKey("responses.id", name="fk_wishes_response_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("voices", sa.Integer, nullable=False),
        sa.UniqueConstraint("response_id", "question", name="uq_wishes_response_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_wishes_state", "wishes", ["state", "id"])
    op.create_table(
        "wish_voices",
        sa.Column(
            "wish_id",
            sa.String(16),
            sa.ForeignKey("wishes.id", name="fk_wish_voices_wish_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("mark", sa.LargeBinary(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    # Until now there was one question after a wish whether it may be published: Hannover's.
    connection = op.get_bind()
    agreed = connection.execute(
        sa.text(
            "SELECT wish.response_id FROM response_answers wish JOIN response_answers permission "
            "ON permission.response_id = wish.response_id WHERE wish.question = 'wish' AND NOT wish.missing "
            "AND permission.question = 'wish_public' AND permission.value = 'yes' AND NOT permission.missing"
        )
    ).scalars()
    rows = [
        {"id": secrets.token_hex(8), "response_id": response, "question": "wish", "state": "new", "voices": 0}
        for response in agreed
    ]
    if rows:
        names = ("id", "response_id", "question", "state", "voices")
        op.bulk_insert(sa.table("wishes", *(sa.column(name) for name in names)), rows)
