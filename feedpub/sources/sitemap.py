"""Read sitemaps: urlsets, indexes, news sitemaps and text files, also gzipped.

Of an index, only as many sitemaps are fetched as the newest articles require.
"""

import io
import logging
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from feedpub.config import SitemapSource
from feedpub.core.dates import parse_date
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError, SourceError
from feedpub.core.languages import normalize_language
from feedpub.core.models import Item, Page
from feedpub.core.patterns import matches_url
from feedpub.core.text import pluralize
from feedpub.core.urls import absolute_url, is_web_url
from feedpub.sources.document import (
    EMPTY,
    FEED,
    GZIP,
    SITEMAP,
    TEXT,
    DocumentReader,
    detect_type,
    strip_doctype,
)
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.markup import clean_text

MAX_BYTES = 52_428_800  # unpacked; the limit of sitemaps.org
MAX_FILES = 50  # for one listing
MAX_ADDRESSES = 200_000  # for one listing

_GZIP_WINDOW = 31  # makes zlib expect a gzip file
_UNDATED = datetime.min.replace(tzinfo=UTC)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChildSitemap:
    """A sitemap that an index names, with its lastmod if there is one."""

    url: str
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The content of one file, in its order: articles, or further sitemaps."""

    items: tuple[Item, ...] = ()
    children: tuple[ChildSitemap, ...] = ()


# --- the listing ---


def read_sitemap(
    source: SitemapSource, documents: DocumentReader, *, limit: int
) -> tuple[Item, ...]:
    """Return the newest articles of a sitemap and of the sitemaps that it names.

    They are sorted by news date or lastmod; undated ones come last. Sitemaps of an index are read
    by lastmod, the newest first, until `limit` articles are certain. A failed one is skipped.

    Raises:
        FetchError: the sitemap, or each that an index names, cannot be fetched.
        ExtractError: it cannot be read.
        NoContentError: it has no articles, or `include` and `exclude` leave none.
    """
    newest = _Newest(source, limit)
    failures = _read_files(source, documents, newest)
    if not newest.listed:
        raise failures[0] if failures else NoContentError("the sitemap has no entries", source.url)
    if not newest.items:
        count = pluralize(newest.listed, "address", "addresses")
        raise NoContentError(
            f"`include` and `exclude` leave none of the sitemap's {count}", source.url
        )
    for failure in failures:
        _log.info("left out of %s: %s", source.url, failure)
    return newest.items


@dataclass
class _Newest:
    """The newest articles of a source so far.

    Attributes:
        listed: the number of addresses so far.
        articles: addresses that may be articles, or that `include` takes.
        others: archives by tag, sign-in and the like, for a site that has nothing else.
    """

    source: SitemapSource
    limit: int
    listed: int = 0
    articles: tuple[Item, ...] = ()
    others: tuple[Item, ...] = ()

    def add(self, items: Sequence[Item]) -> None:
        """Consider the items of one more file."""
        self.listed += len(items)
        articles, others = list(self.articles), list(self.others)
        for item in items:
            url = item.url or ""
            if not _is_selected(url, self.source):
                continue
            if self.source.include or may_be_article(url):
                articles.append(item)
            else:
                others.append(item)
        self.articles = _newest_first(articles, self.limit)
        self.others = _newest_first(others, self.limit)

    @property
    def items(self) -> tuple[Item, ...]:
        return self.articles or self.others

    def is_final(self, next_file: ChildSitemap) -> bool:
        """Return True if no further file can have anything newer."""
        if len(self.items) < self.limit:
            return False
        oldest = _date(self.items[-1])
        if oldest == _UNDATED:
            return True
        return next_file.modified is not None and oldest >= next_file.modified


def _read_files(
    source: SitemapSource, documents: DocumentReader, newest: _Newest
) -> list[SourceError]:
    """Read as many files as needed, and return the failures of all but the first, which raises."""
    first = documents.read(source.url, parse_sitemap)
    newest.add(first.items)
    failures: list[SourceError] = []
    waiting = _by_change(first.children)
    seen = {source.url}
    while waiting and len(seen) < MAX_FILES and newest.listed < MAX_ADDRESSES:
        if newest.is_final(waiting[0]):
            break
        child = waiting.pop(0)
        if child.url in seen:
            continue
        seen.add(child.url)
        try:
            part = documents.read(child.url, parse_sitemap)
        except SourceError as error:
            failures.append(error)
            continue
        newest.add(part.items)
        waiting = _by_change([*waiting, *part.children])
    return failures


def _is_selected(url: str, source: SitemapSource) -> bool:
    """Apply `include` and `exclude`; a home page is never selected."""
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query:
        return False
    if source.include and not _matches_any(source.include, url):
        return False
    return not _matches_any(source.exclude, url)


def _matches_any(patterns: Iterable[str], url: str) -> bool:
    return any(matches_url(pattern, url) for pattern in patterns)


def _newest_first(items: Iterable[Item], limit: int) -> tuple[Item, ...]:
    unique: dict[str | None, Item] = {}
    for item in sorted(items, key=_date, reverse=True):
        unique.setdefault(item.url, item)
    return tuple(islice(unique.values(), limit))


def _by_change(children: Iterable[ChildSitemap]) -> list[ChildSitemap]:
    return sorted(children, key=lambda child: child.modified or _UNDATED, reverse=True)


def _date(item: Item) -> datetime:
    return item.published or item.updated or _UNDATED


# --- one file ---


def parse_sitemap(page: Page) -> Sitemap:
    """Return the content of a sitemap file.

    Raises:
        ExtractError: it is not a sitemap.
    """
    found = detect_type(page)
    if found == GZIP:
        return parse_sitemap(replace(page, body=_unpack(page), content_type=""))
    if found == EMPTY:
        raise NoContentError("the sitemap is empty", page.url)
    if found == SITEMAP:
        return _read_xml(page)
    if found == TEXT:
        is_xml = decode_html(page.body[:100]).lstrip().startswith("<")
        return _read_xml(page) if is_xml else _read_lines(page)
    hint = '; use type = "feed"' if found == FEED else ""
    raise ExtractError(f"expected a sitemap, found {found}{hint}", page.url)


def _unpack(page: Page) -> bytes:
    unpacker = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        body = unpacker.decompress(page.body, MAX_BYTES + 1)
    except zlib.error as error:
        raise ExtractError(f"the gzipped sitemap is broken: {error}", page.url) from error
    if len(body) > MAX_BYTES:
        raise ExtractError(
            f"the sitemap is larger than {MAX_BYTES >> 20} MB when unpacked", page.url
        )
    if not unpacker.eof:
        raise ExtractError("the gzipped sitemap is cut off", page.url)
    return body


def _read_lines(page: Page) -> Sitemap:
    """Read a text sitemap: one address a line."""
    items: list[Item] = []
    for line in decode_html(page.body, page.charset).split():
        url = absolute_url(line, page.url)
        if url and is_web_url(line):
            items.append(Item(url=url))
    if not items:
        raise ExtractError("expected a sitemap, found plain text without addresses", page.url)
    return Sitemap(items=tuple(items))


def _read_xml(page: Page) -> Sitemap:
    items: list[Item] = []
    children: list[ChildSitemap] = []
    try:
        for node in _nodes(strip_doctype(decode_html(page.body, page.charset))):
            url = absolute_url(_text(node, "loc"), page.url)
            if url and _name(node) == "url":
                items.append(_item(node, url))
            elif url:
                children.append(ChildSitemap(url, parse_date(_text(node, "lastmod"))))
    except etree.XMLSyntaxError as error:
        raise ExtractError(
            f"the sitemap is not XML that can be read: {error.msg}", page.url
        ) from error
    except UnicodeDecodeError as error:  # half a surrogate pair in a name
        raise ExtractError(
            "the sitemap is not XML that can be read: a name in it is not text", page.url
        ) from error
    return Sitemap(tuple(items), tuple(children))


def _nodes(text: str) -> Iterator[etree._Element]:
    """Yield each `<url>` and `<sitemap>` of any namespace, and free it afterwards."""
    events = etree.iterparse(
        io.BytesIO(text.encode("utf-8", "replace")),
        encoding="utf-8",
        tag=("{*}url", "{*}sitemap"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
    )
    for _, node in events:
        yield node
        node.clear()
        parent = node.getparent()
        if parent is not None:
            del parent[: parent.index(node)]


def _item(node: etree._Element, url: str) -> Item:
    modified = _text(node, "lastmod")
    picture, news = _child(node, "image"), _child(node, "news")
    image = None if picture is None else absolute_url(_text(picture, "loc"), url)
    if news is None:
        return Item(url=url, updated=parse_date(modified), version=modified, image=image)
    publication = _child(news, "publication")
    if publication is None:
        publication = news
    keywords = map(clean_text, _text(news, "keywords").split(","))
    return Item(
        url=url,
        title=_text(news, "title"),
        published=parse_date(_text(news, "publication_date")),
        updated=parse_date(modified),
        categories=tuple(dict.fromkeys(filter(None, keywords))),
        language=normalize_language(_text(publication, "language")),
        version=f"{modified} {_text(news, 'title')}".strip(),
        source_name=_text(publication, "name"),
        image=image,
    )


def _child(node: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in node if _name(child) == name), None)


def _text(node: etree._Element, name: str) -> str:
    child = _child(node, name)
    return "" if child is None else clean_text(child.text or "")


def _name(node: etree._Element) -> str:
    """Return the local name; "" for comments and entities."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
