"""When what was learned of a site was last used, so that it can be forgotten."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add a column; what is known now counts as used now."""
    op.add_column("memories", sa.Column("used", sa.BigInteger, nullable=False, server_default="0"))
    op.execute(sa.text("UPDATE memories SET used = :now").bindparams(now=int(time.time())))
