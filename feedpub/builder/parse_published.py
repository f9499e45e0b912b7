"""Parse published documents: the inverse of `json_feed` and `rss_atom`.

It is used after the state is lost: readers recognise an entry by its id, and the documents still
contain it. They do not contain everything, such as when an entry was first seen or its text without
markup. Only entries whose id feedpub made for the feed are accepted.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from lxml import etree

from feedpub.builder.entry_html import shorten_fragments
from feedpub.builder.ids import is_id_of_feed
from feedpub.builder.rss_atom_text import from_plain_text
from feedpub.core.models import Enclosure, Entry, PodcastTag, StoryLink
from feedpub.core.podcast import read_episode

_ATOM = "{http://www.w3.org/2005/Atom}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DC = "{http://purl.org/dc/elements/1.1/}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_UNKNOWN_MEDIA_TYPE = "application/octet-stream"


class UnknownDocumentError(ValueError):
    """A document was not written by feedpub, or has been modified."""


@contextmanager
def _document_errors() -> Iterator[None]:
    """Raise UnknownDocumentError for everything that can go wrong in a foreign document."""
    try:
        yield
    except (
        etree.XMLSyntaxError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise UnknownDocumentError(
            f"the document is damaged: {error or type(error).__name__}"
        ) from error


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that a document states as its own and as that of the previous archive."""

    own: str
    previous: str = ""

    @property
    def base(self) -> str:
        """The address of the folder in which the document is published."""
        return _folder(self.own)


_ENTRIES = {  # the beginning of the entries, which occurs in no text, and the end without them
    "rss": (b"<item>", b"</channel></rss>"),
    "atom": (b"<entry", b"</feed>"),
    "json": (b'\n  "items": [', b'\n  "items": []}'),
}


def read_links(document: bytes, suffix: str) -> Links:
    """Return the links of a document, whose entries are not parsed.

    Args:
        document: its content.
        suffix: its format: "json", "atom" or "rss".

    Raises:
        UnknownDocumentError: the document is damaged.
    """
    first_entry, end = _ENTRIES[suffix]
    head, has_entries, _ = document.partition(first_entry)
    if has_entries:
        document = head + end
    with _document_errors():
        if suffix == "json":
            feed = json.loads(document)
            own, previous = _text_value(feed, "feed_url"), _text_value(feed, "next_url")
        else:
            root = _parse_xml(document)
            channel = root.find("channel")  # in RSS
            element = root if channel is None else channel
            links = {}
            for link in element.iterchildren(f"{_ATOM}link"):
                links[link.get("rel", "")] = link.get("href", "")
            own, previous = links.get("self", ""), links.get("prev-archive", "")
        if not own:
            raise ValueError("it does not state its own address")
        return Links(own, previous)


def parse_published(document: bytes, suffix: str, feed: str) -> tuple[Entry, ...]:
    """Return the entries of a document in its order; their text is "".

    Args:
        document: its content.
        suffix: its format: "json", "atom" or "rss".
        feed: the name of its feed.

    Raises:
        UnknownDocumentError: the document is damaged, or contains an id that feedpub did not make
            for this feed.
    """
    with _document_errors():
        entries = tuple(_PARSERS[suffix](document, feed))
        foreign = [entry.id for entry in entries if not is_id_of_feed(entry.id, feed)]
    if foreign:
        raise UnknownDocumentError(f"it contains {foreign[0]!r}, which is not an id of this feed")
    return entries


@dataclass(frozen=True, slots=True)
class _Location:
    """The feed of a document, and the folder in which it is published."""

    feed: str
    base: str

    def split_link(self, link: str) -> tuple[str, str]:
        """Return the URL of an article, or the slug of its own page if the link leads there."""
        prefix, suffix = f"{self.base}{self.feed}/", ".html"
        if link.startswith(prefix) and link.endswith(suffix):
            slug = link.removeprefix(prefix).removesuffix(suffix)
            if slug and "/" not in slug:
                return "", slug
        return link, ""


def _folder(address: str) -> str:
    return f"{address.rpartition('/')[0]}/"


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# --- JSON Feed ---


def _parse_json_feed(document: bytes, feed: str) -> Iterator[Entry]:
    content = json.loads(document)
    location = _Location(feed, _folder(content["feed_url"]))
    for rank, item in enumerate(content["items"]):
        yield _entry_from_json(item, location, rank)


