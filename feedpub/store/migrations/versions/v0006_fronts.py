"""A line on the index page for each feed, so that it can be written without the entries."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add a table, which later runs fill, and an index to find old entries."""
    op.create_table(
        "fronts",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("settings", sa.String, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("newest", sa.BigInteger),
        sa.Column("updated", sa.BigInteger),
        sa.Column("language", sa.String, nullable=False),
    )
    op.create_index("entries_by_listing", "entries", ["feed", "last_listed"])
