"""List the mails of a Maildir, an mbox, .eml files or an IMAP mailbox, the newest first.

A mail is identified by its Message-ID, wherever it is stored. Only the headers are read here, in
another process; `read_local_message` and the mailbox return a mail as a whole. An empty mailbox is
not a failure: the first issue of a newsletter may be yet to come.
"""

import mmap
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.config import MailSource
from feedpub.core.errors import ExtractError
from feedpub.core.mail import HEADER_NAMES, MAX_MAIL_BYTES, MailHeaders, parse_mail_headers
from feedpub.core.models import Item, MessagePlace
from feedpub.core.patterns import matches_glob
from feedpub.sources.document import DocumentReader

if TYPE_CHECKING:
    from feedpub.fetch import MessageHead

MAX_SCANNED_MESSAGES = 2_000  # to find those that the filters select
MAX_MBOX_BYTES = 500_000_000  # from its end
_MAX_HEAD_BYTES = 65_536
_MBOX_START = re.compile(rb"(?:\A|\n\r?\n)From [^\n]{1,500}+\n")
_QUOTED_START = re.compile(rb"^>(>*+From )", re.MULTILINE)  # as an mbox requires
_MAILDIR_PARTS = ("new", "cur")
_OLDEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MailFilter:
    """The patterns of a source, in lower case; a mail has to match one of them, if there are any.

    Attributes:
        senders: globs of addresses.
        lists: globs of list ids.
    """

    senders: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    def admits(self, headers: MailHeaders) -> bool:
        """Return True if a mail is to be listed."""
        if not self.senders and not self.lists:
            return True
        if any(matches_glob(glob, headers.list_id) for glob in self.lists):
            return True
        for address in headers.addresses:
            if any(matches_glob(glob, address) for glob in self.senders):
                return True
        return False


def read_mail(source: MailSource, documents: DocumentReader, *, limit: int) -> tuple[Item, ...]:
    """Return the newest mails that the filters select, at most `limit`.

    Raises:
        FetchError: the server cannot be reached, refuses the login, or has no such mailbox.
        ExtractError: the files cannot be read.
    """
    chosen = MailFilter(tuple(map(str.lower, source.from_)), tuple(map(str.lower, source.list_id)))
    if source.path is not None:
        items = documents.executor.call(
            source.address, list_local_messages, source.path, chosen, limit
        )
    else:
        items = _list_mailbox(source.address, documents, chosen, limit)
    return tuple(items)


def _list_mailbox(
    url: str, documents: DocumentReader, chosen: MailFilter, limit: int
) -> list[Item]:
    items: list[Item] = []
    scanned = 0
    with documents.open_mailbox(url) as mailbox:
        for heads in mailbox.read_heads(HEADER_NAMES):
            items += documents.executor.call(url, list_heads, heads, chosen)
            scanned += len(heads)
            if len(items) >= limit or scanned >= MAX_SCANNED_MESSAGES:
                break
    return sort_items(items)[:limit]


def list_heads(heads: "Iterable[MessageHead]", chosen: MailFilter) -> list[Item]:
    """Return the messages that a filter selects, by their headers."""
    items: list[Item] = []
    for head in heads:
        headers = parse_mail_headers(head.head)
        if chosen.admits(headers):
            items.append(_make_item(headers, MessagePlace(head.place, head.is_read)))
    return items


def sort_items(items: Iterable[Item]) -> list[Item]:
    """Return mails in the order of their dates, the newest first."""
    return sorted(items, key=lambda item: item.published or _OLDEST, reverse=True)


def _make_item(headers: MailHeaders, message: MessagePlace) -> Item:
    return Item(
        url=None,
        title=headers.title,
        authors=headers.authors,
        published=headers.published,
        guid=headers.message_id,
        source_name=headers.list_name or next(iter(headers.authors), ""),
        message=message,
    )


# --- files ---


def list_local_messages(path: Path, chosen: MailFilter, limit: int) -> list[Item]:
    """Return the newest messages below a path that a filter selects, at most `limit`.

    Raises:
        ExtractError: the path cannot be read, or is neither a folder nor a file of mails.
    """
    try:
        heads = list(islice(_iter_heads(path), MAX_SCANNED_MESSAGES))
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise ExtractError(reason, error.filename or str(path)) from error
    return sort_items(list_heads(heads, chosen))[:limit]