def _entry_from_json(item: Mapping[str, Any], location: _Location, rank: int) -> Entry:
    url, slug = location.split_link(item["url"])
    published = _parse_time(item["date_published"])
    enclosures = [
        Enclosure(each["url"], each["mime_type"], each.get("size_in_bytes", 0))
        for each in item.get("attachments", ())
    ]
    return Entry(
        id=item["id"],
        url=url,
        slug=slug,
        title=from_plain_text(_text_value(item, "title")),
        first_seen=published,
        published=published,
        updated=_parse_time(item["date_modified"]),
        authors=tuple(from_plain_text(author["name"]) for author in item.get("authors", ())),
        summary=from_plain_text(_text_value(item, "summary")),
        html=shorten_fragments(_text_value(item, "content_html"), item["url"]),
        language=_text_value(item, "language") or None,
        image=_text_value(item, "image") or None,
        categories=tuple(map(from_plain_text, item.get("tags", ()))),
        enclosures=tuple(enclosures),
        rank=rank,
        **_extension_from_json(item.get("_feedpub", {})),
    )


def _extension_from_json(extension: Mapping[str, Any]) -> dict[str, Any]:
    source = extension.get("source", {})
    also_at = [
        StoryLink(each["url"], from_plain_text(each["site"]))
        for each in extension.get("also_at", ())
    ]
    return {
        "source_name": from_plain_text(_text_value(source, "name")),
        "source_url": _text_value(source, "url"),
        "rights": from_plain_text(_text_value(extension, "rights")),
        "also_at": tuple(also_at),
        "podcast": tuple(map(_tag_from_json, extension.get("podcast", ()))),
    }


def _tag_from_json(tag: Mapping[str, Any]) -> PodcastTag:
    return PodcastTag(
        tag["name"],
        _text_value(tag, "text"),
        tuple(tag.get("attributes", {}).items()),
        tuple(map(_tag_from_json, tag.get("children", ()))),
    )


def _text_value(item: Mapping[str, Any], name: str) -> str:
    """Return a text of an object, or "" if it has none."""
    value = item.get(name, "")
    if not isinstance(value, str):
        raise TypeError(f"{name} is not a text: {value!r}")
    return value


# --- Atom ---


def _parse_atom(document: bytes, feed: str) -> Iterator[Entry]:
    root = _parse_xml(document)
    location = _Location(feed, _folder(_own_address(root)))
    for rank, entry in enumerate(root.iterchildren(f"{_ATOM}entry")):
        yield _entry_from_atom(entry, location, rank, root.get(_LANGUAGE))


def _entry_from_atom(
    element: etree._Element, location: _Location, rank: int, feed_language: str | None
) -> Entry:
    pages, enclosures = [], []
    for link in element.iterchildren(f"{_ATOM}link"):
        if link.get("rel") == "enclosure":
            enclosures.append(_enclosure(link, "href", "length"))
        elif link.get("rel", "alternate") == "alternate":
            pages.append(link.get("href", ""))
    page = pages[0]
    url, slug = location.split_link(page)
    title = from_plain_text(_text(element, f"{_ATOM}title"))
    html = shorten_fragments(_text(element, f"{_ATOM}content"), page)
    summary = from_plain_text(_text(element, f"{_ATOM}summary"))
    if not html and summary == title:  # the title is written as the summary if there is neither
        summary = ""
    published = _parse_time(_text(element, f"{_ATOM}published"))
    authors = [_text(each, f"{_ATOM}name") for each in element.iterchildren(f"{_ATOM}author")]
    categories = [each.get("term", "") for each in element.iterchildren(f"{_ATOM}category")]
    return Entry(
        id=_text(element, f"{_ATOM}id"),
        url=url,
        slug=slug,
        title=title,
        first_seen=published,
        published=published,
        updated=_parse_time(_text(element, f"{_ATOM}updated")),
        authors=tuple(map(from_plain_text, authors)),
        summary=summary,
        html=html,
        language=element.get(_LANGUAGE) or feed_language,
        image=_image(element),
        categories=tuple(map(from_plain_text, categories)),
        enclosures=tuple(enclosures),
        rank=rank,
        **_origin(element, f"{_ATOM}source/{_ATOM}title", f"{_ATOM}rights"),
    )


