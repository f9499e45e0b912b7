"""Read posts from the API of WordPress as a feed with full content."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item, Page
from feedpub.sources.feed import parse_items

URL = "https://quay.example/wp-json/wp/v2/posts?per_page=50"


def post(**changes: Any) -> dict[str, Any]:
    return {
        "link": "https://quay.example/2026/11/ferry/",
        "title": {"rendered": "The ferry &#038; the tide"},
        "date": "2026-11-03T09:00:00",
        "date_gmt": "2026-11-03T08:00:00",
        "modified_gmt": "2026-11-04T08:00:00",
        "excerpt": {"rendered": "<p>It waits.</p>\n", "protected": False},
        "content": {
            "rendered": '<p>It waits for the <a href="/tide">tide</a>.</p>',
            "protected": False,
        },
    } | changes


def items(posts: object) -> tuple[Item, ...]:
    return parse_items(Page(URL, json.dumps(posts).encode(), "application/json"), limit=50)


def test_post_is_an_item() -> None:
    """Title and excerpt are text, the body has absolute addresses, dates are UTC."""
    assert items([post()]) == (
        Item(
            url="https://quay.example/2026/11/ferry/",
            title="The ferry & the tide",
            published=datetime(2026, 11, 3, 8, tzinfo=UTC),
            updated=datetime(2026, 11, 4, 8, tzinfo=UTC),
            summary="It waits.",
            html='<p>It waits for the <a href="https://quay.example/tide">tide</a>.</p>',
            version="2026-11-04T08:00:00+00:00 The ferry & the tide",
        ),
    )


def test_protected_post_has_no_body() -> None:
    """WordPress shows a form instead."""
    (item,) = items([post(content={"rendered": "<form>", "protected": True})])
    assert item.html == ""


def test_local_time_is_used_without_utc() -> None:
    """Drafts that were published by hand have no UTC time."""
    (item,) = items([post(date_gmt=None)])
    assert item.published == datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", [[[1]], [{"title": 1}, 2], [{"id": 1, "name": "News"}], [{"link": 4}]]
)
def test_other_lists_are_refused(body: list[object]) -> None:
    """Categories come from the same API, and have links as well."""
    with pytest.raises(ExtractError, match="holds no posts"):
        items(body)


def test_site_without_posts_has_no_entries() -> None:
    with pytest.raises(NoContentError, match="no entries"):
        items([])


def test_error_has_the_location_in_broken_json() -> None:
    with pytest.raises(ExtractError, match="broken JSON"):
        parse_items(Page(URL, b'[{"link": ', "application/json"), limit=50)
