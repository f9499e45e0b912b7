"""One sitemap file.

Bytes → the addresses or further sitemaps in it. Urlsets, indexes, news and text sitemaps.
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
from feedpub.core.urls import absolute_url
from feedpub.sources.base import DocumentReader
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.markup import clean_text
from feedpub.sources.sniff import EMPTY, FEED, GZIP, SITEMAP, TEXT, detect_type, strip_doctype

MAX_BYTES = 52_428_800  # unpacked; what sitemaps.org allows
_GZIP_WINDOW = 31  # zlib's word for "a gzip file"


@dataclass(frozen=True, slots=True)
class ChildSitemap:
    """A sitemap that an index names, and when it last changed, where it says so."""

    url: str
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What stands in one sitemap file, in its order: articles, or further sitemaps."""

    items: tuple[Item, ...] = ()
    children: tuple[ChildSitemap, ...] = ()


def parse_sitemap(page: Page) -> Sitemap:
    """The content of a sitemap file, unpacked where it is gzipped.

    Raises ExtractError where it is none.
    """
    what = detect_type(page)
    if what == GZIP:
        return parse_sitemap(replace(page, body=_unpack(page), content_type=""))
    if what == EMPTY:
        raise NoContentError("the sitemap is empty", page.url)
    if what == SITEMAP:
        return _read_xml(page)
    if what == TEXT:
        return (
            _read_xml(page)
            if decode_html(page.body[:100]).lstrip().startswith("<")
            else _read_lines(page)
        )
    hint = '; use type = "feed"' if what == FEED else ""
    raise ExtractError(f"expected a sitemap, found {what}{hint}", page.url)


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
    """A text sitemap: one address a line."""
    lines = decode_html(page.body, page.charset).split()
    urls = [
        url
        for line in lines
        if line.startswith(("http://", "https://")) and (url := absolute_url(line, page.url))
    ]
    if not urls:
        raise ExtractError("expected a sitemap, found plain text without addresses", page.url)
    return Sitemap(items=tuple(Item(url=url) for url in urls))


def _read_xml(page: Page) -> Sitemap:
    items, children = list[Item](), list[ChildSitemap]()
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
    except UnicodeDecodeError as error:  # a name that refers to half of a surrogate pair
        raise ExtractError(
            "the sitemap is not XML that can be read: a name in it is no text", page.url
        ) from error
    return Sitemap(tuple(items), tuple(children))


def _nodes(text: str) -> Iterator[etree._Element]:
    """Every `<url>` and `<sitemap>`, whatever its namespace.

    Each is forgotten once it has been looked at.
    """
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
        if (parent := node.getparent()) is not None:
            del parent[: parent.index(node)]


def _item(node: etree._Element, url: str) -> Item:
    modified = _text(node, "lastmod")
    news = next((child for child in node if _name(child) == "news"), None)
    if news is None:
        return Item(url=url, updated=parse_date(modified), version=modified)
    publication = next((child for child in news if _name(child) == "publication"), news)
    keywords = (clean_text(word) for word in _text(news, "keywords").split(","))
    return Item(
        url=url,
        title=_text(news, "title"),
        published=parse_date(_text(news, "publication_date")),
        updated=parse_date(modified),
        categories=tuple(dict.fromkeys(filter(None, keywords))),
        language=normalize_language(_text(publication, "language")),
        version=f"{modified} {_text(news, 'title')}".strip(),
    )


def _text(node: etree._Element, name: str) -> str:
    return next((clean_text(child.text or "") for child in node if _name(child) == name), "")


