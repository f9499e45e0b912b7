"""A database file as it was opened: SQLite's connections to it, and which file it was.

All that is SQLite's own stands here; the rest of the store is SQLAlchemy Core. A name may lead to another file
meanwhile: a damaged one is set aside under a new name, a backup is put in its place.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from feedpub.errors import StoreError
from feedpub.store import schema, tables
from feedpub.store.columns import UnreadableError

Identity: TypeAlias = tuple[int, int] | None
"""Which file has a name: its device and number there; None where none has."""


def identity(path: Path) -> Identity:
    """Which file has the name now. Not by opening it: closing it again would undo SQLite's locks."""
    try:
        about = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return about.st_dev, about.st_ino


class Opened:
    """An open file, at the version of this code. Made by `at`."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.identity: Identity = None
        self._path = path
        self._engine = engine
        self._writer = engine.execution_options(immediate=True)

    @classmethod
    def at(cls, path: Path, patience: float) -> Self:
        """Open the file at a path; one that is missing is made. For one process at a time.

        Raises:
            StoreError: a newer feedpub wrote it. What SQLite and the system raise is left to the caller.
        """
        opened = cls(path, _engine(path, patience))
        try:
            opened._migrate()
            opened.identity = identity(path)
        except BaseException:
            opened.close()
            raise
        return opened

    @contextmanager
    def transaction(self, *, writing: bool) -> Iterator[Connection]:
        """All or nothing."""
        with (self._writer if writing else self._engine).begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _migrate(self) -> None:
        if self._is_current():
            return
        if identity(self._path) is None:
            self._path.touch(0o600)  # SQLite gives its log the rights that the file has
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # readers beside a writer; the file remembers
        try:
            with self.transaction(writing=True) as connection:
                tables.upgrade(connection, tables.version_of(connection), str(self._path))
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # no such column, for example
                raise UnreadableError(str(error.orig)) from error
            raise

    def _is_current(self) -> bool:
        """Say whether the tables are those of this code. Raises StoreError where a newer one made them."""
        if identity(self._path) is None:
            return False
        with self.transaction(writing=False) as connection:
            version = tables.version_of(connection)
            if version > schema.VERSION:
                raise StoreError(
                    f"{self._path} has version {version}, this feedpub knows {schema.VERSION}: "
                    "a newer feedpub wrote it; install that one, or use another state folder"
                )
            return version == schema.VERSION and not tables.faults(connection)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """One process at a time: SQLite itself does not wait for others when it makes a file ready for writers."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def backup(path: Path, target: Path) -> None:
    """Copy a database that others may be writing to."""
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def _engine(path: Path, patience: float) -> Engine:
    # rw: a connection never makes a file, where another process has just set the old one aside
    database = path.absolute().as_uri()
    url = URL.create("sqlite", database=database, query={"mode": "rw", "uri": "true"})
    engine = create_engine(url, connect_args={"timeout": patience})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:  # noqa: ARG001 -- SQLAlchemy's
    """What holds for each connection: every commit is flushed, references are checked."""
    connection.isolation_level = None  # we begin transactions ourselves: the driver begins them too late
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: one that began by reading could not wait for another writer."""
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
