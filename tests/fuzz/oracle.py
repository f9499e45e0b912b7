"""Check the rules that all of feedpub's results must obey, whatever the input."""

import json
import re
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lxml import etree, html

from feedpub.builder import render_atom, render_json, render_rss
from feedpub.cleaner.sanitize import ATTRIBUTES, SCHEMES, TAGS
from feedpub.core.models import Article, Entry, Feed, Item, Removed

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PAGE = "https://news.example.org/2026/11/25/story.html"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # by XML 1.0
_SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_ADDRESSES = ("href", "src", "cite")


def check_moment(moment: object) -> None:
    """Check that a date, if there is one, is aware."""
    assert moment is None or (isinstance(moment, datetime) and moment.utcoffset() is not None), (
        moment
    )


def check_address(address: str | None) -> None:
    """Check that an address, if there is one, is a web address."""
    if address is None:
        return
    parts = urlsplit(address)
    assert parts.scheme in ("http", "https"), address
    assert parts.hostname, address
    address.encode()


def check_texts(texts: Iterable[object]) -> None:
    """Check that texts are valid in XML."""
    for text in texts:
        assert isinstance(text, str), text
        found = _FORBIDDEN.search(text)
        assert found is None, f"U+{ord(found[0]):04X} in a text"


def check_html(body: str) -> None:
    """Check that HTML contains only elements and attributes that the sanitiser allows."""
    if not body.strip():
        return
    for element in html.fragment_fromstring(body, create_parent="section").iterdescendants():
        assert element.tag in TAGS, element.tag
        for name, value in element.attrib.items():
            assert name in ATTRIBUTES.get(str(element.tag), set()) | ATTRIBUTES["*"], (
                f"{element.tag} {name}"
            )
            scheme = _SCHEME.match(value) if name in _ADDRESSES else None
            assert scheme is None or scheme[1].lower() in SCHEMES, value


def check_article(article: Article) -> None:
    """Check the types and values of an article's fields, and that it can be published."""
    check_texts(
        [
            article.title,
            article.html,
            article.text,
            article.summary,
            *article.authors,
            *article.categories,
        ]
    )
    check_texts(
        text
        for text in (article.url, article.language, article.site, article.image)
        if text is not None
    )
    check_moment(article.published)
    check_moment(article.updated)
    check_address(article.url)
    assert all(isinstance(removed, Removed) for removed in article.removed)
    check_texts(text for removed in article.removed for text in (removed.text, removed.reason))
    assert all(line.strip() for line in article.text.split("\n")) or not article.text, (
        "a paragraph without text"
    )
    check_html(article.html)
    check_documents(make_feed(make_entry(article)))


def check_item(item: Item) -> None:
    """Check the types and values of a listed article's fields."""
    check_address(item.url)
    check_address(item.image)
    check_moment(item.published)
    check_moment(item.updated)
    check_texts(
        [
            item.title,
            item.summary,
            item.version,
            item.language or "",
            *item.authors,
            *item.categories,
        ]
    )
    for enclosure in item.enclosures:
        check_address(enclosure.url)
        assert 0 <= enclosure.length < 1 << 63


def make_entry(article: Article, number: int = 1) -> Entry:
    """Return an entry with the fields of an article."""
    names = {field.name for field in fields(Entry)} & {field.name for field in fields(Article)}
    values = {name: getattr(article, name) for name in names}
    values |= {
        "url": article.url or "",
        "published": article.published or NOW,
        "updated": NOW,
        "slug": "story",
    }
    return Entry(id=f"tag:example.org,2026-11-25:news/{number}", first_seen=NOW, **values)


def make_feed(*entries: Entry) -> Feed:
    """Return a feed with some entries."""
    return Feed("news", "News", "https://feeds.example.org/", "https://example.org/", NOW, entries)


def check_documents(feed: Feed) -> None:
    """Check that its documents are well-formed, and contain each entry."""
    rss, atom = (etree.fromstring(render(feed)) for render in (render_rss, render_atom))
    assert len(rss.findall("channel/item")) == len(feed.entries)
    assert len(atom.findall("{http://www.w3.org/2005/Atom}entry")) == len(feed.entries)
    assert len(json.loads(render_json(feed))["items"]) == len(feed.entries)
