"""The versions of the state's tables: one numbered file each in `versions`.

A file is never changed after its release. A new one is written by hand: its `down_revision` is the
previous version, and `VERSION` in `feedpub.store.schema` becomes its number. A test compares the
migrated tables with the schema. A table, column or index that already exists stays as it is (see
`env`).
"""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect


def upgrade_tables(connection: Connection, revision: str = "head") -> None:
    """Migrate the tables to a version, within the connection's transaction."""
    command.upgrade(config(connection), revision)


def stamp_newest(connection: Connection) -> None:
    """Record the newest version, for tables that were created from the schema."""
    MigrationContext.configure(connection).stamp(_versions(), "head")


@cache
def tables_of_version(revision: str) -> dict[str, set[str]]:
    """Return the column names of each table of a version, by the table's name.

    Raises:
        CommandError: there is no such version.
    """
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            upgrade_tables(connection, revision)
            columns = inspect(connection).get_multi_columns()
    finally:
        engine.dispose()
    return {table: {column["name"] for column in found} for (_, table), found in columns.items()}


@cache
def _versions() -> ScriptDirectory:
    return ScriptDirectory.from_config(config(None))


def config(connection: Connection | None) -> Config:
    """Return Alembic's config: no file and no logging, only the folder of the versions.

    Only migrations need a connection.
    """
    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", "feedpub.store:migrations")
    return settings
