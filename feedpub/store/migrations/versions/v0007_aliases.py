"""The kind of a key: listed by a source, or only claimed by a page."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add a column. Known keys count as listed, so that all entries keep their ids."""
    op.add_column("aliases", sa.Column("kind", sa.String, nullable=False, server_default="own"))
