"""What a feed calls itself.

The title in its head, of RSS, RDF, Atom or JSON Feed; nothing else of it.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser  # type: ignore[import-untyped]
from lxml import etree

from feedpub.core.dates import as_item_date, parse_date
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError
from feedpub.core.languages import normalize_language
from feedpub.core.models import Enclosure, Item, Page
from feedpub.core.urls import MAX_URL_CHARS, absolute_url
from feedpub.sources.markup import (
    absolutize_links,
    clean_text,
    is_markup,
    text_to_paragraphs,
    to_text,
)
from feedpub.sources.sniff import JSON, detect_type, strip_doctype


def feed_title(page: Page) -> str:
    """The title on one line; "" where the feed has none, or is none."""
    return _of_json(page) if detect_type(page) == JSON else _of_xml(page)


def _of_json(page: Page) -> str:
    try:
        feed = json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):  # said by those who read the entries
        return ""
    title = feed.get("title") if isinstance(feed, dict) else None
    return clean_text(title) if isinstance(title, str) else ""


def _of_xml(page: Page) -> str:
    text = strip_doctype(decode_html(page.body, page.charset)).encode("utf-8", "replace")
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8"
    )
    try:
        root = etree.fromstring(text, parser)
        if root is None:
            return ""
        head = next((child for child in root if _name(child) == "channel"), root)
        title = next((child for child in head if _name(child) == "title"), None)
        return to_text("".join(map(str, title.itertext()))) if title is not None else ""
    except (etree.XMLSyntaxError, ValueError):  # as in `pace`
        return ""


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


# SECTION: RSS 0.9x to 2.0, RDF and Atom: bytes → items, through feedparser. Nothing is fetched,
# nothing sanitised here.
#
# feedparser is given no address to start from, so that what it leaves relative can be resolved as
# each format has it:
# from xml:base, else from the page that an RSS feed belongs to, or from an Atom feed's own
# address.

LONG = 600  # characters: a description that is longer is the content
MOST_DIGITS = 15  # of an enclosure's length

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Feed:
    """What a feed's entries have from the feed: where addresses start, a language, authors."""

    base: str
    language: str | None
    authors: tuple[str, ...]


def feed_entries(page: Page) -> list[Item]:
    """The entries of a feed, those without an address too.

    Raises ExtractError where the document is no feed.
    """
    parsed = _parse(page)
    head: Node = parsed["feed"]
    atom = parsed["version"].startswith("atom")
    home = absolute_url(_text(head, "link"), page.url) or page.url
    feed = _Feed(
        page.url if atom else home,
        normalize_language(_text(head, "language")),
        _authors(head) if atom else (),
    )
    return [_item(entry, feed) for entry in parsed["entries"]]


def _parse(page: Page) -> Node:
    text = strip_doctype(decode_html(page.body, page.charset))
    try:
        parsed: Node = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:  # no list of what feedparser raises on hostile bytes is complete
        raise ExtractError(
            f"the feed cannot be read ({type(error).__name__}: {error})", page.url
        ) from error
    if not parsed.get("version") and not parsed.get("entries"):
        why = f" ({parsed['bozo_exception']})" if "bozo_exception" in parsed else ""
        raise ExtractError(f"expected a feed, found a text that is none{why}", page.url)
    return parsed


def _item(entry: Node, feed: _Feed) -> Item:
    url = _link(entry, feed.base)
    title = _plain(_node(entry, "title_detail"))
    updated = _date(entry, "updated")
    description, content = _texts(entry, url or feed.base)
    return Item(
        url=url,
        title=title,
        authors=_authors(entry) or feed.authors,
        published=_date(entry, "published"),
        updated=updated,
        summary=description,
        html=content,
        categories=tuple(dict.fromkeys(filter(None, map(_category, _nodes(entry, "tags"))))),
        enclosures=tuple(_enclosures(entry, feed.base)),
        image=next(_images(entry, feed.base), None),
        language=_language(entry) or feed.language,
        version=f"{updated.isoformat() if updated else ''} {title}".strip(),
        guid=_text(entry, "id").strip(),
    )


