"""Restrict a database file to its owner. It contains what sites sent, and URLs with passwords."""

import errno
import shlex
import stat
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ENTER = stat.S_IXGRP | stat.S_IXOTH
# The file belongs to another user, or the disk is read-only.
_CANNOT_CHANGE = (errno.EPERM, errno.EACCES, errno.EROFS)


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


def find_exposures(path: Path) -> tuple[str, ...]:
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
