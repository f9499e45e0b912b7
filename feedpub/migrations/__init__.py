"""The versions of the state's tables: one file in versions/ each, numbered, never changed once released.

A new one is written by hand, after the last: its `down_revision` is the one before, and `VERSION` in
feedpub/store/schema.py moves to it. A test compares what the migrations make with the tables that the schema names.
"""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a version, within the transaction that the connection is in."""
    command.upgrade(config(connection), revision)


def stamp(connection: Connection) -> None:
    """Note that the tables are of the newest version: they were made from the schema as it is."""
    command.stamp(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's settings: no file, no logging, only where the versions are."""
    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", "feedpub:migrations")
    return settings
