"""The articles in a page's JSON state: what its own scripts would show (`__NEXT_DATA__`, `window.__STATE__ = …`).

Nobody wrote it for others, and each site has names of its own. So a list of articles is told by its
shape: several objects side by side, each with a title and an address on the site, most with the
same keys. The one with the most that articles have wins.
"""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from feedpub.core.dates import parse_date, parse_epoch
from feedpub.core.models import Item
from feedpub.core.urls import resolve_link, site_domain
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.markup import clean_text, is_markup, to_text

TITLES = ("title", "headline", "name", "heading")
ADDRESSES = (
    "url",
    "href",
    "link",
    "permalink",
    "canonicalUrl",
    "canonical_url",
    "webUrl",
    "path",
    "uri",
)
DATES = ("datePublished", "publishedAt", "published_at", "publishDate", "publishedDate", "published", "date",
         "pubDate", "firstPublished", "createdAt", "created_at", "timestamp")  # fmt: skip
SUMMARIES = ("description", "excerpt", "summary", "teaser", "dek", "standfirst", "subtitle")
AUTHORS = ("author", "authors", "byline")
FEWEST = 3  # articles of a list
MOST = 500  # articles
DEPTH = 24  # of objects in objects
MOST_NODES = 200_000
LONGEST = 5000  # characters of a title or description
TITLE_WORDS = 3  # that half of the titles have; those of menus are shorter


def items_in_state(texts: Sequence[str], base: str) -> tuple[Item, ...]:
    """The articles of the likeliest list in some JSON texts, in its order.

    None where no list looks like articles.
    """
    found = (_items(rows, base) for text in texts for rows in _lists(_load(text)))
    lists = [items for items in found if len(items) >= FEWEST and _are_articles(items)]
    return max(lists, key=_worth, default=())


def _load(text: str) -> Any:
    """The value that a text begins with.

    Behind one that is given to a name stands more of the script.
    """
    try:
        return json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):  # no JSON, but an object as JavaScript writes it
        return None


def _lists(data: Any) -> Iterator[list[Any]]:
    """Every list of objects, and every object of objects, as stores by id have them."""
    waiting, seen = [(data, DEPTH)], 0
    while waiting and seen < MOST_NODES:
        node, depth = waiting.pop()
        seen += 1
        parts = (
            list(node.values())
            if isinstance(node, dict)
            else node
            if isinstance(node, list)
            else []
        )
        if sum(isinstance(part, dict) for part in parts) >= FEWEST:
            yield parts
        if depth:
            waiting += [
                (part, depth - 1) for part in reversed(parts) if isinstance(part, dict | list)
            ]


def _items(rows: Sequence[Any], base: str) -> tuple[Item, ...]:
    items = (_item(row, base) for row in rows if isinstance(row, dict))
    unique = {item.url: item for item in islice(filter(None, items), MOST)}
    return tuple(unique.values())


def _item(row: Mapping[str, Any], base: str) -> Item | None:
    row = _inner(row)
    url = resolve_link(_first(row, ADDRESSES), base)
    title = _plain(_first(row, TITLES))
    if (
        not title
        or url is None
        or site_domain(url) != site_domain(base)
        or not may_be_article(url, base)
    ):
        return None
    return Item(
        url=url,
        title=title,
        authors=tuple(filter(None, (_name(row.get(key)) for key in AUTHORS)))[:1],
        published=next(filter(None, (_date(row.get(key)) for key in DATES)), None),
        summary=_plain(_first(row, SUMMARIES)),
    )


