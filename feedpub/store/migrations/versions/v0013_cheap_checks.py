"""Records of rendered files."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add a table. It is filled when the files of a feed are rendered again."""
    op.create_table(
        "rendered_files",
        sa.Column("feed", sa.String, primary_key=True),
        sa.Column("record", sa.LargeBinary, nullable=False),
    )
