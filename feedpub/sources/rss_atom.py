"""Read RSS 0.9x to 2.0, RDF and Atom through feedparser.

Nothing is fetched or sanitised here. feedparser gets no base URL, so that relative links can be
resolved as each format defines it: from xml:base, from the page that an RSS feed belongs to, or
from an Atom feed's own URL.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from feedpub.core.dates import as_item_date, parse_date
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError
from feedpub.core.languages import normalize_language
from feedpub.core.models import Enclosure, Item, Page
from feedpub.core.urls import MAX_URL_CHARS, absolute_url, is_web_url
from feedpub.sources import feed_extensions
from feedpub.sources.document import JSON, detect_type, strip_doctype
from feedpub.sources.feed_extensions import EntryExtensions
from feedpub.sources.markup import (
    absolutize_links,
    clean_text,
    find_head,
    is_markup,
    local_name,
    read_xml,
    text_to_paragraphs,
    to_text,
)

MAX_DESCRIPTION_CHARS = 600  # a longer description is the content
MAX_LENGTH_DIGITS = 15  # of an enclosure

_MAIL_START = re.compile(r"[^\s@()<>]{1,64}@[^\s@()<>]{1,255}")

Node = Mapping[str, Any]


# --- the feed's title ---


def feed_title(page: Page) -> str:
    """Return a feed's title on one line; "" if it has none or is not a feed."""
    return _json_title(page) if detect_type(page) == JSON else _xml_title(page)


def _json_title(page: Page) -> str:
    try:
        feed = json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):  # reported when the entries are read
        return ""
    title = feed.get("title") if isinstance(feed, dict) else None
    return clean_text(title) if isinstance(title, str) else ""


def _xml_title(page: Page) -> str:
    text = strip_doctype(decode_html(page.body, page.charset)).encode("utf-8", "replace")
    return read_xml(text, _title_of, encoding="utf-8") or ""


def _title_of(root: etree._Element) -> str:
    title = next((child for child in find_head(root) if local_name(child) == "title"), None)
    return "" if title is None else to_text("".join(map(str, title.itertext())))


# --- its entries ---


@dataclass(frozen=True, slots=True)
class _FeedDefaults:
    """Values of the feed for entries without their own.

    Attributes:
        base: resolves relative links.
        title: the feed's title on one line.
        home: the page that it belongs to.
        rights: a text, or the URL of a licence.
    """

    base: str
    language: str | None
    authors: tuple[str, ...]
    title: str
    home: str
    rights: str


def feed_entries(page: Page) -> list[Item]:
    """Return the entries of a feed, including those without a URL.

    Raises:
        ExtractError: the document is not a feed.
    """
    text = strip_doctype(decode_html(page.body, page.charset))
    parsed = _parse(text, page.url)
    head: Node = parsed["feed"]
    is_atom = parsed["version"].startswith("atom")
    home = absolute_url(_text(head, "link"), page.url)
    defaults = _FeedDefaults(
        base=page.url if is_atom else home or page.url,
        language=normalize_language(_text(head, "language")),
        authors=_authors(head) if is_atom else (),
        title=_plain(_node(head, "title_detail")),
        home=home or "",  # not the feed's own URL, which may be private
        rights=_rights(head, page.url),
    )
    entries = parsed["entries"]
    extensions = feed_extensions.read_extensions(text, defaults.base)
    if len(extensions) != len(entries):  # a broken document, which feedparser reads in another way
        extensions = [EntryExtensions()] * len(entries)
    items = [_item(entry, defaults) for entry in entries]
    return list(map(_add_extensions, items, extensions))


