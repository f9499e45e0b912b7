"""Which addresses stand for published files: those of known kinds in the output folder, and nothing else there."""

import errno
import os
import posixpath
import re
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from feedpub.publisher.folder import Folder

_PART = re.compile(r"[^./\0][^/\0]*")  # of an address: no hidden file, no way up
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})  # ELOOP: a symbolic link
_ARCHIVE = re.compile(r"(?P<feed>.+)-archive-[0-9]+")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is by the ending of its name.

    Attributes:
        media_type: as Content-Type has it.
        role: a document that programs read, a page for people, or a picture in one.
        compressed: whether compression makes it smaller.
    """

    media_type: str
    role: str
    compressed: bool = True


KINDS = {
    ".rss": Kind("application/rss+xml; charset=utf-8", "document"),
    ".atom": Kind("application/atom+xml; charset=utf-8", "document"),
    ".json": Kind("application/feed+json; charset=utf-8", "document"),
    ".opml": Kind("text/x-opml; charset=utf-8", "document"),
    ".html": Kind("text/html; charset=utf-8", "page"),
    ".svg": Kind("image/svg+xml", "picture"),
    ".png": Kind("image/png", "picture", compressed=False),
    ".jpg": Kind("image/jpeg", "picture", compressed=False),
    ".jpeg": Kind("image/jpeg", "picture", compressed=False),
    ".gif": Kind("image/gif", "picture", compressed=False),
    ".webp": Kind("image/webp", "picture", compressed=False),
    ".avif": Kind("image/avif", "picture", compressed=False),
}
FEEDS = frozenset({".rss", ".atom", ".json"})


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells one version of a file from another without reading it; times in nanoseconds."""

    inode: int
    size: int
    modified: int


def name_of(path: str) -> str | None:
    """The name of the file that an address stands for, whether there is one or not; None where none can be meant.

    Args:
        path: decoded, as in "/world.rss"; "/" is the page of all feeds.
    """
    name = path[1:] or "index.html"
    if not path.startswith("/") or kind_of(name) is None:
        return None
    return name if all(_PART.fullmatch(part) for part in name.split("/")) else None


def kind_of(name: str) -> Kind | None:
    """What a file of that name is; None for a kind that is never published."""
    return KINDS.get(posixpath.splitext(name)[1].lower())


def is_feed(name: str) -> bool:
    """Whether it is what readers subscribe to."""
    return "/" not in name and posixpath.splitext(name)[1] in FEEDS


def is_archive(name: str) -> bool:
    """Whether it is never written again."""
    return "/" not in name and _ARCHIVE.fullmatch(posixpath.splitext(name)[0]) is not None


def feed_of(name: str) -> str:
    """The feed that a file belongs to, by its name: the part before the ending, or the folder."""
    stem = posixpath.splitext(name.split("/", maxsplit=1)[0])[0]
    archive = _ARCHIVE.fullmatch(stem)
    return archive["feed"] if archive else stem


def look(root: Path, name: str) -> Signature | None:
    """The signature of a published file; None where no regular file has the name. Raises OSError."""
    with ExitStack() as stack:
        descriptor = _opened(root, name, stack)
        return None if descriptor is None else _signature(descriptor)


def read(root: Path, name: str) -> tuple[bytes, Signature] | None:
    """The bytes and the signature of one version of a published file; None where there is none. Raises OSError."""
    with ExitStack() as stack:
        descriptor = _opened(root, name, stack)
        signature = None if descriptor is None else _signature(descriptor)
        if descriptor is None or signature is None:
            return None
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read(), signature


def _opened(root: Path, name: str, stack: ExitStack) -> int | None:
    """A descriptor for as long as the stack lasts. No symbolic link is followed, whoever put one into the folder."""
    *parents, last = name.split("/")
    try:
        folder = Folder.root(root, stack)
        for parent in parents:
            folder = folder.child(parent, stack)
        # What is no file must not hold us up: a pipe blocks whoever opens it, until somebody writes to it.
        descriptor = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder.descriptor)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    stack.callback(os.close, descriptor)
    return descriptor


def _signature(descriptor: int) -> Signature | None:
    about = os.fstat(descriptor)
    return Signature(about.st_ino, about.st_size, about.st_mtime_ns) if stat.S_ISREG(about.st_mode) else None
