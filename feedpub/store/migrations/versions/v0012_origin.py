"""The origin of entries; texts of watched pages; the past of sources that was read."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add columns and a table. Known entries get their values when they are read again."""
    for table in ("entries", "page_snapshots"):
        for name in ("source_name", "source_url", "rights"):
            op.add_column(table, sa.Column(name, sa.String, nullable=False, server_default=""))
    for table in ("entries", "page_snapshots", "sources"):
        op.add_column(table, sa.Column("podcast", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("entries", sa.Column("also_at", sa.JSON, nullable=False, server_default="[]"))
    reason = sa.Column("content_reason", sa.String, nullable=False, server_default="")
    op.add_column("entries", reason)
    backfilled = sa.Column("backfilled", sa.Boolean, nullable=False, server_default="0")
    op.add_column("entries", backfilled)
    op.create_table(
        "watched_pages",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("settings", sa.String, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("checked", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "backfills",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("way", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("oldest", sa.BigInteger),
        sa.Column("is_done", sa.Boolean, nullable=False, server_default="0"),
        sa.Column("reached", sa.BigInteger),
    )
