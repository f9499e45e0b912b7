"""The database file: opening it, its transactions, its version, and its errors as StoreError.

All that is SQLite's own stands here; the rest of the store is SQLAlchemy Core.
"""

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from feedpub.errors import StoreError
from feedpub.store import schema

FILE_NAME = "feedpub.sqlite"
_DAMAGED = (
    "it is damaged: put a backup in its place, or move it away and build again, "
    "which gives every entry a new id and so shows it as new once more"
)
_RIGHTS = "let the user that runs feedpub write to the file and its folder"
_BUSY = "another process holds it: wait for it, or end it"
_ADVICE = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _RIGHTS,
    sqlite3.SQLITE_CANTOPEN: _RIGHTS,
    sqlite3.SQLITE_PERM: _RIGHTS,
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_IOERR: "look at the disk, its free room and the limit on the size of files",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}


class Database:
    """An open database, at the version of this code. Threads may share it; each transaction is one thread's.

    Args:
        path: the file; made where it is missing, in a folder that only its owner may enter.
        patience: seconds that a transaction waits for another process's.
        scratch: a folder that goes when the database is closed.
    """

    def __init__(self, path: Path, *, patience: float = 30.0, scratch: TemporaryDirectory[str] | None = None) -> None:
        self.path = path
        self._scratch = scratch
        with _explained(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._engine = _engine(path, patience)
            self._writer = self._engine.execution_options(immediate=True)
            try:
                with _alone(path.parent):
                    self._migrate()
            except BaseException:
                self._engine.dispose()
                raise

    @classmethod
    def copy_of(cls, path: Path) -> "Database":
        """A copy to try things on; it is gone when it is closed, and the original is only read."""
        scratch = TemporaryDirectory(prefix="feedpub-")
        target = Path(scratch.name, FILE_NAME)
        try:
            if path.exists():
                _copy(path, target)
            return cls(target, scratch=scratch)
        except BaseException:
            scratch.cleanup()
            raise

    def close(self) -> None:
        """Close every connection; what was committed is on the disk already."""
        self._engine.dispose()
        if self._scratch:
            self._scratch.cleanup()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of things, and holds up no writer."""
        with _explained(self.path), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on the disk when the block ends, or not at all when it raises."""
        with _explained(self.path), self._writer.begin() as connection:
            yield connection

    def _migrate(self) -> None:
        with self.reading() as connection:
            version = _version(connection)
        if version == schema.VERSION:
            return
        if version > schema.VERSION:
            raise StoreError(
                f"{self.path} has version {version}, this feedpub knows {schema.VERSION}: "
                "a newer feedpub wrote it; install that one, or use another state folder"
            )
        from feedpub import migrations  # noqa: PLC0415 -- Alembic is slow to import and rarely needed

        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # readers beside a writer; the file remembers
        with self.writing() as connection:
            migrations.upgrade(connection)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """One at a time, of all threads and processes that work on this state under this name."""
        with ExitStack() as stack:
            with _explained(self.path):
                path = self.path.parent / f".{name}.lock"
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: SQLite itself does not wait for others when it makes a file ready for writers."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _version(connection: Connection) -> str:
    """The version of the tables; "" where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def _engine(path: Path, patience: float) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": patience})
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


def _copy(path: Path, target: Path) -> None:
    with (
        _explained(path),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """The one boundary where errors of the database, and of what lies in it, become ours."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, UnicodeEncodeError) as error:
        raise StoreError(f"{path}: {_reason(error)}") from error
    except (zlib.error, ValueError) as error:  # a value does not read as what it was written as
        raise StoreError(f"{path}: {error}; {_DAMAGED}") from error


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind, the rest the details
    advice = _ADVICE.get(code)
    return f"{cause}; {advice}" if advice else str(cause)
