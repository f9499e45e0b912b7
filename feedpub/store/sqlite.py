"""The state in a file: SQLite, and a file that may be replaced at any time.

Everything specific to SQLite is here; the rest of the store uses SQLAlchemy Core. A path may lead
to another file later: a corrupt one is quarantined under another name, or a backup is restored.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from feedpub.core.errors import CorruptStateError, StoreError
from feedpub.store import schema, schema_repair
from feedpub.store.column_types import ColumnDecodeError
from feedpub.store.files import (
    DISK_ADVICE,
    FILE_NAME,
    PERMISSION_ADVICE,
    SPACE_ADVICE,
    format_problem,
    make_private,
    quarantine,
    wrap_system_errors,
)

FileIdentity: TypeAlias = tuple[int, int] | None
"""The device and the inode of a file; None if there is no file."""


class FileDatabase:
    """A `Database` in a file.

    If another process quarantines the file, or replaces it, the next transaction uses the new one.

    Args:
        path: the file. It is created if it is missing, readable by its owner only, in a folder that
            only its owner may enter.
        timeout_seconds: the maximum wait for another process's transaction.
        temporary_folder: a folder that is deleted when the database is closed.
    """

    def __init__(
        self,
        path: Path,
        *,
        timeout_seconds: float = 30.0,
        temporary_folder: TemporaryDirectory[str] | None = None,
    ) -> None:
        self.path = path
        self._timeout_seconds = timeout_seconds
        self._temporary_folder = temporary_folder
        self._lock = ReadWriteLock()
        self._file: OpenSqlite | None = None
        self._identity: FileIdentity = None  # of the file that is open, or could not be opened
        self._corrupt: FileIdentity = None  # the latest file that was found to be corrupt

    @classmethod
    def temporary(cls) -> Self:
        """Return an empty database that is deleted when it is closed."""
        folder = TemporaryDirectory(prefix="feedpub-")
        return cls(Path(folder.name, FILE_NAME), temporary_folder=folder)

    @classmethod
    def temporary_copy(cls, path: Path) -> Self:
        """Return a copy of a database that is deleted when it is closed."""
        copy = cls.temporary()
        try:
            with wrap_sqlite_errors(path):
                if path.exists():
                    backup_database(path, copy.path)
            copy.open()
        except CorruptStateError as error:
            copy.close()
            raise corrupt_state_error(path, error.reason) from error
        except BaseException:
            copy.close()
            raise
        return copy

    def open(self) -> None:
        """Open the file.

        Raises:
            CorruptStateError: it has to be rebuilt.
        """
        with wrap_sqlite_errors(self.path), self._lock.exclusive():
            self._open()

    def close(self) -> None:
        """Close all connections. Everything that was committed is on the disk already."""
        if self._file:
            self._file.close()
        if self._temporary_folder:
            self._temporary_folder.cleanup()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a transaction whose queries all see the same state, without blocking writers."""
        with self._transaction(writing=False) as connection:
            yield connection

    read_transaction = snapshot  # a transaction costs almost nothing in SQLite

    @contextmanager
    def write_transaction(self, lock: str = "") -> Iterator[Connection]:  # noqa: ARG002 -- SQLite has a single writer
        """Open a transaction that is committed when the block ends."""
        with self._transaction(writing=True) as connection:
            yield connection

    def autocommit(self) -> AbstractContextManager[Connection]:
        """Open a transaction."""
        return self.write_transaction()

    def rebuild(self, fill: Callable[[Path], None]) -> Path | None:
        """Quarantine the corrupt file and create a new one, while no transaction is active.

        Args:
            fill: called with the path of the quarantined file. It fills the new file by
                transactions of this database; other threads and processes have to wait.

        Returns:
            The path of the quarantined file; None if the file was replaced already.
        """
        with (
            wrap_sqlite_errors(self.path),
            self._lock.exclusive(),
            exclusive_folder(self.path.parent),
        ):
            found = file_identity(self.path)
            quarantined = None
            if found and found == self._corrupt:
                quarantined = quarantine(self.path, datetime.now(UTC))
            self._reopen()
            if quarantined:
                fill(quarantined)
        return quarantined

    @contextmanager
    def feed_lock(self, name: str) -> Iterator[None]:
        """Hold a lock that excludes all threads and processes which request the same name."""
        with ExitStack() as stack:
            with wrap_sqlite_errors(self.path):
                path = self.path.parent / f".{name}.lock"
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def check_lock(self) -> None:
        """Do nothing: a running process cannot lose a file lock."""

    def exists(self) -> bool:
        """Return True if there is a file."""
        with wrap_sqlite_errors(self.path):
            return self.path.exists()

    def other_connections(self) -> int:
        """Return 0: SQLite does not know. A service has its own lock next to the file."""
        return 0

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        with wrap_sqlite_errors(self.path):
            self._reopen_if_replaced()
        with self._lock.shared(), self._remember_corruption():
            assert self._file is not None  # noqa: S101 -- it has just been opened
            with self._file.transaction(writing=writing) as connection:
                yield connection

    @contextmanager
    def _remember_corruption(self) -> Iterator[None]:
        """Remember which file is corrupt: `rebuild` must not quarantine a later one."""
        try:
            with wrap_sqlite_errors(self.path):
                yield
        except CorruptStateError:
            self._corrupt = self._identity
            raise

    def _reopen_if_replaced(self) -> None:
        """Open the file that the path leads to now, unless a transaction or rebuild is active."""
        if self._is_current() or self._lock.is_held_here:
            return
        with self._lock.exclusive():
            if not self._is_current():
                self._open()

    def _is_current(self) -> bool:
        return self._file is not None and file_identity(self.path) == self._identity

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive_folder(self.path.parent):
            make_private(self.path)
            self._reopen()

    def _reopen(self) -> None:
        if self._file:
            self._file.close()
        self._file, self._identity = None, file_identity(self.path)
        with self._remember_corruption():
            self._file = OpenSqlite.open_at(self.path, self._timeout_seconds)
        self._identity = self._file.identity