def _link(entry: Node, base: str) -> str | None:
    """The article's address.

    Before a proxy's came in between, the link, or an id that is an address.
    """
    guid = _text(entry, "id")
    links = [_text(entry, "feedburner_origlink"), _text(entry, "link"), guid]
    found = (absolute_url(link, base) for link in links if link != guid or _on_the_web(link))
    return next(filter(None, found), None) or next(
        (link[: MAX_URL_CHARS + 1] for link in links if _too_long(link)), None
    )


def _on_the_web(link: str) -> bool:
    return link.startswith(("http://", "https://"))


def _too_long(link: str) -> bool:
    """It cannot be asked for, but whoever tries says why."""
    return len(link) > MAX_URL_CHARS and _on_the_web(link)


def _texts(entry: Node, base: str) -> tuple[str, str]:
    """The description as text and the content as HTML; a long description alone is the content."""
    summary = _node(entry, "summary_detail")
    bodies = [_marked(part, base) for part in _nodes(entry, "content")]
    content = max(bodies, key=len, default="")
    description = _plain(summary)
    if content:
        return ("" if to_text(content) == description else description), content
    if len(description) > LONG:
        return "", _marked(summary, base)
    return description, _marked(summary, base) if is_markup(_text(summary, "value")) else ""


def _marked(detail: Node, base: str) -> str:
    value = _text(detail, "value")
    if _text(detail, "type") == "text/plain" and not is_markup(value):
        return text_to_paragraphs(value)
    return absolutize_links(value, absolute_url(_text(detail, "base"), base) or base)


def _plain(detail: Node) -> str:
    value = _text(detail, "value")
    return (
        clean_text(value)
        if _text(detail, "type") == "text/plain" or not is_markup(value)
        else to_text(value)
    )


def _date(entry: Node, name: str) -> datetime | None:
    """The date, by our own rules.

    Feedparser knows those of feeds with months in Greek, Hungarian or Korean.
    """
    text = _text(entry, name)
    parts = (
        dict.get(entry, f"{name}_parsed")
        if isinstance(entry, dict) and not text.isascii()
        else None
    )
    if not parts:
        return parse_date(text)
    year, month, day, hour, minute, second = parts[:6]
    return as_item_date(
        datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    )  # there is a 60th


def _authors(node: Node) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            name for person in _nodes(node, "authors") if (name := to_text(_text(person, "name")))
        )
    )


def _category(tag: Node) -> str:
    return to_text(_text(tag, "label") or _text(tag, "term"))


def _language(entry: Node) -> str | None:
    details = (_node(entry, name) for name in ("title_detail", "summary_detail"))
    return next(
        (
            language
            for detail in details
            if (language := normalize_language(_text(detail, "language")))
        ),
        None,
    )


def _enclosures(entry: Node, base: str) -> Iterator[Enclosure]:
    for link in _nodes(entry, "links"):
        if _text(link, "rel") == "enclosure" and (url := absolute_url(_text(link, "href"), base)):
            length = _text(link, "length")
            size = int(length) if length.isdecimal() and len(length) <= MOST_DIGITS else 0
            yield Enclosure(url, _text(link, "type") or Enclosure(url).type, size)


def _images(entry: Node, base: str) -> Iterator[str]:
    media = [m for m in _nodes(entry, "media_content") if _is_image(m)] + _nodes(
        entry, "media_thumbnail"
    )
    addresses = [_text(node, "url") for node in media]
    addresses += [_text(_node(entry, "image"), "href")]
    addresses += [link.url for link in _enclosures(entry, base) if link.type.startswith("image/")]
    return filter(None, (absolute_url(address, base) for address in addresses))


def _is_image(media: Node) -> bool:
    return _text(media, "medium") == "image" or _text(media, "type").startswith("image/")


# feedparser's dictionaries answer for keys that they do not have; these look at what is there.


def _text(node: Node, name: str) -> str:
    value = dict.get(node, name) if isinstance(node, dict) else None
    return value if isinstance(value, str) else ""


def _node(node: Node, name: str) -> Node:
    value = dict.get(node, name) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def _nodes(node: Node, name: str) -> list[Node]:
    value = dict.get(node, name) if isinstance(node, dict) else None
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
