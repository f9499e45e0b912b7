"""The versions of the state's tables: one file in versions/ each, numbered, never changed once released.

A new one is written by hand, after the last: its `down_revision` is the one before, and `VERSION`
in
feedpub/store/schema.py moves to it. A test compares what the migrations make with the tables that
the schema names. Tables, columns and indexes that a version would add may exist already; then they
stay as they are (see env.py).
"""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, inspect


def upgrade_tables(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a version, within the transaction that the connection is in."""
    command.upgrade(config(connection), revision)


def stamp_newest(connection: Connection) -> None:
    """Note that the tables are of the newest version: they were made from the schema as it is."""
    command.stamp(config(connection), "head")


def tables_of_version(revision: str) -> dict[str, set[str]]:
    """Return the columns that each table of a version has, by the table's name.

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


def config(connection: Connection) -> Config:
    """Alembic's settings: no file, no logging, only where the versions are."""
    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", "feedpub.store:migrations")
    return settings
