"""A damaged database file is set aside, never deleted.

Perhaps somebody can read more of it than SQLite does.
"""

import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import UTC, datetime
from itertools import count
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
from feedpub.store.permissions import find_exposures, make_private

COMPANIONS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file, named after it
_MARK = ".damaged-"


def quarantine(path: Path, now: datetime) -> Path:
    """Rename a database file, with what SQLite keeps beside it, to a name that nothing has: "….damaged-<UTC time>".

    The file itself comes last: as long as it has its name, what belongs to it can be set aside once
    more; and what were
    left behind would be taken for a new file's own. To be called by one process at a time. Raises
    OSError.
    """
    target = _unused(path, now)
    for suffix in (*COMPANIONS, ""):
        part = path.with_name(f"{path.name}{suffix}")
        if part.exists():
            part.rename(target.with_name(f"{target.name}{suffix}"))
    _flush(path.parent)
    return target


def quarantined_files(path: Path) -> tuple[Path, ...]:
    """The files that were set aside from a path, oldest first. Raises OSError."""
    found = path.parent.glob(f"{path.name}{_MARK}*") if path.parent.is_dir() else ()
    return tuple(sorted(file for file in found if not file.name.endswith(COMPANIONS)))


def _unused(path: Path, now: datetime) -> Path:
    stem = f"{path.name}{_MARK}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    names = (stem if n == 1 else f"{stem}-{n}" for n in count(1))
    taken = {file.name for file in path.parent.glob(f"{stem}*")}
    return path.with_name(
        next(name for name in names if not taken & {f"{name}{s}" for s in ("", *COMPANIONS)})
    )