def _inner(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object itself, out of what servers wrap around it: GraphQL's node, attributes, fields."""
    for name in ("node", "attributes", "fields", "item"):
        if isinstance(inner := row.get(name), dict):
            return {**row, **inner}
    return row


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((text for name in names if (text := _text(row.get(name)))), "")


def _text(value: Any) -> str:
    if isinstance(value, dict):  # a text and what belongs to it
        value = value.get("rendered") or value.get("text") or value.get("url")
    return value.strip() if isinstance(value, str) else ""


def _plain(text: str) -> str:
    """The words of a text, on one line; most have no markup, and there may be many."""
    return to_text(text[:LONGEST]) if is_markup(text[:LONGEST]) else clean_text(text[:LONGEST])


def _name(value: Any) -> str:
    if isinstance(value, list):
        value = next(iter(value), None)
    return _plain(_text(value.get("name") if isinstance(value, dict) else value))


def _date(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return parse_epoch(value)
    return parse_date(value) if isinstance(value, str) else None


def _are_articles(items: Sequence[Item]) -> bool:
    """Menus and shelves have titles and addresses too, but neither dates nor sentences."""
    dated = sum(item.published is not None for item in items)
    titled = sum(
        len(item.title.split()) >= TITLE_WORDS or not item.title.isascii() for item in items
    )
    return dated * 2 >= len(items) or (
        titled * 2 >= len(items) and sum(bool(i.summary) for i in items) * 2 >= len(items)
    )


def _worth(items: Sequence[Item]) -> tuple[int, int]:
    return sum(1 + 2 * (item.published is not None) + bool(item.summary) for item in items), len(
        items
    )


# SECTION: The articles that a page lists in its own data: JSON-LD ItemList, Blog, CollectionPage
# and their like.

LISTS = ("@graph", "mainEntity", "itemListElement", "blogPost", "blogPosts", "hasPart")
ARTICLES = ("Article", "BlogPosting", "Report", "Recipe", "Review", "Episode", "VideoObject")
OTHERS = ("BreadcrumbList", "SiteNavigationElement", "Product", "FAQPage", "Organization", "Person")
MAX_JSONLD_DEPTH = 6  # of lists in lists
MAX_JSONLD_ITEMS = 1000  # articles


def items_in_jsonld(data: Sequence[str], base: str) -> dict[str, Item]:
    """The articles in JSON-LD texts, by address, in their order.

    A text that cannot be read counts for nothing.
    """
    found: dict[str, Item] = {}
    for node in islice(
        (node for text in data for node in _articles(_load_jsonld(text), MAX_JSONLD_DEPTH)),
        MAX_JSONLD_ITEMS,
    ):
        if (item := _jsonld_item(node, base)) and item.url:
            found.setdefault(item.url, item)
    return found


def _load_jsonld(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):  # broken data, which search engines do not read either
        return None


def _articles(data: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth < 0 or not isinstance(data, dict | list):
        return
    if isinstance(data, list):
        for part in data:
            yield from _articles(part, depth)
        return
    types = _types(data)
    if any(kind.endswith(ARTICLES) for kind in types):
        yield data
    elif "ListItem" in types:
        yield from _list_item(data)
    elif not types.intersection(OTHERS):
        for name in LISTS:
            yield from _articles(data.get(name), depth - 1)


def _list_item(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    item = data.get("item")
    if not isinstance(item, dict):
        yield {**data, "url": item or data.get("url")}
    elif not _types(item).intersection(OTHERS):
        yield item


def _types(data: Mapping[str, Any]) -> set[str]:
    kinds = data.get("@type")
    return {
        kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)
    }


def _jsonld_item(node: Mapping[str, Any], base: str) -> Item | None:
    address = next(
        filter(None, (_address(node.get(name)) for name in ("url", "mainEntityOfPage", "@id"))), ""
    )
    url = resolve_link(address, base)
    if url is None or not may_be_article(url, base):
        return None
    return Item(
        url=url,
        title=_jsonld_text(node.get("headline")) or _jsonld_text(node.get("name")),
        authors=tuple(filter(None, map(_jsonld_name, _list(node.get("author"))))),
        published=parse_date(_jsonld_text(node.get("datePublished"))),
        summary=_jsonld_text(node.get("description")),
        image=resolve_link(_address(next(iter(_list(node.get("image"))), None)), base),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _address(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("url") or value.get("@id")
    return value if isinstance(value, str) else ""


def _jsonld_name(value: Any) -> str:
    return _jsonld_text(value.get("name") if isinstance(value, dict) else value)


def _jsonld_text(value: Any) -> str:
    return clean_text(html.unescape(value)) if isinstance(value, str) else ""