def _name(node: etree._Element) -> str:
    """The local name; "" for comments and entities."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


# SECTION: A sitemap, or an index of sitemaps → the addresses in it, the newest first.

MOST_FILES = 50  # that one look reads
MOST_ADDRESSES = 200_000  # that one look considers
_UNDATED = datetime.min.replace(tzinfo=UTC)
_log = logging.getLogger(__name__)


def read_sitemap(
    source: SitemapSource, documents: DocumentReader, *, limit: int
) -> tuple[Item, ...]:
    """The articles of a sitemap and of those that it names: by news date or lastmod, undated ones last, in their order.

    Of an index only as many sitemaps are read, those with the newest lastmod first, as it takes to
    be sure of `limit` articles. One that fails does not lose the others.

    Raises:
        FetchError, ExtractError: the sitemap, or every one that an index names, cannot be had or
            read; as NoContentError: there are no articles in it, or none that `include` and `exclude`
            leave.
    """
    newest = _Newest(source, limit)
    failures = _read_files(source, documents, newest)
    if not newest.listed:
        raise failures[0] if failures else NoContentError("the sitemap has no entries", source.url)
    if not newest.items:
        raise NoContentError(
            f"`include` and `exclude` leave none of the sitemap's {pluralize(newest.listed, 'address', 'addresses')}",
            source.url,
        )
    for failure in failures:
        _log.info("left out of %s: %s", source.url, failure)
    return newest.items


@dataclass
class _Newest:
    """The newest addresses that a source asks for, of all that it was shown.

    Attributes:
        listed: how many it was shown.
        articles: those that may be articles; all that are asked for by `include`.
        others: archives by tag, sign-in and the like: taken where a site has nothing else.
    """

    source: SitemapSource
    limit: int
    listed: int = 0
    articles: tuple[Item, ...] = ()
    others: tuple[Item, ...] = ()

    def show(self, items: Sequence[Item]) -> None:
        """Consider what stands in one more file."""
        self.listed += len(items)
        asked_for = [item for item in items if _is_asked_for(item.url or "", self.source)]
        articles = [
            item for item in asked_for if self.source.include or may_be_article(item.url or "")
        ]
        taken = {item.url for item in articles}
        self.articles = _newest_first([*self.articles, *articles], self.limit)
        self.others = _newest_first(
            [*self.others, *(i for i in asked_for if i.url not in taken)], self.limit
        )

    @property
    def items(self) -> tuple[Item, ...]:
        return self.articles or self.others

    def is_final(self, next_file: ChildSitemap) -> bool:
        """True where nothing in a further file can be newer than what we have."""
        if len(self.items) < self.limit:
            return False
        oldest = _date(self.items[-1])
        return oldest == _UNDATED or (
            next_file.modified is not None and oldest >= next_file.modified
        )


def _read_files(
    source: SitemapSource, documents: DocumentReader, newest: _Newest
) -> list[SourceError]:
    """Read as many files as it takes.

    What failed is returned, but for the first file's failure, which is raised.
    """
    first = documents.read(source.url, parse_sitemap)
    newest.show(first.items)
    failures, waiting, seen = list[SourceError](), _by_change(first.children), {source.url}
    while (
        waiting
        and len(seen) < MOST_FILES
        and newest.listed < MOST_ADDRESSES
        and not newest.is_final(waiting[0])
    ):
        child = waiting.pop(0)
        if child.url in seen:
            continue
        seen.add(child.url)
        try:
            part = documents.read(child.url, parse_sitemap)
        except SourceError as error:
            failures.append(error)
            continue
        newest.show(part.items)
        waiting = _by_change([*waiting, *part.children])
    return failures


def _is_asked_for(url: str, source: SitemapSource) -> bool:
    """True for what the patterns take; never for a home page."""
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query:
        return False
    included = not source.include or any(matches_url(pattern, url) for pattern in source.include)
    return included and not any(matches_url(pattern, url) for pattern in source.exclude)


def _newest_first(items: Iterable[Item], limit: int) -> tuple[Item, ...]:
    unique: dict[str | None, Item] = {}
    for item in sorted(items, key=_date, reverse=True):
        unique.setdefault(item.url, item)
    return tuple(islice(unique.values(), limit))


def _by_change(children: Iterable[ChildSitemap]) -> list[ChildSitemap]:
    return sorted(children, key=lambda child: child.modified or _UNDATED, reverse=True)


def _date(item: Item) -> datetime:
    return item.published or item.updated or _UNDATED
