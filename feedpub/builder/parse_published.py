"""Documents that feedpub published, read back: the inverse of `jsonfeed` and `xmlfeed`, as far as they tell.

For the day on which the state is lost: readers know an entry by its id, and the documents still
have it. What they do
not tell (when an entry was first seen, the text without markup) is for others to guess. Only
entries with an id that feedpub minted for the feed are taken: a foreign document has none.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from lxml import etree

from feedpub.builder.links import shorten_fragments
from feedpub.builder.rss_atom_text import from_plain_text
from feedpub.core.models import Enclosure, Entry

_ATOM = "{http://www.w3.org/2005/Atom}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DC = "{http://purl.org/dc/elements/1.1/}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ID = re.compile(r"\Atag:([^,]+),(\d{4}-\d\d-\d\d):([^/]+)/([0-9a-f]{20})")
_ANY_TYPE = "application/octet-stream"
_FAULTS = (etree.XMLSyntaxError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class UnknownDocumentError(ValueError):
    """A document that feedpub did not write, or that is no longer what it wrote."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a document was published: its feed, and the address of the folder that it lies in."""

    feed: str
    base: str

    def of(self, link: str) -> tuple[str, str]:
        """The address of an article, and the slug of its own page where that is what a link leads to."""
        prefix, suffix = f"{self.base}{self.feed}/", ".html"
        slug = link.removeprefix(prefix).removesuffix(suffix)
        is_own = link.startswith(prefix) and link.endswith(suffix) and slug and "/" not in slug
        return ("", slug) if is_own else (link, "")


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that a document names as its own and as that of the archive before it."""

    own: str
    previous: str = ""  # none

    @property
    def base(self) -> str:
        """The address of the folder that the document was published in."""
        return f"{self.own.rpartition('/')[0]}/"


def read_links(document: bytes, suffix: str) -> Links:
    """Return the links of a document.

    Takes `read`'s arguments, and raises UnknownDocumentError as it does.
    """
    try:
        if suffix == "json":
            whole = json.loads(document)
            return _links(_said(whole, "feed_url"), _said(whole, "next_url"))
        root = _parsed(document)
        channel = root.find("channel")  # in RSS
        links = (root if channel is None else channel).iterchildren(f"{_ATOM}link")
        found = {link.get("rel", ""): link.get("href", "") for link in links}
        return _links(found.get("self", ""), found.get("prev-archive", ""))
    except _FAULTS as error:
        raise UnknownDocumentError(
            f"it is not what was written: {error or type(error).__name__}"
        ) from error


def _links(own: str, previous: str) -> Links:
    if not own:
        raise ValueError("it does not name its own address")
    return Links(own, previous)


def parse_published(document: bytes, suffix: str, feed: str) -> tuple[Entry, ...]:
    """The entries of a document, in its order; their text is "".

    Args:
        document: its bytes.
        suffix: its kind: "json", "atom" or "rss".
        feed: the name of its feed.

    Raises:
        UnknownDocumentError: it cannot be read, or holds something that feedpub did not mint for this feed.
    """
    try:
        entries = tuple(_READERS[suffix](document, feed))
    except _FAULTS as error:
        raise UnknownDocumentError(
            f"it is not what was written: {error or type(error).__name__}"
        ) from error
    if foreign := next((entry.id for entry in entries if not _is_minted(entry.id, feed)), None):
        raise UnknownDocumentError(f"feedpub did not write it: {foreign!r} is no id of this feed")
    return entries


def key_digest_from_id(id_: str) -> str:
    """The digest of the key that an id was minted for."""
    return id_.rpartition("/")[2]


def day_from_id(id_: str) -> datetime:
    """The beginning of the day on which an id was minted."""
    found = _ID.fullmatch(id_)
    assert found is not None  # noqa: S101 -- `read` gives no other ones
    return datetime.combine(datetime.fromisoformat(found[2]), time(), UTC)


def host_from_id(id_: str) -> str:
    """Return the host of `base_url` on the day that an id was minted; "" if it is none of ours."""
    found = _ID.fullmatch(id_)
    return found[1] if found else ""


def _is_minted(id_: str, feed: str) -> bool:
    found = _ID.fullmatch(id_)
    return found is not None and found[3] == feed


# --- JSON Feed ---


def _json(document: bytes, feed: str) -> Iterator[Entry]:
    whole = json.loads(document)
    place = _Place(feed, _folder(whole["feed_url"]))
    for rank, item in enumerate(whole["items"]):
        yield _of_item(item, place, rank)


def _of_item(item: Mapping[str, Any], place: _Place, rank: int) -> Entry:
    url, slug = place.of(item["url"])
    published = _moment(item["date_published"])
    return Entry(
        id=item["id"],
        url=url,
        slug=slug,
        title=from_plain_text(item["title"]),
        first_seen=published,
        published=published,
        updated=_moment(item["date_modified"]),
        authors=tuple(from_plain_text(author["name"]) for author in item.get("authors", ())),
        summary=from_plain_text(_said(item, "summary")),
        html=shorten_fragments(_said(item, "content_html"), item["url"]),
        language=_said(item, "language") or None,
        image=_said(item, "image") or None,
        categories=tuple(from_plain_text(tag) for tag in item.get("tags", ())),
        enclosures=tuple(
            Enclosure(each["url"], each["mime_type"], each.get("size_in_bytes", 0))
            for each in item.get("attachments", ())
        ),
        rank=rank,
    )


def _said(item: Mapping[str, Any], name: str) -> str:
    """A text of an item; "" where it has none."""
    said = item.get(name, "")
    if not isinstance(said, str):
        raise TypeError(f"{name} is no text: {said!r}")
    return said


# --- Atom ---


def _atom(document: bytes, feed: str) -> Iterator[Entry]:
    root = _parsed(document)
    place = _Place(feed, _folder(_own_address(root.iterchildren(f"{_ATOM}link"))))
    for rank, entry in enumerate(root.iterchildren(f"{_ATOM}entry")):
        yield _of_entry(entry, place, rank, root.get(_LANGUAGE))


def _of_entry(entry: etree._Element, place: _Place, rank: int, language: str | None) -> Entry:
    links = list(entry.iterchildren(f"{_ATOM}link"))
    page = [link.get("href", "") for link in links if link.get("rel") != "enclosure"][0]  # noqa: RUF015 -- LookupError
    url, slug = place.of(page)
    title = from_plain_text(_text(entry, f"{_ATOM}title"))
    html = shorten_fragments(_text(entry, f"{_ATOM}content"), page)
    summary = from_plain_text(_text(entry, f"{_ATOM}summary"))
    published = _moment(_text(entry, f"{_ATOM}published"))
    return Entry(
        id=_text(entry, f"{_ATOM}id"),
        url=url,
        slug=slug,
        title=title,
        first_seen=published,
        published=published,
        updated=_moment(_text(entry, f"{_ATOM}updated")),
        authors=tuple(
            from_plain_text(_text(each, f"{_ATOM}name"))
            for each in entry.iterchildren(f"{_ATOM}author")
        ),
        summary=""
        if not html and summary == title
        else summary,  # an entry without both says its title twice
        html=html,
        language=entry.get(_LANGUAGE) or language,
        image=_image(entry),
        categories=tuple(
            from_plain_text(each.get("term", "")) for each in entry.iterchildren(f"{_ATOM}category")
        ),
        enclosures=tuple(
            Enclosure(
                link.get("href", ""), link.get("type", _ANY_TYPE), int(link.get("length", "0"))
            )
            for link in links
            if link.get("rel") == "enclosure"
        ),
        rank=rank,
    )


# --- RSS ---


def _rss(document: bytes, feed: str) -> Iterator[Entry]:
    (channel,) = _parsed(document).iterchildren("channel")
    place = _Place(feed, _folder(_own_address(channel.iterchildren(f"{_ATOM}link"))))
    for rank, item in enumerate(channel.iterchildren("item")):
        yield _of_rss_item(item, place, rank, _text(channel, "language") or None)


def _of_rss_item(item: etree._Element, place: _Place, rank: int, language: str | None) -> Entry:
    url, slug = place.of(_text(item, "link"))
    published = parsedate_to_datetime(_text(item, "pubDate")).astimezone(UTC)
    updated = _text(item, f"{_ATOM}updated")
    summary, html = _texts(item)
    return Entry(
        id=_text(item, "guid"),
        url=url,
        slug=slug,
        title=from_plain_text(_text(item, "title")),
        first_seen=published,
        published=published,
        updated=_moment(updated) if updated else published,
        authors=tuple(
            from_plain_text(each.text or "") for each in item.iterchildren(f"{_DC}creator")
        ),
        summary=summary,
        html=shorten_fragments(html, _text(item, "link")),
        language=_text(item, f"{_DC}language") or language,
        image=_image(item),
        categories=tuple(
            from_plain_text(each.text or "") for each in item.iterchildren("category")
        ),
        enclosures=tuple(_rss_enclosures(item)),
        rank=rank,
    )


def _texts(item: etree._Element) -> tuple[str, str]:
    """Summary and content.

    Where there is one of them, it is the description; a summary has no tags.
    """
    description, content = _text(item, "description"), _text(item, _CONTENT)
    if not content and "<" in description:
        return "", description
    return from_plain_text(unescape(description)), content


def _rss_enclosures(item: etree._Element) -> Iterator[Enclosure]:
    """The one that RSS has room for, and those beside it; what has no type is the picture."""
    for each in item.iterchildren("enclosure"):
        yield Enclosure(
            each.get("url", ""), each.get("type", _ANY_TYPE), int(each.get("length", "0"))
        )
    for each in item.iterchildren(f"{_MEDIA}content"):
        if kind := each.get("type"):
            yield Enclosure(each.get("url", ""), kind, int(each.get("fileSize", "0")))


# --- both ---


def _parsed(document: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    return etree.fromstring(document, parser)


def _text(parent: etree._Element, name: str) -> str:
    """What an element inside says, references to characters read; "" where there is none."""
    element = parent.find(name)
    return "" if element is None else "".join(str(piece) for piece in element.itertext())


def _image(parent: etree._Element) -> str | None:
    thumbnail = parent.find(f"{_MEDIA}thumbnail")
    return None if thumbnail is None else thumbnail.get("url")


def _own_address(links: Iterable[etree._Element]) -> str:
    return [link.get("href", "") for link in links if link.get("rel") == "self"][0]  # noqa: RUF015 -- LookupError


def _folder(address: str) -> str:
    """The address of the folder that a document lies in."""
    return f"{address.rpartition('/')[0]}/"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_READERS: Mapping[str, Callable[[bytes, str], Iterable[Entry]]] = {
    "json": _json,
    "atom": _atom,
    "rss": _rss,
}
FORMATS = tuple(_READERS)
"""The kinds of documents, the one that tells most first."""
