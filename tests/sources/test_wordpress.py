"""The posts of a WordPress, as its API gives them: a feed with whole texts."""

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


def test_a_post_is_an_item() -> None:
    """Title and excerpt as text, the whole body with absolute addresses, dates in UTC."""
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


def test_a_post_behind_a_password_has_no_body() -> None:
    """What WordPress shows instead is no article."""
    (item,) = items([post(content={"rendered": "<form>", "protected": True})])
    assert item.html == ""


def test_without_universal_time_the_site_s_own_counts() -> None:
    """Drafts that were made public by hand have no other."""
    (item,) = items([post(date_gmt=None)])
    assert item.published == datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", [[[1]], [{"title": 1}, 2], [{"id": 1, "name": "News"}], [{"link": 4}]]
)
def test_other_lists_are_refused(body: list[object]) -> None:
    """Categories come from the same API, and have links as well."""
    with pytest.raises(ExtractError, match="holds no posts"):
        items(body)


def test_a_site_without_posts_has_no_entries() -> None:
    """As a feed that is empty."""
    with pytest.raises(NoContentError, match="no entries"):
        items([])


def test_broken_json_is_named() -> None:
    """With the place."""
    with pytest.raises(ExtractError, match="broken JSON"):
        parse_items(Page(URL, b'[{"link": ', "application/json"), limit=50)