class OpenSqlite:
    """An open file, migrated to the version of this code. Created by `open_at`."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.identity: FileIdentity = None
        self._path = path
        self._engine = engine
        self._writer = engine.execution_options(immediate=True)

    @classmethod
    def open_at(cls, path: Path, timeout_seconds: float) -> Self:
        """Open a file, which is created if it is missing. One process at a time may do so.

        Errors of SQLite and of the system are not wrapped.

        Raises:
            StoreError: a newer version of feedpub wrote the file.
        """
        opened = cls(path, _create_engine(path, timeout_seconds))
        try:
            opened._migrate()
            opened.identity = file_identity(path)
        except BaseException:
            opened.close()
            raise
        return opened

    @contextmanager
    def transaction(self, *, writing: bool) -> Iterator[Connection]:
        """Open a transaction that is committed when the block ends."""
        engine = self._writer if writing else self._engine
        with engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        if self._is_current():
            return
        if file_identity(self._path) is None:
            self._path.touch(0o600)  # SQLite gives its log the same permissions
        with closing(sqlite3.connect(self._path)) as connection:
            # Readers and a writer do not block each other; the setting is stored in the file.
            connection.execute("PRAGMA journal_mode = WAL")
        try:
            with self.transaction(writing=True) as connection:
                version = schema_repair.schema_version(connection)
                schema_repair.upgrade_schema(connection, version, str(self._path))
        except OperationalError as error:
            code = getattr(error.orig, "sqlite_errorcode", None)
            if code == sqlite3.SQLITE_ERROR:  # for example, a missing column
                raise ColumnDecodeError(str(error.orig)) from error
            raise

    def _is_current(self) -> bool:
        """Return True if the tables are those of this code's version.

        Raises:
            StoreError: a newer version wrote them.
        """
        if file_identity(self._path) is None:
            return False
        with self.transaction(writing=False) as connection:
            version = schema_repair.schema_version(connection)
            if version > schema.VERSION:
                raise StoreError(
                    f"{self._path} has version {version}, this feedpub knows {schema.VERSION}: "
                    "a newer feedpub wrote it; install that one, or use another state folder"
                )
            return version == schema.VERSION and not schema_repair.find_faults(connection)


def _create_engine(path: Path, timeout_seconds: float) -> Engine:
    # mode=rw: a connection must not create a file after another process has quarantined it.
    database = path.absolute().as_uri()
    url = URL.create("sqlite", database=database, query={"mode": "rw", "uri": "true"})
    engine = create_engine(url, connect_args={"timeout": timeout_seconds})
    event.listen(engine, "connect", _configure_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _configure_connection(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:  # noqa: ARG001 -- SQLAlchemy's signature
    """Flush every commit to the disk, and check foreign keys."""
    connection.isolation_level = None  # the driver would begin transactions too late
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Begin a transaction. A writer locks the file at once.

    If it began as a reader, it could not wait for another writer later.
    """
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def file_identity(path: Path) -> FileIdentity:
    """Return the identity of the file at a path, without opening it.

    To close the file again would release SQLite's locks.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


@contextmanager
def exclusive_folder(folder: Path) -> Iterator[None]:
    """Lock a folder for one process at a time.

    SQLite does not wait for other processes that prepare a file for writers.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def backup_database(path: Path, target: Path) -> None:
    """Copy a database, even while other processes write to it."""
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


