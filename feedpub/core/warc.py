"""Read web archives (WARC): the pages in them, and the files that belong to a page.

Archives come from any crawler. Their sizes are limited by what is read, not by what they declare.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedpub.core.errors import ExtractError
from feedpub.core.models import Page
from feedpub.core.urls import resolve_link

SUFFIXES = (".warc", ".warc.gz")
MAX_ARCHIVE_BYTES = 200_000_000
MAX_RECORDS = 20_000
MAX_RECORD_BYTES = 8_000_000  # of a page or picture, decompressed
MAX_READ_BYTES = 400_000_000  # of all of them, decompressed
_OK = "200"
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
# The library has an AttributeError for a record without a URL, and an OverflowError for a length
# of more than 63 bits.
_FORMAT_ERRORS = (AttributeError, EOFError, OverflowError, ValueError, zlib.error)


@dataclass(frozen=True, slots=True)
class ArchivedResponse:
    """A response with status 200 in an archive.

    Attributes:
        page: its URL, content type, charset and body.
        date: when it was fetched, as the archive states it.
    """

    page: Page
    date: str

    @property
    def is_web_page(self) -> bool:
        """Return True if it is HTML."""
        return self.page.content_type in _PAGE_TYPES


def is_web_archive(path: Path) -> bool:
    """Return True if a file's name is that of a web archive."""
    return path.name.lower().endswith(SUFFIXES)


def list_archived_pages(path: Path) -> list[str]:
    """Return the URLs of the pages in an archive, in its order, each once.

    Raises:
        ExtractError: the archive cannot be read.
    """
    pages = (response for response in iter_responses(path) if response.is_web_page)
    return list(dict.fromkeys(response.page.url for response in pages))


def iter_responses(path: Path) -> Iterator[ArchivedResponse]:
    """Yield the pages and pictures in an archive that were fetched with status 200.

    Raises:
        ExtractError: the archive cannot be read, or is too large.
    """
    # The library is slow to import, and few folders have archives.
    from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]  # noqa: PLC0415
    from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            reason = f"larger than {MAX_ARCHIVE_BYTES // 1_000_000} MB"
            raise ExtractError(reason, str(path))
        with path.open("rb") as file:
            yield from _iter_records(ArchiveIterator(file), path)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise ExtractError(reason, str(path)) from error
    except (ArchiveLoadFailed, *_FORMAT_ERRORS) as error:
        reason = f"the web archive is damaged: {' '.join(str(error).split())[:100]}"
        raise ExtractError(reason, str(path)) from error


def _iter_records(records: Iterable[Any], path: Path) -> Iterator[ArchivedResponse]:
    remaining_bytes = MAX_READ_BYTES
    for number, record in enumerate(records):
        if number == MAX_RECORDS or remaining_bytes <= 0:
            raise ExtractError("the web archive has too many records", str(path))
        headers = record.http_headers
        if record.rec_type != "response" or headers is None or headers.get_statuscode() != _OK:
            continue
        address = record.rec_headers.get_header("WARC-Target-URI") or ""
        url = resolve_link(address.strip("<>"), "")
        if url is None:
            continue
        content_type = headers.get_header("Content-Type") or ""
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type not in _PAGE_TYPES and not media_type.startswith("image/"):
            continue
        body = record.content_stream().read(MAX_RECORD_BYTES)
        remaining_bytes -= len(body)
        charset = content_type.lower().partition("charset=")[2].strip("\"' ") or None
        page = Page(url, body, media_type, charset)
        yield ArchivedResponse(page, record.rec_headers.get_header("WARC-Date") or "")