def _flush(folder: Path) -> None:
    """See that the new names are on the disk before a new file takes the old one."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# SECTION: What goes wrong with the database file, told with what there is to do: the one boundary
# where it becomes ours.
#
# Damage is what SQLite calls corrupt or no database, and a value that does not read as what it
# was written as. A file
# that is newer, locked, read-only, unreadable, or on a full or failing disk is not damaged, and
# setting it aside would
# help nobody.

DAMAGED = (
    "it is damaged: the next `feedpub build` or `feedpub run` sets it aside and builds it anew "
    "from the published feeds, whose entries keep their ids"
)
_RIGHTS = "let the user that runs feedpub write to the file and its folder"
_BUSY = "another process holds it: wait for it, or end it"
_ROOM = "make room on the disk"
_DISK = "look at the disk, its free room and the limit on the size of files"
_DAMAGES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NOT_UTF8 = "Could not decode to UTF-8"  # Python's sqlite3, of a text; it gives that no code
_ADVICE = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _RIGHTS,
    sqlite3.SQLITE_CANTOPEN: _RIGHTS,
    sqlite3.SQLITE_PERM: _RIGHTS,
    sqlite3.SQLITE_FULL: _ROOM,
    sqlite3.SQLITE_IOERR: _DISK,
}
_SYSTEM_ADVICE = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _DISK,
    errno.EIO: _DISK,
}


@contextmanager
def wrap_sqlite_errors(path: Path) -> Iterator[None]:
    """Raise what goes wrong in the block with the file at a path, or with its folder, as StoreError or CorruptStateError."""
    try:
        yield
    except ColumnDecodeError as error:
        raise corrupt_state_error(path, str(error)) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise _of_sqlite(path, cause or error) from error
    except OSError as error:
        advice = _SYSTEM_ADVICE.get(error.errno or 0)
        raise StoreError(_said(path, error, advice)) from error
    except (
        UnicodeEncodeError
    ) as error:  # a text that no database holds: the caller's, and no damage
        raise StoreError(f"{path}: {error}") from error


def corrupt_state_error(path: Path, reason: str) -> CorruptStateError:
    """What is raised of a file at a path that is damaged."""
    return CorruptStateError(f"{path}: {reason}; {DAMAGED}", reason)


def _of_sqlite(path: Path, cause: BaseException) -> StoreError:
    code = (
        getattr(cause, "sqlite_errorcode", 0) & 0xFF
    )  # the low byte is the kind, the rest the details
    if code in _DAMAGES or str(cause).startswith(_NOT_UTF8):
        return corrupt_state_error(path, str(cause))
    return StoreError(_said(path, cause, _ADVICE.get(code)))


def _said(path: Path, cause: BaseException, advice: str | None) -> str:
    return f"{path}: {cause}; {advice}" if advice else f"{path}: {cause}"


# SECTION: A database file as it was opened: SQLite's connections to it, and which file it was.
#
# All that is SQLite's own stands here; the rest of the store is SQLAlchemy Core. A name may lead
# to another file
# meanwhile: a damaged one is set aside under a new name, a backup is put in its place.

FileIdentity: TypeAlias = tuple[int, int] | None
"""Which file has a name: its device and number there; None where none has."""


def file_identity(path: Path) -> FileIdentity:
    """Which file has the name now.

    Not by opening it: closing it again would undo SQLite's locks.
    """
    try:
        about = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return about.st_dev, about.st_ino


class OpenSqlite:
    """An open file, at the version of this code. Made by `at`."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.identity: FileIdentity = None
        self._path = path
        self._engine = engine
        self._writer = engine.execution_options(immediate=True)

    @classmethod
    def open_at(cls, path: Path, patience: float) -> Self:
        """Open the file at a path; one that is missing is made. For one process at a time.

        Raises:
            StoreError: a newer feedpub wrote it. What SQLite and the system raise is left to the
                caller.
        """
        opened = cls(path, _engine(path, patience))
        try:
            opened._migrate()
            opened.identity = file_identity(path)
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
        if file_identity(self._path) is None:
            self._path.touch(0o600)  # SQLite gives its log the rights that the file has
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute(
                "PRAGMA journal_mode = WAL"
            )  # readers beside a writer; the file remembers
        try:
            with self.transaction(writing=True) as connection:
                schema_repair.upgrade_schema(
                    connection, schema_repair.schema_version(connection), str(self._path)
                )
        except OperationalError as error:
            if (
                getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
            ):  # no such column, for example
                raise ColumnDecodeError(str(error.orig)) from error
            raise

    def _is_current(self) -> bool:
        """Say whether the tables are those of this code.

        Raises StoreError where a newer one made them.
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


@contextmanager
def exclusive_file(folder: Path) -> Iterator[None]:
    """One process at a time.

    SQLite itself does not wait for others when it makes a file ready for writers.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def backup_database(path: Path, target: Path) -> None:
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
    connection.isolation_level = (
        None  # we begin transactions ourselves: the driver begins them too late
    )
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once.

    One that began by reading could not wait for another writer.
    """
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


# SECTION: Who may be at work on an open database: transactions together, or one renewal alone.


class ReadWriteLock:
    """Lets many threads in together, or one alone. Thread-safe.

    Who waits to be alone keeps nobody out: a thread that is in may come in once more. The thread
    that is alone may come
    in as if it were with others.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: dict[int, int] = {}  # thread → how often it is in
        self._alone: int | None = None

    @property
    def is_held_here(self) -> bool:
        """Whether this thread is in, with others or alone."""
        me = threading.get_ident()
        with self._changed:
            return me in self._inside or self._alone == me

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Be in while others may be, too."""
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._alone in (None, me))
            self._inside[me] = self._inside.get(me, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._inside[me] -= 1
                if not self._inside[me]:
                    del self._inside[me]
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be in while nobody else is; a thread that is in already must not ask for it."""
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: not self._inside and self._alone is None)
            self._alone = me
        try:
            yield
        finally:
            with self._changed:
                self._alone = None
                self._changed.notify_all()


# SECTION: The state in a file: SQLite, and a file that may become another meanwhile.

FILE_NAME = "feedpub.sqlite"


