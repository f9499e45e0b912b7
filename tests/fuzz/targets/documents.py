"""Fuzz documents that list articles, and documents made of them."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from lxml import etree

from feedpub.builder import render_article, render_index, render_opml, render_page
from feedpub.cleaner.articles import article_from_feed
from feedpub.core.errors import ExtractError
from feedpub.core.field_limits import limit_fields
from feedpub.core.models import Enclosure, Entry, FeedSummary, Item, Page
from feedpub.sources import feed as feeds
from feedpub.sources import listing_page as pages
from feedpub.sources.feed_extensions import read_feed_head
from feedpub.sources.items.read import ItemSelectors, items_on_page
from feedpub.sources.json_api import JsonSelectors, parse_json_items
from feedpub.sources.sitemap import parse_sitemap
from tests.fuzz.oracle import (
    NOW,
    PAGE,
    check_address,
    check_article,
    check_documents,
    check_item,
    check_moment,
    make_feed,
)
from tests.fuzz.target import MARKUP, WORDS, Target, fields, text, texts

_TESTS = Path(__file__).parents[2]
_TYPES = (
    "",
    "text/html",
    "application/rss+xml",
    "application/json",
    "text/plain",
    "application/xhtml+xml",
)


def _page(data: bytes) -> Page:
    """Make a document with a charset, and with a content type that its first byte selects."""
    charset, body = fields(data, 2)
    content_type = _TYPES[charset[0] % len(_TYPES)] if charset else ""
    return Page(PAGE, body, content_type, text(charset[1:]) or None)


def feed(data: bytes) -> None:
    """Read a feed of any kind, its entries' own content, and its update interval."""
    page = _page(data)
    pace = read_feed_head(page).hints
    assert 0 <= pace.wait <= 7 * 86400
    for item in feeds.parse_items(page, limit=20):
        check_item(item)
        try:
            article = article_from_feed(item)
        except ExtractError:
            continue
        check_article(article)


def _feeds() -> Iterator[bytes]:
    for file in sorted((_TESTS / "builder" / "full").glob("harbour*.*")):
        if file.suffix in (".rss", ".atom", ".json"):
            yield b"\xff" + file.read_bytes()[:6000]


def sitemap(data: bytes) -> None:
    """Read a sitemap, both plain and in gzip."""
    page = _page(data)
    found = None
    for body in (page.body, gzip.compress(page.body, 1)):
        try:
            found = parse_sitemap(replace(page, body=body))
        except ExtractError:
            continue
        for item in found.items:
            check_item(item)
        for child in found.children:
            check_address(child.url)
            check_moment(child.modified)


def listing(data: bytes) -> None:
    """Read a page that lists articles, by its structure or by a selector."""
    page = _page(data)
    for selector in (None, "a", "article h2 > a"):
        try:
            items = pages.items_in(page, selector)
        except ExtractError as error:
            str(error).encode()
            continue
        for item in items:
            check_item(item)


def items(data: bytes) -> None:
    """Read the entries of a page, by its structure and by selectors, and their own content."""
    page = _page(data)
    for selectors in (
        ItemSelectors(),
        ItemSelectors(item="div"),
        ItemSelectors(item="h2, h3", title="a", date="p", content="xpath:.//text()", image="img"),
    ):
        try:
            found = items_on_page(page, selectors, limit=20)
        except ExtractError as error:
            str(error).encode()
            continue
        for item in found:
            _check_item_and_content(item)


def json_api(data: bytes) -> None:
    """Read the items of a JSON document, by the usual names and by expressions."""
    page = _page(data)
    for selectors in (
        JsonSelectors(),
        JsonSelectors(items="items[]", title="title", date="date_published", next="next_url"),
        JsonSelectors(script="script", content="*"),
    ):
        try:
            listed = parse_json_items(page, selectors, limit=20)
        except ExtractError as error:
            str(error).encode()
            continue
        check_address(listed.next_url)
        for item in listed.items:
            _check_item_and_content(item)


def _check_item_and_content(item: Item) -> None:
    check_item(limit_fields(item))
    try:
        article = article_from_feed(item)
    except ExtractError:
        return
    check_article(article)


def _json_feeds() -> Iterator[bytes]:
    for file in sorted((_TESTS / "builder" / "full").glob("harbour*.json")):
        yield b"\xff" + file.read_bytes()[:6000]


def _listings() -> Iterator[bytes]:
    for file in sorted((_TESTS / "sources" / "listings").glob("*/page.html")):
        yield b"\xff" + file.read_bytes()[:8000]


def entries(data: bytes) -> None:
    """Write entries with anything in any field, as documents and pages."""
    rendered = []
    for number, row in enumerate(data.split(b"\xfe")[:3]):
        title, author, summary, html, url, image, language, category, media = texts(row, 9)
        rendered.append(
            Entry(
                f"tag:example.org,2026:{number}",
                url,
                title,
                NOW,
                NOW,
                NOW - timedelta(seconds=number),
                authors=(author,),
                summary=summary,
                html=html,
                text=summary + title,
                language=language,
                image=image,
                categories=(category,),
                enclosures=(Enclosure(url, media, len(row)),),
                slug="story",
            )
        )
    feed = replace(
        make_feed(*rendered),
        title=text(data[:40]),
        author=text(data[40:80]),
        icon=text(data[80:120]),
        description=text(data),
    )
    check_documents(feed)
    for page in (
        render_page(feed),
        render_index([FeedSummary.for_feed(feed)]),
        *(render_article(feed, entry) for entry in rendered),
    ):
        page.decode()
    etree.fromstring(render_opml([feed]))


TARGETS = (
    Target("entries", entries, "xml", MARKUP, 2000),
    Target("sitemap", sitemap, "xml", MARKUP, 4000),
    Target("feed", feed, "xml", MARKUP, 6000, _feeds),
    Target("listing", listing, "lists", MARKUP, 8000, _listings),
    Target("items", items, "lists", MARKUP, 8000, _listings),
    Target("json", json_api, "json", WORDS, 6000, _json_feeds),
)
