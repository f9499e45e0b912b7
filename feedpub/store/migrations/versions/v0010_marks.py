"""Marks of active runs, from which the next process learns which run crashed the previous one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add a table, which is empty if no feed runs."""
    op.create_table(
        "marks",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
    )
