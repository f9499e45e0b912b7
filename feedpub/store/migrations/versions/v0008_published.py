"""Entries that a live document has shown and that no archive holds yet: they must not get lost."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a table. The next run of each feed fills it from the published live document."""
    op.create_table(
        "published",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("entry", sa.String, primary_key=True),
        sa.ForeignKeyConstraint(
            ["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"
        ),
    )
