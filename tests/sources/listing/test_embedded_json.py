"""Find articles in a page's JSON state, and distinguish them from menus and teaser boxes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from feedpub.core.dates import parse_epoch
from feedpub.sources.listing.embedded_json import items_in_state

BASE = "https://quay.example/news"
DAY = datetime(2026, 11, 3, tzinfo=UTC)


def rows(**more: Any) -> list[dict[str, Any]]:
    return [
        {"title": f"The ferry waits for tide {n}", "url": f"/story/{n}-waits", **more}
        for n in range(4)
    ]


def urls(*data: object) -> list[str | None]:
    return [item.url for item in items_in_state([json.dumps(each) for each in data], BASE)]


STORIES = [f"https://quay.example/story/{n}-waits" for n in range(4)]
SHAPES = {
    "a list": {"a": {"b": rows(date="2026-11-03")}},
    "by id": {"entities": {str(n): row for n, row in enumerate(rows(date="2026-11-03"))}},
    "nodes": {"edges": [{"node": row} for row in rows(publishedAt=1793664000)]},
    "attributes": {"data": [{"id": 1, "attributes": row} for row in rows(excerpt="It waits.")]},
    "a list at the top": rows(createdAt=1793664000000),
}


@pytest.mark.parametrize("data", SHAPES.values(), ids=SHAPES)
def test_articles_are_found_in_any_shape(data: object) -> None:
    """They keep their order."""
    assert urls(data) == STORIES


def test_article_fields_are_kept() -> None:
    """They are plain text; authors are names."""
    row = {
        "title": "The <em>ferry</em> waits &amp; waits",
        "excerpt": "<p>It waits.</p>",
        "author": [{"name": "Jo"}],
    }
    (first, *_) = items_in_state([json.dumps(rows(publishedAt=1793664000, **row))], BASE)
    assert (first.title, first.summary, first.authors, first.published) == (
        "The ferry waits & waits",
        "It waits.",
        ("Jo",),
        DAY,
    )


@pytest.mark.parametrize(
    "data",
    [
        [
            {"title": name, "url": f"/{name.lower()}-all"} for name in ("News", "Sport", "Tides")
        ],  # a menu
        [
            {"name": f"Rope of {n} metres", "url": f"/p/{n}00-rope", "price": n} for n in range(5)
        ],  # a shelf
        rows(date="2026-11-03")[:2],
        [{**row, "url": f"https://other.example/{row['url']}"} for row in rows(date="2026-11-03")],
        [{"title": 4, "url": ["x"], "date": {}}] * 5,
        "text",
        None,
    ],
)
def test_other_lists_are_ignored(data: object) -> None:
    """They lack dates or sentences, are too short, or belong to other sites."""
    assert urls(data) == []


def test_list_with_most_information_is_chosen() -> None:
    """This holds across several states."""
    bare = [
        {"title": f"What was read most often {n}", "url": f"/most/{n}-read", "summary": "x"}
        for n in range(4)
    ]
    assert urls({"most": bare}, {"all": rows(date="2026-11-03", summary="x")}) == STORIES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        '{"a": undefined}',
        "9" * 5000,
        json.dumps(rows(date=10**400)),
        '[{"title": "\\ud800"}]',
    ],
)
def test_broken_and_hostile_states_are_ignored(text: str) -> None:
    assert items_in_state([text], BASE) == ()


def test_large_state_is_truncated() -> None:
    """A state of 25,000 articles takes little time."""
    many = [
        {"title": f"The ferry waits {n}", "url": f"/s/{n}-x", "date": 1793664000}
        for n in range(25_000)
    ]
    found = items_in_state([json.dumps(many)], BASE)
    assert len(found) == 500


@pytest.mark.parametrize(
    ("number", "date"),
    [
        (1793664000, DAY),
        (1793664000000, DAY),
        (0, None),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (5e9, None),
    ],
)
def test_numbers_are_dates_in_seconds_or_milliseconds(number: float, date: datetime | None) -> None:
    """They must be within plausible years."""
    assert parse_epoch(number) == date
