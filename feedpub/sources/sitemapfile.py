"""One sitemap file: bytes → the addresses or further sitemaps in it. Urlsets, indexes, news and text sitemaps."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from feedpub.decode import decode_html
from feedpub.errors import ExtractError, NothingFound
from feedpub.languages import normalise
from feedpub.model import Item, Page
from feedpub.sources.addresses import absolute
from feedpub.sources.dates import parse_date
from feedpub.sources.doctype import without_doctype
from feedpub.sources.kinds import EMPTY, FEED, GZIP, SITEMAP, TEXT, kind
from feedpub.sources.markup import clean

MAX_BYTES = 52_428_800  # unpacked; what sitemaps.org allows
_GZIP_WINDOW = 31  # zlib's word for "a gzip file"


@dataclass(frozen=True, slots=True)
class Child:
    """A sitemap that an index names, and when it last changed, where it says so."""

    url: str
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What stands in one sitemap file, in its order: articles, or further sitemaps."""

    items: tuple[Item, ...] = ()
    children: tuple[Child, ...] = ()


def parse(page: Page) -> Sitemap:
    """The content of a sitemap file, unpacked where it is gzipped. Raises ExtractError where it is none."""
    what = kind(page)
    if what == GZIP:
        return parse(replace(page, body=_unpack(page), content_type=""))
    if what == EMPTY:
        raise NothingFound("the sitemap is empty", page.url)
    if what == SITEMAP:
        return _read_xml(page)
    if what == TEXT:
        return _read_xml(page) if decode_html(page.body[:100]).lstrip().startswith("<") else _read_lines(page)
    hint = '; use type = "feed"' if what == FEED else ""
    raise ExtractError(f"expected a sitemap, found {what}{hint}", page.url)


def _unpack(page: Page) -> bytes:
    unpacker = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        body = unpacker.decompress(page.body, MAX_BYTES + 1)
    except zlib.error as error:
        raise ExtractError(f"the gzipped sitemap is broken: {error}", page.url) from error
    if len(body) > MAX_BYTES:
        raise ExtractError(f"the sitemap is larger than {MAX_BYTES >> 20} MB when unpacked", page.url)
    if not unpacker.eof:
        raise ExtractError("the gzipped sitemap is cut off", page.url)
    return body


def _read_lines(page: Page) -> Sitemap:
    """A text sitemap: one address a line."""
    lines = decode_html(page.body, page.charset).split()
    urls = [url for line in lines if line.startswith(("http://", "https://")) and (url := absolute(line, page.url))]
    if not urls:
        raise ExtractError("expected a sitemap, found plain text without addresses", page.url)
    return Sitemap(items=tuple(Item(url=url) for url in urls))


def _read_xml(page: Page) -> Sitemap:
    items, children = list[Item](), list[Child]()
    try:
        for node in _nodes(without_doctype(decode_html(page.body, page.charset))):
            url = absolute(_text(node, "loc"), page.url)
            if url and _name(node) == "url":
                items.append(_item(node, url))
            elif url:
                children.append(Child(url, parse_date(_text(node, "lastmod"))))
    except etree.XMLSyntaxError as error:
        raise ExtractError(f"the sitemap is not XML that can be read: {error.msg}", page.url) from error
    except UnicodeDecodeError as error:  # a name that refers to half of a surrogate pair
        raise ExtractError("the sitemap is not XML that can be read: a name in it is no text", page.url) from error
    return Sitemap(tuple(items), tuple(children))


def _nodes(text: str) -> Iterator[etree._Element]:
    """Every `<url>` and `<sitemap>`, whatever its namespace; each is forgotten once it has been looked at."""
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
    keywords = (clean(word) for word in _text(news, "keywords").split(","))
    return Item(
        url=url,
        title=_text(news, "title"),
        published=parse_date(_text(news, "publication_date")),
        updated=parse_date(modified),
        categories=tuple(dict.fromkeys(filter(None, keywords))),
        language=normalise(_text(publication, "language")),
        version=f"{modified} {_text(news, 'title')}".strip(),
    )


def _text(node: etree._Element, name: str) -> str:
    return next((clean(child.text or "") for child in node if _name(child) == name), "")


def _name(node: etree._Element) -> str:
    """The local name; "" for comments and entities."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
