"""A folder of saved articles → one item a file.

Reads the files for their digests; what is in them is the cleaner's.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from feedpub.config import FolderSource
from feedpub.core.dates import parse_date
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item

SUFFIXES = (".txt", ".md", ".html", ".htm")
_DATED = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_/]?([01]\d)[-_/]?([0-3]\d)(?!\d)")


def read_folder(source: FolderSource, *, limit: int) -> tuple[Item, ...]:
    """The saved articles of a folder, the newest first.

    The day in a file's name counts, else the day it was last changed; files of one day stand by
    name. Finer would be chance: a fresh checkout writes all files within the same second, in any
    order.

    Raises:
        ExtractError: the folder cannot be read; as NoContentError: there are no saved articles in it.
    """
    folder = str(source.path)
    try:
        files = sorted(_files(source.path, source.glob), key=lambda path: _order(path, source.path))
        if not files:
            raise NoContentError(f"no {', '.join(SUFFIXES)} files match {source.glob!r}", folder)
        return tuple(_item(path) for path in files[:limit])
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", error.filename or folder) from error


def _files(folder: Path, glob: str) -> Iterator[Path]:
    """The articles below a folder: no hidden files, nothing that a symlink leads out to."""
    os.scandir(folder).close()  # glob is silent about a folder that is not there
    home = folder.resolve()
    for path in folder.glob(glob):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() in SUFFIXES and _is_file_below(path, home):
            yield path


def _is_file_below(path: Path, home: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(home)
    except OSError:  # its reader says why
        return True


def _order(path: Path, folder: Path) -> tuple[int, str]:
    name = path.relative_to(folder).as_posix()
    match = _DATED.search(path.name) or _DATED.search(name)
    day = parse_date("-".join(match.groups())) if match else None
    day = day or _changed(path)
    return -day.toordinal(), name


def _changed(path: Path) -> datetime:
    """Return when a file was last changed.

    The oldest date of all if nobody may know, or it is none.
    """
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return datetime.min.replace(tzinfo=UTC)


def _item(path: Path) -> Item:
    return Item(url=None, path=str(path), version=file_digest(path))


def file_digest(path: Path) -> str:
    """What differs once a file's text does.

    "" for a file that cannot be read, which its reader will say.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
