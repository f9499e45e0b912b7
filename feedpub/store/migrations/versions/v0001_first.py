"""The tables of the first version."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    _entries()
    _articles()
    _sources()
    _sites()


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("slug", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("summary", sa.String, nullable=False),
        sa.Column("html", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("language", sa.String),
        sa.Column("image", sa.String),
        sa.Column("categories", sa.JSON, nullable=False),
        sa.Column("enclosures", sa.JSON, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("last_listed", sa.BigInteger, nullable=False),
    )
    op.create_index("entries_by_date", "entries", ["feed", "published"])


def _articles() -> None:
    op.create_table(
        "aliases",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("entry", sa.String, nullable=False),
        sa.ForeignKeyConstraint(
            ["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"
        ),
    )
    op.create_index("aliases_by_entry", "aliases", ["feed", "entry"])
    op.create_table(
        "seen",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("retry_at", sa.BigInteger),
        sa.Column("etag", sa.String),
        sa.Column("last_modified", sa.String),
        sa.Column("last_listed", sa.BigInteger, nullable=False),
    )


def _sources() -> None:
    op.create_table(
        "documents",
        sa.Column("url", sa.String, primary_key=True),
        sa.Column("config_digest", sa.String, primary_key=True),
        sa.Column("final_url", sa.String, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("content_type", sa.String, nullable=False),
        sa.Column("charset", sa.String),
        sa.Column("etag", sa.String),
        sa.Column("last_modified", sa.String),
        sa.Column("fetched", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sources",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("checked", sa.BigInteger, nullable=False),
        sa.Column("succeeded", sa.BigInteger),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("failure", sa.String),
        sa.Column("failing_since", sa.BigInteger),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("feed", sa.String, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("new", sa.Integer, nullable=False),
        sa.Column("updated", sa.Integer, nullable=False),
        sa.Column("kept", sa.Integer, nullable=False),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("problems", sa.JSON, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("written", sa.JSON, nullable=False),
    )
    op.create_index("runs_by_feed", "runs", ["feed", "id"])


def _sites() -> None:
    op.create_table(
        "robots",
        sa.Column("origin", sa.String, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "memories",
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("memory", sa.LargeBinary, nullable=False),
    )
