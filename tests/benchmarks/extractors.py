"""Wrap each extractor of the comparison as a function from bytes and address to `Found`.

Extractors that are not installed are skipped; `pip install -e '.[bench]'` installs them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import lxml.html

import feedpub


@dataclass(frozen=True, slots=True)
class Found:
    """The result of an extractor; empty if it found nothing. `date` is YYYY-MM-DD."""

    text: str = ""
    title: str = ""
    authors: tuple[str, ...] = ()
    date: str = ""


Extractor = Callable[[bytes, str | None], Found]


def extract_with_feedpub(html: bytes, url: str | None) -> Found:
    """Run feedpub, through its public function."""
    article = feedpub.extract(html, url)
    published = article.published.date().isoformat() if article.published else ""
    return Found(article.text, article.title, article.authors, published)


def trafilatura(html: bytes, url: str | None) -> Found:
    """Run trafilatura, with metadata and without comments."""
    found = import_module("trafilatura").bare_extraction(
        html, url=url, with_metadata=True, include_comments=False
    )
    if found is None:
        return Found()
    authors = tuple(name.strip() for name in (found.author or "").split(";") if name.strip())
    return Found(found.text or "", found.title or "", authors, found.date or "")


def readability(html: bytes, url: str | None) -> Found:
    """Run readability-lxml, which extracts neither authors nor dates."""
    document = import_module("readability").Document(html, url=url)
    summary = document.summary(html_partial=True) or "<p></p>"
    lines = map(str.strip, map(str, lxml.html.fromstring(summary).itertext()))
    return Found("\n".join(filter(None, lines)), document.short_title() or "")


def newspaper(html: bytes, url: str | None) -> Found:
    """Run newspaper4k, without fetching pictures."""
    article = import_module("newspaper").Article(url or "https://example.org/", fetch_images=False)
    article.download(input_html=html.decode("utf-8", "replace"))
    article.parse()
    published = article.publish_date.date().isoformat() if article.publish_date else ""
    return Found(article.text or "", article.title or "", tuple(article.authors), published)


def resiliparse(html: bytes, _url: str | None) -> Found:
    """Return the main content as plain text from resiliparse, which extracts no metadata."""
    encoding = import_module("resiliparse.parse.encoding")
    text = encoding.bytes_to_str(html, encoding.detect_encoding(html))
    extract = import_module("resiliparse.extract.html2text").extract_plain_text
    return Found(extract(text, main_content=True, comments=False))


def bare_parse(html: bytes, _url: str | None) -> Found:
    """Parse the page with lxml and extract nothing.

    This is the minimum time of all extractors that use lxml.
    """
    lxml.html.document_fromstring(html)
    return Found()


OURS, YARDSTICK, PARSE = "feedpub", "trafilatura", "lxml parse"
_ALL: dict[str, tuple[str, Extractor]] = {  # by name: the package that it needs
    OURS: ("feedpub", extract_with_feedpub),
    YARDSTICK: ("trafilatura", trafilatura),
    "readability-lxml": ("readability", readability),
    "newspaper4k": ("newspaper", newspaper),
    "resiliparse": ("resiliparse", resiliparse),
    PARSE: ("lxml", bare_parse),
}


def installed_extractors() -> dict[str, Extractor]:
    """Return the installed extractors by name, feedpub first and the bare parse last."""
    return {name: extractor for name, (package, extractor) in _ALL.items() if find_spec(package)}


def missing_extractors() -> list[str]:
    """Return the names of the extractors that are not installed."""
    return [name for name, (package, _) in _ALL.items() if not find_spec(package)]
