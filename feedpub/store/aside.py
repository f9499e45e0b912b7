"""A damaged database file is set aside, never deleted: perhaps somebody can read more of it than SQLite does."""

import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

COMPANIONS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file, named after it
_MARK = ".damaged-"


def set_aside(path: Path, now: datetime) -> Path:
    """Rename a database file, with what SQLite keeps beside it, to a name that nothing has: "….damaged-<UTC time>".

    The file itself comes last: as long as it has its name, what belongs to it can be set aside once more; and what were
    left behind would be taken for a new file's own. To be called by one process at a time. Raises OSError.
    """
    target = _unused(path, now)
    for suffix in (*COMPANIONS, ""):
        part = path.with_name(f"{path.name}{suffix}")
        if part.exists():
            part.rename(target.with_name(f"{target.name}{suffix}"))
    _flush(path.parent)
    return target


def lying_aside(path: Path) -> tuple[Path, ...]:
    """The files that were set aside from a path, oldest first. Raises OSError."""
    found = path.parent.glob(f"{path.name}{_MARK}*") if path.parent.is_dir() else ()
    return tuple(sorted(file for file in found if not file.name.endswith(COMPANIONS)))


def _unused(path: Path, now: datetime) -> Path:
    stem = f"{path.name}{_MARK}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    names = (stem if n == 1 else f"{stem}-{n}" for n in count(1))
    taken = {file.name for file in path.parent.glob(f"{stem}*")}
    return path.with_name(next(name for name in names if not taken & {f"{name}{s}" for s in ("", *COMPANIONS)}))


def _flush(folder: Path) -> None:
    """See that the new names are on the disk before a new file takes the old one."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
