"""List the saved articles of a folder: one item for each file, or each page of a web archive.

Other files are read for their digests only; the cleaner reads their content.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from feedpub.config import FolderSource
from feedpub.core import warc
from feedpub.core.dates import parse_date
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item
from feedpub.sources.document import DocumentReader

SUFFIXES = (".txt", ".md", ".html", ".htm", ".mhtml", ".mht", *warc.SUFFIXES)
_DATED = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_/]?([01]\d)[-_/]?([0-3]\d)(?!\d)")


def read_folder(source: FolderSource, documents: DocumentReader, *, limit: int) -> tuple[Item, ...]:
    """Return the saved articles of a folder, the newest first.

    The date is the day in a file's name, or else the day of its last change. Files of one day are
    sorted by name: a fresh checkout writes all files within a second, in any order.

    Raises:
        ExtractError: the folder cannot be read.
        NoContentError: it has no saved articles.
    """
    folder = str(source.path)
    try:
        files = sorted(_files(source.path, source.glob), key=lambda path: _order(path, source.path))
        if not files:
            raise NoContentError(f"no {', '.join(SUFFIXES)} files match {source.glob!r}", folder)
        items: list[Item] = []
        for path in files:
            if len(items) >= limit:
                break
            items += _list_file(path, documents)
        return tuple(items[:limit])
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", error.filename or folder) from error


def _list_file(path: Path, documents: DocumentReader) -> Iterator[Item]:
    """Yield the articles of a file. One without pages is reported when it is read."""
    urls: list[str] = []
    if warc.is_web_archive(path):
        with suppress(ExtractError):
            urls = documents.executor.call(str(path), warc.list_archived_pages, path)
    version = file_digest(path)
    for url in urls or (None,):
        yield Item(url=url, path=str(path), version=version)


def _files(folder: Path, glob: str) -> Iterator[Path]:
    """Yield the articles below a folder, without hidden files and symlinks out of it."""
    os.scandir(folder).close()  # glob ignores a missing folder
    home = folder.resolve()
    for path in folder.glob(glob):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.name.lower().endswith(SUFFIXES) and _is_file_below(path, home):
            yield path


def _is_file_below(path: Path, home: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(home)
    except OSError:  # reported when the file is read
        return True


def _order(path: Path, folder: Path) -> tuple[int, str]:
    name = path.relative_to(folder).as_posix()
    match = _DATED.search(path.name) or _DATED.search(name)
    day = parse_date("-".join(match.groups())) if match else None
    day = day or _changed(path)
    return -day.toordinal(), name


def _changed(path: Path) -> datetime:
    """Return the time of a file's last change, or the earliest date if it is unknown."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return datetime.min.replace(tzinfo=UTC)


def file_digest(path: Path) -> str:
    """Return the digest of a file's content; "" if it cannot be read, which is reported later."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
