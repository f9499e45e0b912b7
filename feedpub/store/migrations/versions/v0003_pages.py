"""Snapshots of the pages that entries were made from, so that changed rules can be applied."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "pages",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("entry", sa.String, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("form", sa.String, nullable=False),
        sa.Column("fetched", sa.BigInteger, nullable=False),
        sa.Column("listed_first", sa.Boolean, nullable=False),
        sa.Column("url", sa.String),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("published", sa.BigInteger),
        sa.Column("updated", sa.BigInteger),
        sa.Column("summary", sa.String, nullable=False),
        sa.Column("html", sa.LargeBinary, nullable=False),
        sa.Column("categories", sa.JSON, nullable=False),
        sa.Column("enclosures", sa.JSON, nullable=False),
        sa.Column("image", sa.String),
        sa.Column("language", sa.String),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("final_url", sa.String, nullable=False),
        sa.Column("content_type", sa.String, nullable=False),
        sa.Column("charset", sa.String),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"
        ),
    )
    op.create_index("pages_by_date", "pages", ["fetched"])
