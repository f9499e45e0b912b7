"""Tables with names that state what they hold."""

from alembic import op
from sqlalchemy import inspect

from feedpub.store.schema_repair import FORMER_NAMES, rename_table

revision = "0011"
down_revision = "0010"

INDEXES = {
    "item_states": ("item_states_by_recheck", ["feed", "recheck_at"]),
    "page_snapshots": ("page_snapshots_by_date", ["fetched"]),
    "removal_stats": ("removal_stats_by_date", ["feed", "last"]),
    "source_observations": ("source_observations_by_source", ["feed", "key", "id"]),
}


def upgrade() -> None:
    """Rename tables and indexes; rows and columns stay.

    A table that exists under both names stays as it is: `schema_repair` merges it afterwards.
    """
    connection = op.get_bind()
    existing = inspect(connection).get_table_names()
    for name, former in FORMER_NAMES.items():
        if former not in existing or name in existing:
            continue
        rename_table(connection, former, name)
        if name in INDEXES:
            index, columns = INDEXES[name]
            op.create_index(index, name, columns)
