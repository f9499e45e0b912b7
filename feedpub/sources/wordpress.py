"""The posts of a WordPress as its REST API gives them (/wp-json/wp/v2/posts): bytes → items, whole texts and all.

A feed for our purposes, and a better one: the feed of the same site has ten entries, and often only
their beginnings.
"""

import html
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from feedpub.core.dates import parse_date
from feedpub.core.errors import ExtractError
from feedpub.core.models import Item, Page
from feedpub.core.urls import absolute_url
from feedpub.sources.markup import absolutize_links, clean_text, to_text


def wordpress_entries(page: Page) -> list[Item]:
    """The posts of an answer, those without an address too.

    Raises ExtractError where the JSON is none.
    """
    try:
        posts = json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise ExtractError(f"expected a feed, found broken JSON ({error})", page.url) from error
    if not isinstance(posts, list) or not all(isinstance(post, dict) for post in posts):
        raise ExtractError("expected a feed, found a JSON list that holds no posts", page.url)
    if posts and not any("link" in post and "title" in post for post in posts):
        raise ExtractError("expected a feed, found a JSON list that holds no posts", page.url)
    return [_item(post, page.url) for post in posts]


def _item(post: Mapping[str, Any], base: str) -> Item:
    url = absolute_url(_text(post.get("link")), base)
    title, updated = _words(post.get("title")), _date(post, "modified")
    content = _rendered(post.get("content"))
    return Item(
        url=url,
        title=title,
        published=_date(post, "date"),
        updated=updated,
        summary=_words(post.get("excerpt")),
        html=absolutize_links(content, url or base) if content else "",
        image=absolute_url(_text(post.get("jetpack_featured_media_url")), base),
        version=f"{updated.isoformat() if updated else ''} {title}".strip(),
    )


def _date(post: Mapping[str, Any], name: str) -> datetime | None:
    """The moment in UTC.

    The site's own time, whose zone nobody knows, only where there is no other.
    """
    return parse_date(_text(post.get(f"{name}_gmt"))) or parse_date(_text(post.get(name)))


def _rendered(value: Any) -> str:
    """A text as WordPress shows it; "" for one that needs a password."""
    if not isinstance(value, dict) or value.get("protected") is True:
        return ""
    return _text(value.get("rendered"))


def _words(value: Any) -> str:
    return clean_text(html.unescape(to_text(_rendered(value))))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
