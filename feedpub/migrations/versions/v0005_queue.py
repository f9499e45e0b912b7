"""What several processes need to share the work: which feeds are in the queue, and who has what for itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add a column and a table; nothing that was there changes."""
    op.add_column("schedule", sa.Column("handed", sa.BigInteger))
    op.create_index("schedule_by_moment", "schedule", ["next_run"])
    op.create_table(
        "claims",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
