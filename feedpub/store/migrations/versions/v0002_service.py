"""Tables and columns for the service: schedule, history of sources, archives, alerts, pings."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns and tables."""
    _schedule()
    _history()
    _publishing()


def _schedule() -> None:
    op.add_column("sources", sa.Column("failures", sa.Integer, nullable=False, server_default="0"))
    op.add_column("sources", sa.Column("next_look", sa.BigInteger))
    op.add_column("sources", sa.Column("why", sa.String, nullable=False, server_default=""))
    op.add_column("sources", sa.Column("pace", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("sources", sa.Column("firm", sa.Boolean, nullable=False, server_default="0"))
    op.add_column("seen", sa.Column("first_seen", sa.BigInteger))
    op.add_column("seen", sa.Column("url", sa.String, nullable=False, server_default=""))
    op.add_column("seen", sa.Column("recheck_at", sa.BigInteger))
    op.create_index("seen_by_recheck", "seen", ["feed", "recheck_at"])
    op.create_table(
        "schedule",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("next_run", sa.BigInteger, nullable=False),
        sa.Column("why", sa.String, nullable=False),
    )


def _history() -> None:
    op.create_table(
        "looks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("feed", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("settings", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("known", sa.Integer, nullable=False),
        sa.Column("fresh", sa.Integer, nullable=False),
        sa.Column("read", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("obstacle", sa.String, nullable=False),
        sa.Column("dated", sa.Integer, nullable=False),
        sa.Column("pictured", sa.Integer, nullable=False),
        sa.Column("lengths", sa.JSON, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("accepted", sa.Boolean, nullable=False),
    )
    op.create_index("looks_by_source", "looks", ["feed", "key", "id"])
    op.create_table(
        "breaks",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("feed", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("last_good", sa.BigInteger),
        sa.Column("items", sa.Integer, nullable=False),
    )
    op.create_table(
        "removals",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("text", sa.String, primary_key=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_index("removals_by_date", "removals", ["feed", "last"])


def _publishing() -> None:
    op.create_table(
        "archives",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("entry", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_index("archives_by_number", "archives", ["feed", "number"])
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("failure", sa.String, nullable=False),
    )
