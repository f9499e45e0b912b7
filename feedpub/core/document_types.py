"""Recognise files that are documents instead of web pages: PDF, EPUB, Word and OpenDocument.

Servers often name a wrong type, or none: the file's own first bytes count as well.
"""

from dataclasses import replace
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from feedpub.core.models import Enclosure, Item, Page


class DocumentType(StrEnum):
    """A type of document: its suffix in addresses."""

    PDF = "pdf"
    EPUB = "epub"
    DOCX = "docx"
    ODT = "odt"


MEDIA_TYPES = {
    DocumentType.PDF: "application/pdf",
    DocumentType.EPUB: "application/epub+zip",
    DocumentType.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    DocumentType.ODT: "application/vnd.oasis.opendocument.text",
}
_TYPES_BY_MEDIA_TYPE = {media_type: name for name, media_type in MEDIA_TYPES.items()}
_TYPES_BY_MEDIA_TYPE["application/x-pdf"] = DocumentType.PDF
_ZIP_START = b"PK\x03\x04"
_MAX_JUNK_BYTES = 1024  # before a PDF's first line


def document_type_of_url(url: str | None) -> DocumentType | None:
    """Return the type of document that an address names by its suffix; None for others."""
    try:
        path = unquote(urlsplit(url or "").path)
    except ValueError:
        return None
    suffix = PurePosixPath(path).suffix.lower().removeprefix(".")
    return DocumentType(suffix) if suffix in {*DocumentType} else None


def document_type_of_page(page: Page) -> DocumentType | None:
    """Return the type of document that a response is; None if it is a page, or anything else."""
    if b"%PDF-" in page.body[:_MAX_JUNK_BYTES] and not page.body.lstrip().startswith(b"<"):
        return DocumentType.PDF
    if not page.body.startswith(_ZIP_START):
        return None
    if named := _TYPES_BY_MEDIA_TYPE.get(page.content_type):
        return named
    for name in (DocumentType.EPUB, DocumentType.ODT):  # the first member of both is their type
        if page.body.startswith(b"mimetype" + MEDIA_TYPES[name].encode(), 30):
            return name
    return document_type_of_url(page.url)


def with_document_enclosure(item: Item, page: Page | None = None) -> Item:
    """Return an item with the document that it links to as an enclosure.

    Args:
        item: the listed item.
        page: the response at its URL; None if it was not fetched. Without it, the suffix of the URL
            counts, and the length is 0.
    """
    name = document_type_of_page(page) if page else document_type_of_url(item.url)
    known = tuple(each for each in item.enclosures if each.url != item.url)
    if name is None or not item.url:
        return item if page is None else replace(item, enclosures=known)
    length = len(page.body) if page else 0
    own = Enclosure(item.url, MEDIA_TYPES[name], length)
    return replace(item, enclosures=(own, *known))
