"""The articles that a page lists in its own data: JSON-LD ItemList, Blog, CollectionPage and their like."""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from feedpub.model import Item
from feedpub.sources.addresses import resolve
from feedpub.sources.dates import parse_date
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.markup import clean

LISTS = ("@graph", "mainEntity", "itemListElement", "blogPost", "blogPosts", "hasPart")
ARTICLES = ("Article", "BlogPosting", "Report", "Recipe", "Review", "Episode", "VideoObject")
OTHERS = ("BreadcrumbList", "SiteNavigationElement", "Product", "FAQPage", "Organization", "Person")
DEPTH = 6  # of lists in lists
MOST = 1000  # articles


def listed(data: Sequence[str], base: str) -> dict[str, Item]:
    """The articles in JSON-LD texts, by address, in their order; a text that cannot be read counts for nothing."""
    found: dict[str, Item] = {}
    for node in islice((node for text in data for node in _articles(_load(text), DEPTH)), MOST):
        if (item := _item(node, base)) and item.url:
            found.setdefault(item.url, item)
    return found


def _load(text: str) -> Any:
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
    return {kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)}


def _item(node: Mapping[str, Any], base: str) -> Item | None:
    address = next(filter(None, (_address(node.get(name)) for name in ("url", "mainEntityOfPage", "@id"))), "")
    url = resolve(address, base)
    if url is None or not may_be_article(url, base):
        return None
    return Item(
        url=url,
        title=_text(node.get("headline")) or _text(node.get("name")),
        authors=tuple(filter(None, map(_name, _list(node.get("author"))))),
        published=parse_date(_text(node.get("datePublished"))),
        summary=_text(node.get("description")),
        image=resolve(_address(next(iter(_list(node.get("image"))), None)), base),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _address(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("url") or value.get("@id")
    return value if isinstance(value, str) else ""


def _name(value: Any) -> str:
    return _text(value.get("name") if isinstance(value, dict) else value)


def _text(value: Any) -> str:
    return clean(html.unescape(value)) if isinstance(value, str) else ""