def read_local_message(path: Path, place: str) -> bytes:
    """Return a message below a path, or its first MAX_MAIL_BYTES.

    Args:
        path: the path of the source.
        place: as listed.

    Raises:
        ExtractError: the message cannot be read, or is gone.
    """
    try:
        if place.startswith("mbox:"):
            start, _, end = place.removeprefix("mbox:").partition("-")
            size = min(int(end) - int(start), MAX_MAIL_BYTES)
            return _QUOTED_START.sub(rb"\1", _read_part(path, size, int(start)))
        return _read_part(_find_file(path, place), MAX_MAIL_BYTES)
    except OSError as error:
        reason = f"the mail cannot be read: {error.strerror}"
        raise ExtractError(reason, error.filename or str(path)) from error


def _iter_heads(path: Path) -> "Iterator[MessageHead]":
    """Yield the headers of each message, the newest files first."""
    from feedpub.fetch import MessageHead

    if not path.is_dir():
        yield from _iter_file_heads(path)
        return
    is_maildir = any((path / part).is_dir() for part in _MAILDIR_PARTS)
    files = _iter_maildir(path) if is_maildir else _iter_eml_files(path)
    newest = sorted(files, key=lambda file: (file[0].stat().st_mtime, file[1]), reverse=True)
    for file, place, is_read in newest:
        yield MessageHead(place, is_read, _read_part(file, _MAX_HEAD_BYTES))


def _iter_maildir(path: Path) -> Iterator[tuple[Path, str, bool]]:
    """Yield each file of a Maildir, its unique name and whether it was read.

    The name stays the same when a program moves the file from new/ to cur/. Deleted messages are
    left out.
    """
    for part in _MAILDIR_PARTS:
        if not (path / part).is_dir():
            continue
        for entry in os.scandir(path / part):
            name, _, flags = entry.name.partition(":2,")
            is_message = entry.is_file(follow_symlinks=False) and not name.startswith(".")
            if is_message and "T" not in flags:
                yield Path(entry.path), name, "S" in flags


def _iter_eml_files(path: Path) -> Iterator[tuple[Path, str, bool]]:
    os.scandir(path).close()  # glob ignores a folder that cannot be read
    for file in path.rglob("*"):
        place = file.relative_to(path)
        is_hidden = any(part.startswith(".") for part in place.parts)
        is_mail = file.suffix.lower() == ".eml" and file.is_file() and not file.is_symlink()
        if is_mail and not is_hidden:
            yield file, place.as_posix(), False


def _iter_file_heads(path: Path) -> "Iterator[MessageHead]":
    """Yield the headers of each message in an mbox, the last one first, or in one .eml file."""
    from feedpub.fetch import MessageHead

    with path.open("rb") as file:
        if not path.stat().st_size:
            return
        if file.read(5) != b"From ":
            head = _read_part(path, _MAX_HEAD_BYTES)
            if b":" not in head.partition(b"\n")[0]:
                raise ExtractError("is neither an mbox nor a mail", str(path))
            yield MessageHead("", is_read=False, head=head)
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            begin = max(0, len(content) - MAX_MBOX_BYTES)
            bounds = [found.span() for found in _MBOX_START.finditer(content, begin)]
            ends = [start for start, _ in bounds[1:]] + [len(content)]
            for (_, start), end in reversed(list(zip(bounds, ends, strict=True))):
                head = content[start : min(end, start + _MAX_HEAD_BYTES)]
                yield MessageHead(f"mbox:{start}-{end}", is_read=False, head=head)


def _find_file(path: Path, place: str) -> Path:
    """Return the file of a message; in a Maildir, it may have other flags than when it was listed.

    Raises:
        FileNotFoundError: it is gone.
    """
    if not place:
        return path
    if (path / place).is_file():
        return path / place
    for part in _MAILDIR_PARTS:
        if (path / part).is_dir():
            for name in os.listdir(path / part):  # noqa: PTH208 -- a Maildir may be large
                if name.partition(":2,")[0] == place:
                    return path / part / name
    raise FileNotFoundError(2, "it is gone", str(path / place))


def _read_part(path: Path, size: int, start: int = 0) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)
