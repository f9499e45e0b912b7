"""The time when a site memory was last used, so that old ones can be deleted."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add a column. Existing site memories count as used now."""
    op.add_column("memories", sa.Column("used", sa.BigInteger, nullable=False, server_default="0"))
    op.execute(sa.text("UPDATE memories SET used = :now").bindparams(now=int(time.time())))