def _origin(entry: etree._Element, name: str, rights: str) -> dict[str, Any]:
    """Return the fields about an entry's origin.

    Args:
        entry: the entry.
        name: the path of its source's name.
        rights: the path of a text about rights.
    """
    licenses, also_at = [], []
    for link in entry.iterchildren(f"{_ATOM}link"):
        address = link.get("href", "")
        if link.get("rel") == "license":
            licenses.append(address)
        elif link.get("rel") == "related":
            also_at.append(StoryLink(address, from_plain_text(link.get("title", ""))))
    source, home = entry.find("source"), entry.find(f"{_ATOM}source/{_ATOM}link")
    if source is not None:
        home_url = source.get("url", "")
    else:
        home_url = "" if home is None else home.get("href", "")
    return {
        "source_name": from_plain_text(_text(entry, name)),
        "source_url": home_url,
        "rights": "".join(licenses[:1]) or from_plain_text(_text(entry, rights)),
        "also_at": tuple(also_at),
        "podcast": read_episode(entry, ""),
    }


# --- RSS ---


def _parse_rss(document: bytes, feed: str) -> Iterator[Entry]:
    (channel,) = _parse_xml(document).iterchildren("channel")
    location = _Location(feed, _folder(_own_address(channel)))
    language = _text(channel, "language") or None
    for rank, item in enumerate(channel.iterchildren("item")):
        yield _entry_from_rss(item, location, rank, language)


def _entry_from_rss(
    item: etree._Element, location: _Location, rank: int, feed_language: str | None
) -> Entry:
    page = _text(item, "link")
    url, slug = location.split_link(page)
    published = parsedate_to_datetime(_text(item, "pubDate")).astimezone(UTC)
    updated = _text(item, f"{_ATOM}updated")
    summary, html = _summary_and_content(item)
    authors = [each.text or "" for each in item.iterchildren(f"{_DC}creator")]
    categories = [each.text or "" for each in item.iterchildren("category")]
    return Entry(
        id=_text(item, "guid"),
        url=url,
        slug=slug,
        title=from_plain_text(_text(item, "title")),
        first_seen=published,
        published=published,
        updated=_parse_time(updated) if updated else published,
        authors=tuple(map(from_plain_text, authors)),
        summary=summary,
        html=shorten_fragments(html, page),
        language=_text(item, f"{_DC}language") or feed_language,
        image=_image(item),
        categories=tuple(map(from_plain_text, categories)),
        enclosures=tuple(_rss_enclosures(item)),
        rank=rank,
        **_origin(item, "source", f"{_DC}rights"),
    )


def _summary_and_content(item: etree._Element) -> tuple[str, str]:
    """Return summary and content; a description with tags is the content, without a summary."""
    description, content = _text(item, "description"), _text(item, _CONTENT)
    if not content and "<" in description:
        return "", description
    return from_plain_text(unescape(description)), content


def _rss_enclosures(item: etree._Element) -> Iterator[Enclosure]:
    """Yield the enclosure, and the others, which are media:content; that of images has no type."""
    for each in item.iterchildren("enclosure"):
        yield _enclosure(each, "url", "length")
    for each in item.iterchildren(f"{_MEDIA}content"):
        if each.get("type"):
            yield _enclosure(each, "url", "fileSize")


# --- XML ---


def _parse_xml(document: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    return etree.fromstring(document, parser)


def _text(parent: etree._Element, name: str) -> str:
    """Return the text of a child element with references decoded, or "" if there is none."""
    element = parent.find(name)
    return "" if element is None else "".join(str(part) for part in element.itertext())


def _image(parent: etree._Element) -> str | None:
    thumbnail = parent.find(f"{_MEDIA}thumbnail")
    return None if thumbnail is None else thumbnail.get("url")


def _enclosure(element: etree._Element, address: str, length: str) -> Enclosure:
    media_type = element.get("type", _UNKNOWN_MEDIA_TYPE)
    return Enclosure(element.get(address, ""), media_type, int(element.get(length, "0")))


def _own_address(head: etree._Element) -> str:
    for link in head.iterchildren(f"{_ATOM}link"):
        if link.get("rel") == "self":
            return link.get("href", "")
    raise LookupError("it does not state its own address")


_PARSERS: Mapping[str, Callable[[bytes, str], Iterable[Entry]]] = {
    "json": _parse_json_feed,
    "atom": _parse_atom,
    "rss": _parse_rss,
}
FORMATS = tuple(_PARSERS)
"""The formats of documents, the one with the most information first."""
