"""Read articles from the JSON in a page: JSON-LD, and the state of the page's own scripts.

Scripts render a page from JSON such as `__NEXT_DATA__` or `window.__STATE__ = …`. Its names differ
from site to site, so a list of articles is recognised by its shape: several objects, each with a
title and a URL on the site. The list with the most fields of articles is chosen.
"""

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from feedpub.core.dates import parse_date, parse_epoch
from feedpub.core.models import Item
from feedpub.core.urls import resolve_link, site_domain
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.markup import clean_text, is_markup, to_text

# Keys of a script's state, by the field that they hold.
TITLE_KEYS = ("title", "headline", "name", "heading")
URL_KEYS = (
    *("url", "href", "link", "permalink", "canonicalUrl", "canonical_url", "webUrl"),
    *("path", "uri"),
)
DATE_KEYS = (
    *("datePublished", "publishedAt", "published_at", "publishDate", "publishedDate", "published"),
    *("date", "pubDate", "firstPublished", "createdAt", "created_at", "timestamp"),
)
SUMMARY_KEYS = ("description", "excerpt", "summary", "teaser", "dek", "standfirst", "subtitle")
AUTHOR_KEYS = ("author", "authors", "byline")
WRAPPER_KEYS = ("node", "attributes", "fields", "item")

MIN_ITEMS = 3  # of a list
MAX_ITEMS = 500
MAX_DEPTH = 24  # of nested objects
MAX_NODES = 200_000
MAX_TEXT_CHARS = 5000  # of a title or description
MIN_TITLE_WORDS = 3  # of half of the titles; those of menus are shorter

JSONLD_LISTS = ("@graph", "mainEntity", "itemListElement", "blogPost", "blogPosts", "hasPart")
ARTICLE_TYPES = (
    *("Article", "BlogPosting", "Report", "Recipe", "Review", "Episode", "VideoObject"),
)
OTHER_TYPES = (
    *("BreadcrumbList", "SiteNavigationElement", "Product", "FAQPage", "Organization", "Person"),
)
MAX_JSONLD_DEPTH = 6  # of nested lists
MAX_JSONLD_ITEMS = 1000


# --- the state of scripts ---


def items_in_state(texts: Sequence[str], base: str) -> tuple[Item, ...]:
    """Return the articles of the likeliest list in JSON texts, in its order.

    Args:
        texts: each begins with JSON; more of a script may follow.
        base: the page's URL.
    """
    best: tuple[Item, ...] = ()
    for text in texts:
        for rows in _object_lists(load_start(text)):
            items = _state_items(rows, base)
            is_list = len(items) >= MIN_ITEMS and _are_articles(items)
            if is_list and _list_rank(items) > _list_rank(best):
                best = items
    return best


def load_start(text: str) -> Any:
    """Return the JSON that a text begins with; None for another syntax, such as JavaScript's."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):  # for example an object in JavaScript's syntax
        return None


def _object_lists(data: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield each list of objects, and the values of each object of objects, as in stores by id."""
    waiting = [(data, MAX_DEPTH)]
    seen = 0
    while waiting and seen < MAX_NODES:
        node, depth = waiting.pop()
        seen += 1
        parts = _parts_of(node)
        objects = [part for part in parts if isinstance(part, dict)]
        if len(objects) >= MIN_ITEMS:
            yield objects
        if depth:
            nested = [part for part in reversed(parts) if isinstance(part, dict | list)]
            waiting += [(part, depth - 1) for part in nested]