def _parse(text: str, url: str) -> Node:
    import feedparser  # type: ignore[import-untyped]

    try:
        parsed: Node = feedparser.parse(
            io.BytesIO(feed_extensions.hide_extensions(text).encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:  # feedparser raises many kinds of errors on hostile bytes
        raise ExtractError(
            f"the feed cannot be read ({type(error).__name__}: {error})", url
        ) from error
    if not parsed.get("version") and not parsed.get("entries"):
        reason = f" ({parsed['bozo_exception']})" if "bozo_exception" in parsed else ""
        raise ExtractError(f"expected a feed, found a text that is not one{reason}", url)
    return parsed


def _item(entry: Node, feed: _FeedDefaults) -> Item:
    url = _link(entry, feed.base)
    title = _plain(_node(entry, "title_detail"))
    updated = _date(entry, "updated")
    description, content = _texts(entry, url or feed.base)
    source_name, source_url, rights = _origin(entry, feed)
    return Item(
        url=url,
        title=title,
        authors=_authors(entry) or feed.authors,
        published=_date(entry, "published"),
        updated=updated,
        summary=description,
        html=content,
        categories=_categories(entry),
        enclosures=tuple(_enclosures(entry, feed.base)),
        image=next(_images(entry, feed.base), None),
        language=_language(entry) or feed.language,
        version=f"{updated.isoformat() if updated else ''} {title}".strip(),
        guid=_text(entry, "id").strip(),
        source_name=source_name,
        source_url=source_url,
        rights=rights,
    )


def _categories(entry: Node) -> tuple[str, ...]:
    texts = [_text(tag, "label") or _text(tag, "term") for tag in _nodes(entry, "tags")]
    return tuple(dict.fromkeys(filter(None, map(to_text, texts))))


def _origin(entry: Node, feed: _FeedDefaults) -> tuple[str, str, str]:
    """Return the name, the page and the rights of an entry's source: its own, or else the feed."""
    rights = _rights(entry, feed.base)
    origin = _node(entry, "source")
    if not origin:
        return feed.title, feed.home, rights or feed.rights
    page = absolute_url(_text(origin, "href") or _text(origin, "link"), feed.base)
    return to_text(_text(origin, "title")) or feed.title, page or "", rights


def _add_extensions(item: Item, extensions: EntryExtensions) -> Item:
    """Return an item with its media and podcast elements; they never replace a text of its own."""
    media, html = extensions.media, item.html
    if not html and not item.summary:
        html = _described(extensions)
    if html or not item.summary:
        html += feed_extensions.figures(media, html)
    files = item.enclosures
    if not any(file.type.startswith(("audio/", "video/")) for file in files):
        files = (*feed_extensions.media_enclosures(media), *files)
    thumbnails = [medium.thumbnail for medium in media if medium.medium != "audio"]
    return replace(
        item,
        html=html,
        enclosures=files,
        image=item.image or next(filter(None, thumbnails), None),
        podcast=extensions.podcast,
    )


def _described(extensions: EntryExtensions) -> str:
    """Return the description of a medium as HTML; "" if it only describes a picture."""
    described = {medium.description for medium in extensions.media if medium.medium == "image"}
    if not extensions.description or to_text(extensions.description) in described:
        return ""
    return feed_extensions.as_html(extensions.description)


def _rights(node: Node, base: str) -> str:
    """Return the licence's URL, or else the text about rights; "" if neither is stated."""
    links = [_text(link, "href") for link in _nodes(node, "links") if link.get("rel") == "license"]
    for link in (*links, _text(node, "license")):
        if url := absolute_url(link, base):
            return url
    return _plain(_node(node, "rights_detail"))


def _link(entry: Node, base: str) -> str | None:
    """Return the article's URL: the one before a proxy's, the link, or an id that is a URL."""
    guid = _text(entry, "id")
    links = [_text(entry, "feedburner_origlink"), _text(entry, "link"), guid]
    for link in links:
        url = absolute_url(link, base)
        if url and (link != guid or is_web_url(link)):
            return url
    for link in links:
        if len(link) > MAX_URL_CHARS and is_web_url(link):
            return link[: MAX_URL_CHARS + 1]  # the attempt to fetch it reports the reason
    return None


def _texts(entry: Node, base: str) -> tuple[str, str]:
    """Return the description as text and the content as HTML.

    A long description without a content is the content.
    """
    summary = _node(entry, "summary_detail")
    bodies = [_html(part, base) for part in _nodes(entry, "content")]
    content = max(bodies, key=len, default="")
    description = _plain(summary)
    if content:
        is_repeated = to_text(content) == description
        return "" if is_repeated else description, content
    if len(description) > MAX_DESCRIPTION_CHARS:
        return "", _html(summary, base)
    return description, _html(summary, base) if is_markup(_text(summary, "value")) else ""


def _html(detail: Node, base: str) -> str:
    value = _text(detail, "value")
    if _text(detail, "type") == "text/plain" and not is_markup(value):
        return text_to_paragraphs(value)
    return absolutize_links(value, absolute_url(_text(detail, "base"), base) or base)


def _plain(detail: Node) -> str:
    value = _text(detail, "value")
    if _text(detail, "type") == "text/plain" or not is_markup(value):
        return clean_text(value)
    return to_text(value)


def _date(entry: Node, name: str) -> datetime | None:
    """Return a date; feedparser reads those with months in Greek, Hungarian or Korean."""
    text = _text(entry, name)
    parts = None
    if isinstance(entry, dict) and not text.isascii():
        parts = dict.get(entry, f"{name}_parsed")
    if not parts:
        return parse_date(text)
    year, month, day, hour, minute, second = parts[:6]
    second = min(second, 59)  # it may be a leap second
    return as_item_date(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def _authors(node: Node) -> tuple[str, ...]:
    """Return the names of a node's authors.

    feedparser cuts the mail address of RSS's "mail@example.museum (Name)" after four letters of the
    last domain, and gives the rest to the name. It keeps the text of the last author only.
    """
    names = [to_text(_text(person, "name")) for person in _nodes(node, "authors")]
    stated = to_text(_text(node, "author"))
    if names and stated and _MAIL_START.match(stated):
        names[-1] = _MAIL_START.sub("", stated).strip().removeprefix("(").removesuffix(")")
    return tuple(dict.fromkeys(filter(None, names)))


def _language(entry: Node) -> str | None:
    for name in ("title_detail", "summary_detail"):
        if language := normalize_language(_text(_node(entry, name), "language")):
            return language
    return None


def _enclosures(entry: Node, base: str) -> Iterator[Enclosure]:
    for link in _nodes(entry, "links"):
        url = absolute_url(_text(link, "href"), base)
        if url and _text(link, "rel") == "enclosure":
            size = _parse_length(_text(link, "length"))
            yield Enclosure(url, _text(link, "type") or Enclosure(url).type, size)


def _parse_length(text: str) -> int:
    """Return the length of an enclosure in bytes; 0 if it is unknown."""
    return int(text) if text.isdecimal() and len(text) <= MAX_LENGTH_DIGITS else 0


def _images(entry: Node, base: str) -> Iterator[str]:
    media = filter(_is_image, _nodes(entry, "media_content"))
    urls = [_text(node, "url") for node in (*media, *_nodes(entry, "media_thumbnail"))]
    urls.append(_text(_node(entry, "image"), "href"))
    urls += [link.url for link in _enclosures(entry, base) if link.type.startswith("image/")]
    for each in urls:
        if url := absolute_url(each, base):
            yield url


def _is_image(media: Node) -> bool:
    return _text(media, "medium") == "image" or _text(media, "type").startswith("image/")


# feedparser's dictionaries invent values for missing keys, so `dict.get` reads them.


def _value(node: Node, name: str) -> Any:
    return dict.get(node, name) if isinstance(node, dict) else None


def _text(node: Node, name: str) -> str:
    value = _value(node, name)
    return value if isinstance(value, str) else ""


def _node(node: Node, name: str) -> Node:
    value = _value(node, name)
    return value if isinstance(value, dict) else {}


def _nodes(node: Node, name: str) -> list[Node]:
    value = _value(node, name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
