"""Read a feed as a reader does: the live document in one format, then its archives."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

from lxml import etree

from tests.model.site import articles_in, versions_in

_ATOM = "{http://www.w3.org/2005/Atom}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_TAG = re.compile(r"<[^>]*>")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


@dataclass(frozen=True)
class PublishedEntry:
    """An entry of a document.

    Attributes:
        articles: the numbers of the articles named in its title or text.
        versions: the articles and versions that its text names.
        words: the words of its title and text, in their order.
        updated: None in RSS, which has no such date.
        url: the address of its article.
    """

    id: str
    title: str
    articles: frozenset[int]
    versions: frozenset[tuple[int, int]]
    words: str
    published: datetime
    updated: datetime | None
    url: str


@dataclass(frozen=True)
class Document:
    """A document.

    Attributes:
        address: its own address, as it declares it.
        previous: the address of the previous archive; "" if it declares none.
    """

    entries: tuple[PublishedEntry, ...]
    address: str
    previous: str


class TornError(Exception):
    """A document is missing or invalid."""


def read_chain(folder: Path, name: str, bases: set[str]) -> list[Document]:
    """Return the live document and all its archives, newest first.

    Args:
        folder: the output folder.
        name: the name of the live document.
        bases: the addresses that the folder is or was served at.

    Raises:
        TornError: a document is missing or invalid, or the chain is a circle.
    """
    chain: list[Document] = []
    seen: set[str] = set()
    while name:
        if name in seen:
            raise TornError(f"{name}: the chain of archives is a circle")
        seen.add(name)
        try:
            body = (folder / name).read_bytes()
        except FileNotFoundError:
            raise TornError(f"{name}: missing, but a document refers to it") from None
        document = _read(body, name.rpartition(".")[2], name)
        chain.append(document)
        name = next(
            (
                document.previous.removeprefix(base)
                for base in bases
                if document.previous.startswith(base)
            ),
            "",
        )
        if document.previous and not name:
            raise TornError(f"{name}: refers to {document.previous}, which is an unknown address")
    return chain


@lru_cache(500)
def _read(body: bytes, suffix: str, name: str) -> Document:
    try:
        return {"rss": _rss, "atom": _atom, "json": _json}[suffix](body)
    except (etree.XMLSyntaxError, ValueError, KeyError, AttributeError) as error:
        raise TornError(f"{name}: {error}") from error


def _rss(body: bytes) -> Document:
    channel = etree.fromstring(body, _PARSER)[0]
    links = {link.get("rel"): link.get("href", "") for link in channel.findall(f"{_ATOM}link")}
    entries = (
        _entry(
            item.findtext("guid"),
            item.findtext("title"),
            item.findtext(_CONTENT),
            item.findtext("link"),
            (parsedate_to_datetime(item.findtext("pubDate") or ""), None),
        )
        for item in channel.findall("item")
    )
    return Document(tuple(entries), links.get("self", ""), links.get("prev-archive", ""))


def _atom(body: bytes) -> Document:
    feed = etree.fromstring(body, _PARSER)
    links = {link.get("rel"): link.get("href", "") for link in feed.findall(f"{_ATOM}link")}
    entries = (
        _entry(
            entry.findtext(f"{_ATOM}id"),
            entry.findtext(f"{_ATOM}title"),
            entry.findtext(f"{_ATOM}content"),
            next((link.get("href") for link in entry.findall(f"{_ATOM}link")), None),
            (_date(entry.findtext(f"{_ATOM}published")), _date(entry.findtext(f"{_ATOM}updated"))),
        )
        for entry in feed.findall(f"{_ATOM}entry")
    )
    return Document(tuple(entries), links.get("self", ""), links.get("prev-archive", ""))


def _json(body: bytes) -> Document:
    feed: dict[str, Any] = json.loads(body)
    entries = (
        _entry(
            item["id"],
            item["title"],
            item["content_html"],
            item["url"],
            (_date(item["date_published"]), _date(item["date_modified"])),
        )
        for item in feed["items"]
    )
    return Document(tuple(entries), feed["feed_url"], feed.get("next_url", ""))


def _date(text: str | None) -> datetime:
    return datetime.fromisoformat(text or "")


def _entry(
    id_: str | None,
    title: str | None,
    html: str | None,
    url: str | None,
    dates: tuple[datetime, datetime | None],
) -> PublishedEntry:
    text = unescape(_TAG.sub(" ", html or ""))
    published, updated = dates
    return PublishedEntry(
        id=id_ or "",
        title=title or "",
        articles=frozenset(articles_in(f"{title} {text}")),
        versions=frozenset(versions_in(text)),
        words=" ".join(re.findall(r"\w+", f"{title} {text}".lower())),
        published=published.astimezone(UTC),
        updated=updated and updated.astimezone(UTC),
        url=url or "",
    )


def entries_with_index(chain: list[Document]) -> Iterator[tuple[int, PublishedEntry]]:
    """Yield each entry with the index of its document; the live document has index 0."""
    for place, document in enumerate(chain):
        for entry in document.entries:
            yield place, entry
