"""Fuzz documents and archived pages: PDF, EPUB, Word, OpenDocument, MHTML, SingleFile and notes."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from feedpub.cleaner.archived_pages import (
    extract_archived,
    pictures_of_file,
    read_archived_page,
    read_html_with_pictures,
    read_mhtml,
)
from feedpub.cleaner.documents import article_from_document
from feedpub.cleaner.markdown import translate_wiki_markdown
from feedpub.core import warc
from feedpub.core.models import Item, Page
from feedpub.publisher.names import is_publishable
from tests.fuzz.oracle import PAGE, check_article
from tests.fuzz.target import BYTES, LINES, MARKUP, Target, text
from tests.support.documents import make_docx, make_epub, make_odt, make_pdf
from tests.support.saved_pages import make_mhtml, make_png, write_warc

_HOME = Path(__file__).parents[3]
_KINDS = _HOME / "tests" / "zoo" / "kinds"
_BASE = "https://feeds.example.org/news/"
_TOKENS = re.compile(rb"\d+|/\w+|[^\w\s]|\w+|\s+")


def read_pdf(data: bytes) -> None:
    """Extract a PDF."""
    page = Page(PAGE, b"%PDF-1.4\n" + data)
    check_article(article_from_document(page, Item(PAGE, title="Download")))


def read_office(data: bytes) -> None:
    """Extract a document with the given XML; its first byte selects the format."""
    markup = text(data[1:]).encode("utf-8", "replace").decode()
    made = (
        make_docx(markup),
        make_odt(markup),
        make_epub([markup[: len(markup) // 2], markup[len(markup) // 2 :]]),
        data,
    )
    body = made[data[0] % len(made)] if data else b"PK\3\4"
    check_article(article_from_document(Page(f"{PAGE}.docx", body)))


def read_archived(data: bytes) -> None:
    """Extract an MHTML file, a page with pictures in its HTML, and a web archive."""
    check_article(extract_archived(read_html_with_pictures(text(data)), _BASE, None))
    check_article(extract_archived(read_mhtml(data), _BASE, None))


def read_web_archive(data: bytes) -> None:
    """Extract the pages of a web archive, and its pictures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crawl.warc"
        path.write_bytes(data)
        for url in warc.list_archived_pages(path):
            page = read_archived_page(path, url)
            names = frozenset(filter(None, page.pictures.values()))
            assert all(map(is_publishable, names))
            assert pictures_of_file(path, names).keys() == names
            check_article(extract_archived(page, _BASE, None))


def translate_note(data: bytes) -> None:
    """Translate a note to plain Markdown."""
    translate_wiki_markdown(text(data), lambda _: None)


def _pdfs() -> Iterator[bytes]:
    yield make_pdf([[(770, 16, "Minutes"), (735, 11, "The council met."), (36, 8, "Page 1 of 1")]])
    for file in sorted(_KINDS.rglob("*.pdf")):
        yield file.read_bytes()


def _office_files() -> Iterator[bytes]:
    yield b"\0<w:p><w:r><w:t>Text</w:t></w:r></w:p><w:tbl><w:tr><w:tc/></w:tr></w:tbl>"
    yield b'\1<text:h text:outline-level="1">Text</text:h><text:p>More<text:s/></text:p>'
    yield b"\2<h1>Chapter</h1><p>Text <img src='a.png'/></p><a href='b.xhtml'>b</a>"
    for file in sorted((_KINDS / "office-files").rglob("*.*t*")):
        if file.is_file():
            yield b"\3" + file.read_bytes()


def _archived() -> Iterator[bytes]:
    html = '<html><body><h1>Moss</h1><p>Moss is green.</p><img src="a.png"></body></html>'
    yield make_mhtml("https://roofs.example/", html, {"https://roofs.example/a.png": make_png(1)})
    for file in sorted(_KINDS.glob("saved-*/files/saved/*.*htm*")):
        yield file.read_bytes()


def _web_archives() -> Iterator[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crawl.warc"
        html = b'<html><body><h1>Moss</h1><p>Moss is green.</p><img src="a.png"></body></html>'
        write_warc(
            path,
            [
                ("https://roofs.example/", "200 OK", "text/html", html),
                ("https://roofs.example/a.png", "200 OK", "image/png", make_png(1)),
            ],
        )
        yield path.read_bytes()


def _notes() -> Iterator[bytes]:
    for file in sorted(_KINDS.glob("obsidian-vault/files/**/*.md")):
        yield file.read_bytes()


TARGETS = (
    Target("pdf", read_pdf, "numbers", _TOKENS, 4000, _pdfs),
    Target("office", read_office, "xml", MARKUP, 4000, _office_files),
    Target("archived", read_archived, "mail", LINES, 6000, _archived),
    Target("web-archive", read_web_archive, "http", BYTES, 4000, _web_archives),
    Target("note", translate_note, "prose", LINES, 4000, _notes),
)
