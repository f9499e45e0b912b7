"""What goes wrong with the database file, told with what there is to do: the one boundary where it becomes ours.

Damage is what SQLite calls corrupt or no database, and a value that does not read as what it was written as. A file
that is newer, locked, read-only, unreadable, or on a full or failing disk is not damaged, and setting it aside would
help nobody.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from feedpub.errors import DamagedError, StoreError
from feedpub.store.columns import UnreadableError

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
def explained(path: Path) -> Iterator[None]:
    """Raise what goes wrong in the block with the file at a path, or with its folder, as StoreError or DamagedError."""
    try:
        yield
    except UnreadableError as error:
        raise damaged(path, str(error)) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise _of_sqlite(path, cause or error) from error
    except OSError as error:
        advice = _SYSTEM_ADVICE.get(error.errno or 0)
        raise StoreError(_said(path, error, advice)) from error
    except UnicodeEncodeError as error:  # a text that no database holds: the caller's, and no damage
        raise StoreError(f"{path}: {error}") from error


def damaged(path: Path, reason: str) -> DamagedError:
    """What is raised of a file at a path that is damaged."""
    return DamagedError(f"{path}: {reason}; {DAMAGED}", reason)


def _of_sqlite(path: Path, cause: BaseException) -> StoreError:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind, the rest the details
    if code in _DAMAGES or str(cause).startswith(_NOT_UTF8):
        return damaged(path, str(cause))
    return StoreError(_said(path, cause, _ADVICE.get(code)))


def _said(path: Path, cause: BaseException, advice: str | None) -> str:
    return f"{path}: {cause}; {advice}" if advice else f"{path}: {cause}"
