"""Checks without news by day and source; when the next one counts as an observation."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add a table and a column. Checks without news were stored as runs before, which stay."""
    op.create_table(
        "unchanged_checks",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.add_column("source_probes", sa.Column("observe_at", sa.BigInteger))