# --- errors ---

# A file is corrupt if SQLite reports that, or if a value cannot be decoded. One that is too new,
# locked, read-only, or on a full or failing disk is not: to quarantine it would not help.
_CORRUPT_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NOT_UTF8 = "Could not decode to UTF-8"  # an error of Python's sqlite3 that has no code
_REBUILD_NOTE = (
    "it is damaged: the next `feedpub build` or `feedpub run` moves it aside and rebuilds it "
    "from the published feeds, whose entries keep their ids"
)
_LOCKED_ADVICE = "another process has locked it: wait for it, or stop it"
_ADVICE = {
    sqlite3.SQLITE_BUSY: _LOCKED_ADVICE,
    sqlite3.SQLITE_LOCKED: _LOCKED_ADVICE,
    sqlite3.SQLITE_READONLY: PERMISSION_ADVICE,
    sqlite3.SQLITE_CANTOPEN: PERMISSION_ADVICE,
    sqlite3.SQLITE_PERM: PERMISSION_ADVICE,
    sqlite3.SQLITE_FULL: SPACE_ADVICE,
    sqlite3.SQLITE_IOERR: DISK_ADVICE,
}


@contextmanager
def wrap_sqlite_errors(path: Path) -> Iterator[None]:
    """Raise errors of SQLite and the system, with advice, as StoreError or CorruptStateError."""
    try:
        with wrap_system_errors(path):
            yield
    except ColumnDecodeError as error:
        raise corrupt_state_error(path, str(error)) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise _store_error(path, cause or error) from error
    except UnicodeEncodeError as error:  # the caller's text cannot be stored in any database
        raise StoreError(f"{path}: {error}") from error


def corrupt_state_error(path: Path, reason: str) -> CorruptStateError:
    """Return the error for a corrupt file."""
    return CorruptStateError(f"{path}: {reason}; {_REBUILD_NOTE}", reason)


def _store_error(path: Path, cause: BaseException) -> StoreError:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the other bytes are details
    if code in _CORRUPT_CODES or str(cause).startswith(_NOT_UTF8):
        return corrupt_state_error(path, str(cause))
    return StoreError(format_problem(path, cause, _ADVICE.get(code)))


class ReadWriteLock:
    """A lock that many threads can share, or one can hold exclusively.

    A thread that waits for exclusive access does not block others, because a thread that shares the
    lock may acquire it again. A thread with exclusive access may share it as well.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sharing: dict[int, int] = {}  # thread → how many times it has acquired the lock
        self._exclusive: int | None = None

    @property
    def is_held_here(self) -> bool:
        """True if this thread holds the lock in either mode."""
        me = threading.get_ident()
        with self._changed:
            return me in self._sharing or self._exclusive == me

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Share the lock during the block."""
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._exclusive in (None, me))
            self._sharing[me] = self._sharing.get(me, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._sharing[me] -= 1
                if not self._sharing[me]:
                    del self._sharing[me]
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock exclusively during the block. The thread must not share it already."""
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: not self._sharing and self._exclusive is None)
            self._exclusive = me
        try:
            yield
        finally:
            with self._changed:
                self._exclusive = None
                self._changed.notify_all()
