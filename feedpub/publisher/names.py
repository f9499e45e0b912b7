"""What a published file may be called, and what it is by its name.

A document, a page or a picture, of which feed.
"""

import os
import posixpath
import re
from dataclasses import dataclass
from typing import Literal

from feedpub.core.errors import PublishError

PART_PATTERN = re.compile(r"[^./\0][^/\0]*")
"""A part of a name: hidden files, ours among them, are never published, and none leads up."""

_MAX_PART_BYTES = 255  # what file systems take

NAME_RULES = f"no part of it may be empty, start with a dot, hold a NUL or be longer than {_MAX_PART_BYTES} bytes"

_ARCHIVE = re.compile(r"\A(.+)-archive-[0-9]+")
_ABOUT_ALL = frozenset({"index", "feeds"})  # the stems of what is about all feeds together
_SUBSCRIBED = frozenset({".rss", ".atom", ".json"})


@dataclass(frozen=True, slots=True)
class FileType:
    """What a file is by the ending of its name.

    Attributes:
        media_type: as Content-Type has it.
        role: a document that programs read, a page for people, or a picture in one.
        compressed: whether compression makes it smaller.
    """

    media_type: str
    role: Literal["document", "page", "picture"]
    compressed: bool = True


_KINDS = {
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
    """A file that may be there.

    Attributes:
        name: relative to the output folder.
        feed: the name of the feed it belongs to; None for what is about all of them.
        is_feed: it is what readers subscribe to, or an archive of that.
        is_archive: it is an archive, which changes only with `base_url`.
    """

    name: str
    kind: FileType
    feed: str | None
    is_feed: bool
    is_archive: bool


def identify_file(name: str) -> OutputFile | None:
    """What a file of that name is; None where it is of no kind that is published."""
    first, *below = name.split("/")
    ending = posixpath.splitext(name)[1]
    kind = _KINDS.get(ending.lower())
    if kind is None:
        return None
    stem = first if below else posixpath.splitext(first)[0]
    archive = None if below else _ARCHIVE.fullmatch(stem)
    feed = archive[1] if archive else None if stem in _ABOUT_ALL else stem
    return OutputFile(
        name,
        kind,
        feed,
        is_feed=not below and ending in _SUBSCRIBED,
        is_archive=archive is not None,
    )


def is_publishable(name: str) -> bool:
    """Return True if a file may be published under this name, relative to the output folder."""
    parts = name.split("/")
    return all(
        PART_PATTERN.fullmatch(part) and len(os.fsencode(part)) <= _MAX_PART_BYTES for part in parts
    )


def split_name(name: str) -> tuple[tuple[str, ...], str]:
    """A name's folders and its last part.

    Raises PublishError where no file may be published under the name.
    """
    *parents, last = name.split("/")
    if not is_publishable(name):
        raise PublishError(
            f"{name!r} cannot be the name of a published file: it must lead into the output folder, and {NAME_RULES}"
        )
    return tuple(parents), last
