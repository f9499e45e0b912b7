"""Entries that have been in a live document and are not in an archive yet."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a table, which each feed's next run fills from its published live document."""
    op.create_table(
        "published",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("entry", sa.String, primary_key=True),
        sa.ForeignKeyConstraint(
            ["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"
        ),
    )
