"""Which feeds' runs are under way, so that a run that ends the process is known by the next one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add a table, empty as long as nothing runs."""
    op.create_table(
        "marks",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
    )
