"""Read posts from the REST API of a WordPress site (/wp-json/wp/v2/posts), with their full text.

It is better than the same site's feed, which has ten entries and often only their beginnings.
"""

import html
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from feedpub.core.dates import parse_date
from feedpub.core.errors import ExtractError
from feedpub.core.models import Item, Page
from feedpub.core.urls import absolute_url
from feedpub.sources.markup import absolutize_links, clean_text, to_text


def wordpress_entries(page: Page) -> list[Item]:
    """Return the posts of a response, including those without a URL.

    Raises:
        ExtractError: the JSON is not a list of posts.
    """
    try:
        posts = json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise ExtractError(f"expected a feed, found broken JSON ({error})", page.url) from error
    if not isinstance(posts, list) or not _are_posts(posts):
        raise ExtractError("expected a feed, found a JSON list that holds no posts", page.url)
    return [_item(post, page.url) for post in posts]


def _are_posts(rows: Sequence[Any]) -> bool:
    """Return True for objects of which one at least has the fields of a post, and for no rows."""
    if not all(isinstance(row, dict) for row in rows):
        return False
    return not rows or any({"link", "title"} <= row.keys() for row in rows)


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
    """Return a date in UTC, or else in the site's own time, whose zone is unknown."""
    return parse_date(_text(post.get(f"{name}_gmt"))) or parse_date(_text(post.get(name)))


def _rendered(value: Any) -> str:
    """Return a text as WordPress renders it; "" if it requires a password."""
    if not isinstance(value, dict) or value.get("protected") is True:
        return ""
    return _text(value.get("rendered"))


def _words(value: Any) -> str:
    return clean_text(html.unescape(to_text(_rendered(value))))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
