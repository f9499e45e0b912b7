"""What the page of all feeds says of each, so that its entries need not be read for it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add a table, which fills by and by, and an index by which old entries are found."""
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