def _parts_of(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _state_items(rows: Iterable[Mapping[str, Any]], base: str) -> tuple[Item, ...]:
    items = filter(None, (_state_item(row, base) for row in rows))
    unique = {item.url: item for item in islice(items, MAX_ITEMS)}
    return tuple(unique.values())


def _state_item(row: Mapping[str, Any], base: str) -> Item | None:
    row = _unwrap(row)
    url = resolve_link(_first_text(row, URL_KEYS), base)
    title = _plain_text(_first_text(row, TITLE_KEYS))
    if not title or url is None:
        return None
    if site_domain(url) != site_domain(base) or not may_be_article(url, base):
        return None
    names = filter(None, map(_name, map(row.get, AUTHOR_KEYS)))
    dates = filter(None, map(_date, map(row.get, DATE_KEYS)))
    return Item(
        url=url,
        title=title,
        authors=tuple(islice(names, 1)),
        published=next(dates, None),
        summary=_plain_text(_first_text(row, SUMMARY_KEYS)),
    )


def _unwrap(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Merge an object with the one that servers wrap in it, such as GraphQL's node."""
    for key in WRAPPER_KEYS:
        inner = row.get(key)
        if isinstance(inner, dict):
            return {**row, **inner}
    return row


def _first_text(row: Mapping[str, Any], keys: Sequence[str]) -> str:
    for key in keys:
        if text := _text(row.get(key)):
            return text
    return ""


def _text(value: Any) -> str:
    if isinstance(value, dict):  # a text with its format
        value = value.get("rendered") or value.get("text") or value.get("url")
    return value.strip() if isinstance(value, str) else ""


def _plain_text(text: str) -> str:
    """Return a text on one line; most have no markup, so it is parsed only if needed."""
    text = text[:MAX_TEXT_CHARS]
    return to_text(text) if is_markup(text) else clean_text(text)


def _name(value: Any) -> str:
    if isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, dict):
        value = value.get("name")
    return _plain_text(_text(value))


def _date(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return parse_epoch(value)
    return parse_date(value) if isinstance(value, str) else None


def _are_articles(items: Sequence[Item]) -> bool:
    """Return False for menus and shops: their items have neither dates nor sentences."""
    dated = titled = summarised = 0
    for item in items:
        dated += item.published is not None
        titled += len(item.title.split()) >= MIN_TITLE_WORDS or not item.title.isascii()
        summarised += item.summary != ""
    return max(dated, min(titled, summarised)) * 2 >= len(items)


def _list_rank(items: Sequence[Item]) -> tuple[int, int]:
    """Return a number that is greater the more fields of articles the items have."""
    fields = 0
    for item in items:
        fields += 1 + 2 * (item.published is not None) + (item.summary != "")
    return fields, len(items)


# --- JSON-LD: ItemList, Blog, CollectionPage and the like ---


def items_in_jsonld(data: Sequence[str], base: str) -> dict[str, Item]:
    """Return the articles in JSON-LD texts by URL, in their order; broken texts are ignored."""
    found: dict[str, Item] = {}
    for node in islice(_jsonld_articles(data), MAX_JSONLD_ITEMS):
        item = _jsonld_item(node, base)
        if item and item.url:
            found.setdefault(item.url, item)
    return found


def _jsonld_articles(data: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for text in data:
        yield from _articles(_load_jsonld(text), MAX_JSONLD_DEPTH)


def _load_jsonld(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):  # broken data, which search engines ignore as well
        return None


def _articles(data: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, list):
        for part in data:
            yield from _articles(part, depth)
    if not isinstance(data, dict):
        return
    types = _types(data)
    if any(name.endswith(ARTICLE_TYPES) for name in types):
        yield data
    elif "ListItem" in types:
        yield from _list_item(data)
    elif depth > 0 and types.isdisjoint(OTHER_TYPES):
        for name in JSONLD_LISTS:
            yield from _articles(data.get(name), depth - 1)


def _list_item(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    item = data.get("item")
    if not isinstance(item, dict):
        yield {**data, "url": item or data.get("url")}
    elif _types(item).isdisjoint(OTHER_TYPES):
        yield item


def _types(data: Mapping[str, Any]) -> set[str]:
    return {name for name in _as_list(data.get("@type")) if isinstance(name, str)}


def _jsonld_item(node: Mapping[str, Any], base: str) -> Item | None:
    addresses = map(_address, map(node.get, ("url", "mainEntityOfPage", "@id")))
    url = resolve_link(next(filter(None, addresses), ""), base)
    if url is None or not may_be_article(url, base):
        return None
    names = map(_jsonld_name, _as_list(node.get("author")))
    image = next(iter(_as_list(node.get("image"))), None)
    return Item(
        url=url,
        title=_jsonld_text(node.get("headline")) or _jsonld_text(node.get("name")),
        authors=tuple(filter(None, names)),
        published=parse_date(_jsonld_text(node.get("datePublished"))),
        summary=_jsonld_text(node.get("description")),
        image=resolve_link(_address(image), base),
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _address(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("url") or value.get("@id")
    return value if isinstance(value, str) else ""


def _jsonld_name(value: Any) -> str:
    return _jsonld_text(value.get("name") if isinstance(value, dict) else value)


def _jsonld_text(value: Any) -> str:
    return clean_text(html.unescape(value)) if isinstance(value, str) else ""