class FileDatabase:
    """A database in a file: `Database`.

    Where another process has set the file aside, or somebody has put another one in its place, the
    next transaction is that one's.

    Args:
        path: the file, which only its owner may read; made where it is missing, in a folder that
            only its owner may enter.
        patience: seconds that a transaction waits for another process's.
        scratch: a folder that goes when the database is closed.
    """

    def __init__(
        self, path: Path, *, patience: float = 30.0, scratch: TemporaryDirectory[str] | None = None
    ) -> None:
        self.path = path
        self._patience = patience
        self._scratch = scratch
        self._gate = ReadWriteLock()
        self._file: OpenSqlite | None = None
        self._identity: FileIdentity = None  # of the file that is open, or could not be opened
        self._damaged: FileIdentity = None  # of the file that was last found to be damaged

    @classmethod
    def temporary(cls) -> Self:
        """An empty one to try things on; it is gone when it is closed."""
        scratch = TemporaryDirectory(prefix="feedpub-")
        return cls(Path(scratch.name, FILE_NAME), scratch=scratch)

    @classmethod
    def temporary_copy(cls, path: Path) -> Self:
        """A copy to try things on; it is gone when it is closed, and the original is only read."""
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
        """Open the file now. Raises StoreError; where that is CorruptStateError, `renew` helps."""
        with wrap_sqlite_errors(self.path), self._gate.exclusive():
            self._open()

    def close(self) -> None:
        """Close every connection; what was committed is on the disk already."""
        if self._file:
            self._file.close()
        if self._scratch:
            self._scratch.cleanup()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction that sees one state of things, and holds up no writer."""
        with self._transaction(writing=False) as connection:
            yield connection

    read_transaction = snapshot  # a transaction costs next to nothing here

    @contextmanager
    def write_transaction(self, turn: str = "") -> Iterator[Connection]:  # noqa: ARG002 -- SQLite has one writer at a time
        """A transaction that is on the disk when the block ends, or not at all when it raises."""
        with self._transaction(writing=True) as connection:
            yield connection

    def autocommit(self) -> AbstractContextManager[Connection]:
        """A transaction."""
        return self.write_transaction()

    def rebuild(self, fill: Callable[[Path], None]) -> Path | None:
        """Set the damaged file aside and go on with a new one; no transaction of this process is under way meanwhile.

        Args:
            fill: is told where the damaged file lies, and puts into the new one, by transactions of
                this database, what is known from elsewhere; others, in other processes too, see the
                file only afterwards.

        Returns:
            Where the damaged file lies now; None where it has been replaced already, by whomever.
        """
        with (
            wrap_sqlite_errors(self.path),
            self._gate.exclusive(),
            exclusive_file(self.path.parent),
        ):
            found = file_identity(self.path)
            aside = (
                quarantine(self.path, datetime.now(UTC))
                if found and found == self._damaged
                else None
            )
            self._reopen()
            if aside:
                fill(aside)
        return aside

    @contextmanager
    def feed_lock(self, name: str) -> Iterator[None]:
        """One at a time, of all threads and processes that work on this state under this name."""
        with ExitStack() as stack:
            with wrap_sqlite_errors(self.path):
                path = self.path.parent / f".{name}.lock"
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def check_lock(self) -> None:
        """Nothing can take a lock from a process that lives."""

    def quarantined_files(self) -> tuple[Path, ...]:
        """The damaged files that were set aside, oldest first. Raises StoreError."""
        with wrap_sqlite_errors(self.path.parent):
            return quarantined_files(self.path)

    def exposures(self) -> tuple[str, ...]:
        """Say which rights others have on the file and its folder, and how to take them away.

        Raises StoreError.
        """
        with wrap_sqlite_errors(self.path.parent):
            return find_exposures(self.path)

    def exists(self) -> bool:
        """Whether there is a file. Raises StoreError."""
        with wrap_sqlite_errors(self.path):
            return self.path.exists()

    def other_connections(self) -> int:
        """Unknown: a service has a lock of its own beside the file."""
        return 0

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        with wrap_sqlite_errors(self.path):
            self._follow()
        with self._gate.shared(), self._noticing_damage():
            assert self._file is not None  # noqa: S101 -- it has just been opened
            with self._file.transaction(writing=writing) as connection:
                yield connection

    @contextmanager
    def _noticing_damage(self) -> Iterator[None]:
        """Remember which file it was that is damaged.

        By the time of a renewal it may be another's turn.
        """
        try:
            with wrap_sqlite_errors(self.path):
                yield
        except CorruptStateError:
            self._damaged = self._identity
            raise

    def _follow(self) -> None:
        """Go on with the file that has the name now.

        Not in the middle of a transaction, or of a renewal.
        """
        if self._is_current() or self._gate.is_held_here:
            return
        with self._gate.exclusive():
            if not self._is_current():
                self._open()

    def _is_current(self) -> bool:
        return self._file is not None and file_identity(self.path) == self._identity

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive_file(self.path.parent):
            make_private(self.path)
            self._reopen()

    def _reopen(self) -> None:
        if self._file:
            self._file.close()
        self._file, self._identity = None, file_identity(self.path)
        with self._noticing_damage():
            self._file = OpenSqlite.open_at(self.path, self._patience)
        self._identity = self._file.identity
