"""The files of a state in a folder: their permissions, and the quarantine of corrupt ones.

This module needs no database library. Only the owner may read the files: they contain what sites
sent, and URLs with passwords.
"""

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TypeAlias

from feedpub.core.errors import StoreError

StatePlace: TypeAlias = Path | str
"""The location of a state.

A folder, or the address of a PostgreSQL database ("postgresql://…"), which may contain a password.
"""

FILE_NAME = "feedpub.sqlite"
COMPANIONS = ("-wal", "-shm", "-journal")  # suffixes of the files that SQLite keeps next to it

PERMISSION_ADVICE = "let the user that runs feedpub write to the file and its folder"
SPACE_ADVICE = "free some space on the disk"
DISK_ADVICE = "check the disk, its free space and the limit on file sizes"
_SYSTEM_ADVICE = {
    errno.EACCES: PERMISSION_ADVICE,
    errno.EPERM: PERMISSION_ADVICE,
    errno.EROFS: PERMISSION_ADVICE,
    errno.ENOSPC: SPACE_ADVICE,
    errno.EDQUOT: SPACE_ADVICE,
    errno.EFBIG: DISK_ADVICE,
    errno.EIO: DISK_ADVICE,
}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ENTER = stat.S_IXGRP | stat.S_IXOTH
# The file belongs to another user, or the disk is read-only.
_CANNOT_CHANGE = (errno.EPERM, errno.EACCES, errno.EROFS)


def find_exposures(state: StatePlace) -> tuple[str, ...]:
    """Describe the permissions that others have on a state, and how to remove them.

    Raises:
        StoreError: the permissions cannot be read.
    """
    if isinstance(state, str):
        return ()
    with wrap_system_errors(state):
        return _find_exposures(state / FILE_NAME)


def find_quarantined_files(state: StatePlace) -> tuple[Path, ...]:
    """Return the corrupt files of a state that were quarantined, oldest first.

    Raises:
        StoreError: the folder cannot be read.
    """
    if isinstance(state, str):
        return ()
    with wrap_system_errors(state):
        return quarantined_files(state / FILE_NAME)


@contextmanager
def wrap_system_errors(path: Path) -> Iterator[None]:
    """Raise errors of the system, with advice, as StoreError."""
    try:
        yield
    except OSError as error:
        advice = _SYSTEM_ADVICE.get(error.errno or 0)
        raise StoreError(format_problem(path, error, advice)) from error


def format_problem(path: Path, cause: BaseException, advice: str | None) -> str:
    """Return a message about a file: the cause, and advice if there is any."""
    return f"{path}: {cause}; {advice}" if advice else f"{path}: {cause}"


# --- permissions ---


def make_private(path: Path) -> None:
    """Restrict a database file, SQLite's files next to it and quarantined files to their owner.

    Files of another owner stay as they are; `find_exposures` names them.

    Raises:
        OSError: the disk fails.
    """
    for file in path.parent.glob(f"{path.name}*"):
        try:
            mode = file.stat().st_mode
            if stat.S_ISREG(mode) and mode & _OTHERS:
                file.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except FileNotFoundError:  # a log that another process has just deleted
            continue
        except OSError as error:
            if error.errno not in _CANNOT_CHANGE:
                raise


def _find_exposures(path: Path) -> tuple[str, ...]:
    """Describe the permissions that others have on a database file, and how to remove them.

    Raises:
        OSError: the permissions cannot be read.
    """
    folder = path.parent
    if not folder.is_dir():
        return ()
    exposures = []
    mode = folder.stat().st_mode
    if mode & (_WRITE | _ENTER):
        verb = "write to" if mode & _WRITE else "enter"
        advice = f"run chmod 700 {shlex.quote(str(folder))}"
        exposures.append(f"others can {verb} the state folder {folder}; {advice}")
    if path.is_file() and path.stat().st_mode & _OTHERS:
        advice = f"run chmod 600 {shlex.quote(str(path))} as its owner"
        exposures.append(f"others can read {path}; {advice}")
    return tuple(exposures)


# --- quarantine ---

_QUARANTINE_MARK = ".damaged-"


def quarantine(path: Path, now: datetime) -> Path:
    """Rename a corrupt database and SQLite's files next to it to unused names.

    The file is never deleted: other tools may read more of it than SQLite does. It is renamed last,
    so that an interrupted quarantine can be repeated. A log that stayed would be applied to a new
    database. One process at a time may call this.

    Returns:
        The new path: "….damaged-<UTC time>".

    Raises:
        OSError: a file cannot be renamed.
    """
    target = _unused_path(path, now)
    for suffix in (*COMPANIONS, ""):
        part = path.with_name(f"{path.name}{suffix}")
        if part.exists():
            part.rename(target.with_name(f"{target.name}{suffix}"))
    _flush_folder(path.parent)
    return target


def quarantined_files(path: Path) -> tuple[Path, ...]:
    """Return the files that were quarantined from a path, oldest first.

    Raises:
        OSError: the folder cannot be read.
    """
    if not path.parent.is_dir():
        return ()
    files = path.parent.glob(f"{path.name}{_QUARANTINE_MARK}*")
    return tuple(sorted(file for file in files if not file.name.endswith(COMPANIONS)))


def _unused_path(path: Path, now: datetime) -> Path:
    stem = f"{path.name}{_QUARANTINE_MARK}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    taken = {file.name for file in path.parent.glob(f"{stem}*")}
    for number in count(1):
        name = stem if number == 1 else f"{stem}-{number}"
        names = {f"{name}{suffix}" for suffix in ("", *COMPANIONS)}
        if not taken & names:
            break
    return path.with_name(name)


def _flush_folder(folder: Path) -> None:
    """Write the new names to the disk before a new file gets the old name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
