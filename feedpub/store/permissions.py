"""Keep a database file to its owner.

It holds what sites sent, and addresses with the passwords in them.
"""

import errno
import shlex
import stat
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ENTER = stat.S_IXGRP | stat.S_IXOTH
_NOT_OURS = (
    errno.EPERM,
    errno.EACCES,
    errno.EROFS,
)  # another user's, or on a disk that nobody writes to


def make_private(path: Path) -> None:
    """Take all rights of others from a file, from what SQLite keeps beside it, and from what was set aside.

    Files of another owner stay as they are: `exposures` names them. Raises OSError where the disk
    fails.
    """
    for file in path.parent.glob(f"{path.name}*"):
        try:
            mode = file.stat().st_mode
            if stat.S_ISREG(mode) and mode & _OTHERS:
                file.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except FileNotFoundError:  # a log that another process has just removed
            continue
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise


def find_exposures(path: Path) -> tuple[str, ...]:
    """Say which rights others have on a database file and its folder, and how to take them away.

    Raises:
        OSError: they cannot be looked at.
    """
    folder, found = path.parent, []
    if not folder.is_dir():
        return ()
    rights = folder.stat().st_mode
    if rights & (_WRITE | _ENTER):
        what = "write to" if rights & _WRITE else "enter"
        found.append(
            f"others can {what} the state folder {folder}; run chmod 700 {shlex.quote(str(folder))}"
        )
    if path.is_file() and path.stat().st_mode & _OTHERS:
        found.append(f"others can read {path}; run chmod 600 {shlex.quote(str(path))} as its owner")
    return tuple(found)
