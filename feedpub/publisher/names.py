"""Validate the names of published files, and derive their types and feeds."""

import os
import posixpath
import re
from dataclasses import dataclass
from typing import Literal

from feedpub.core.errors import PublishError

_MAX_PART_BYTES = 255  # the limit of file systems

PART_PATTERN = re.compile(r"[^./\0][^/\0]*")
"""A part of a name: not hidden, and not "..". feedpub's own temporary files are hidden."""

NAME_RULES = (
    "no part of it may be empty, start with a dot, contain a NUL or be longer than "
    f"{_MAX_PART_BYTES} bytes"
)

_ARCHIVE = re.compile(r"\A(.+)-archive-[0-9]+")
_SHARED_STEMS = frozenset({"index", "feeds"})  # of files about all feeds
_FEED_SUFFIXES = frozenset({".rss", ".atom", ".json"})


@dataclass(frozen=True, slots=True)
class FileType:
    """The type of a file, by its suffix.

    Attributes:
        media_type: the value of Content-Type.
        role: a document for programs, a page for readers, or a picture in a page.
        compressed: True if compression reduces its size.
    """

    media_type: str
    role: Literal["document", "page", "picture"]
    compressed: bool = True


_TYPES = {
    ".rss": FileType("application/rss+xml; charset=utf-8", "document"),
    ".atom": FileType("application/atom+xml; charset=utf-8", "document"),
    ".json": FileType("application/feed+json; charset=utf-8", "document"),
    ".opml": FileType("text/x-opml; charset=utf-8", "document"),
    ".html": FileType("text/html; charset=utf-8", "page"),
    ".svg": FileType("image/svg+xml", "picture"),
    ".png": FileType("image/png", "picture", compressed=False),
    ".jpg": FileType("image/jpeg", "picture", compressed=False),
    ".jpeg": FileType("image/jpeg", "picture", compressed=False),
    ".gif": FileType("image/gif", "picture", compressed=False),
    ".webp": FileType("image/webp", "picture", compressed=False),
    ".avif": FileType("image/avif", "picture", compressed=False),
}


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that may exist in the output.

    Attributes:
        name: relative to the output.
        kind: its type.
        feed: the name of its feed; None for a file about all feeds.
        is_feed: True for a feed document or an archive of one.
        is_archive: True for an archive, which only changes with `base_url`.
    """

    name: str
    kind: FileType
    feed: str | None
    is_feed: bool
    is_archive: bool


def identify_file(name: str) -> OutputFile | None:
    """Return what a name reveals about a file; None if no such type is published."""
    first, *below = name.split("/")
    suffix = posixpath.splitext(name)[1]
    kind = _TYPES.get(suffix.lower())
    if kind is None:
        return None
    if below:
        return OutputFile(name, kind, first, is_feed=False, is_archive=False)
    stem = posixpath.splitext(first)[0]
    archive = _ARCHIVE.fullmatch(stem)
    feed: str | None = stem
    if archive:
        feed = archive[1]
    elif stem in _SHARED_STEMS:
        feed = None
    is_feed = suffix in _FEED_SUFFIXES
    return OutputFile(name, kind, feed, is_feed=is_feed, is_archive=archive is not None)


def is_publishable(name: str) -> bool:
    """Return True if a file may be published under this name, relative to the output."""
    for part in name.split("/"):
        if not PART_PATTERN.fullmatch(part) or len(os.fsencode(part)) > _MAX_PART_BYTES:
            return False
    return True


def split_name(name: str) -> tuple[tuple[str, ...], str]:
    """Split a name into its folders and its last part.

    Raises:
        PublishError: no file may be published under this name.
    """
    if not is_publishable(name):
        raise PublishError(
            f"{name!r} cannot be the name of a published file: it must lead into the output "
            f"folder, and {NAME_RULES}"
        )
    *parents, last = name.split("/")
    return tuple(parents), last
