"""The rhythm of each source's publications; records of rendered files; checks without news."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add tables, an index and a column.

    The next check of a source and the next run of a feed fill them. Checks without news were stored
    as runs before, which stay.
    """
    op.create_table(
        "publishing_rhythms",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("changes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("covered", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    columns = ["feed", "source", "backfilled", "published", "first_seen"]
    op.create_index("entries_by_source", "entries", columns)
    op.create_table(
        "rendered_files",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("record", sa.LargeBinary, nullable=False),
    )
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
