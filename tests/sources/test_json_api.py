"""Items of JSON documents: expressions, usual names, dates, scripts of pages, and errors."""

import json
from datetime import datetime
from typing import Any

import pytest

from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item, Page
from feedpub.sources.json_api import JsonSelectors, parse_json_items

URL = "https://api.example/v1/posts?page=1"


def parse(data: Any, **selectors: str) -> tuple[Item, ...]:
    page = Page(URL, json.dumps(data).encode(), "application/json")
    return parse_json_items(page, JsonSelectors(**selectors)).items


def only(data: Any, **selectors: str) -> Item:
    (item,) = parse(data, **selectors)
    return item


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_field_has_an_expression() -> None:
    row = {
        "meta": {"uid": 7, "when": "2025-05-02T15:01:05+02:00"},
        "name": {"rendered": "Salt &amp; <em>pepper</em>"},
        "slug": "salt",
        "html": '<p>See <a href="/map">the map</a>.</p>',
        "cover": {"url": "/cover.jpg"},
        "people": [{"name": "Ann"}, {"name": "Bo"}],
    }
    item = only(
        {"data": [row]},
        items="data",
        title="name.rendered",
        link="join('', ['/posts/', slug])",
        date="meta.when",
        content="html",
        id="meta.uid",
        image="cover.url",
        author="people[].name",
    )
    assert (item.title, item.url) == ("Salt & pepper", "https://api.example/posts/salt")
    assert item.published == moment("2025-05-02T13:01:05+00:00")
    assert item.html == '<p>See <a href="https://api.example/map">the map</a>.</p>'
    assert (item.guid, item.image) == ("7", "https://api.example/cover.jpg")
    assert item.authors == ("Ann", "Bo")


def test_usual_names_need_no_expression() -> None:
    item = only(
        {
            "count": 1,
            "results": [
                {"id": "a", "title": "T", "url": "/t", "published_at": "2025-05-02", "body": "One."}
            ],
        }
    )
    assert (item.title, item.url, item.guid) == ("T", "https://api.example/t", "a")
    assert item.published == moment("2025-05-02T00:00:00+00:00")
    assert item.html == "<p>One.</p>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_746_190_865, "2025-05-02T13:01:05+00:00"),
        (1_746_190_865_123, "2025-05-02T13:01:05+00:00"),
        ("1746190865", "2025-05-02T13:01:05+00:00"),
        (1_746_190_865.5, "2025-05-02T13:01:05+00:00"),
        ("2025-05-02T15:01:05+02:00", "2025-05-02T13:01:05+00:00"),
        ("Fri, 02 May 2025 13:01:05 GMT", "2025-05-02T13:01:05+00:00"),
        ("2 May 2025", "2025-05-02T00:00:00+00:00"),
        ("Published on 2 May 2025 by the office", "2025-05-02T00:00:00+00:00"),
    ],
)
def test_dates_are_numbers_or_texts(value: object, expected: str) -> None:
    assert only([{"title": "T", "when": value}], date="when").published == moment(expected)


@pytest.mark.parametrize("value", [True, "soon", 0, {"year": 2025}, [], 1e300])
def test_value_that_is_no_date_is_ignored(value: object) -> None:
    assert only([{"title": "T", "when": value}], date="when").published is None


def test_plain_text_becomes_paragraphs() -> None:
    item = only([{"title": "T", "text": "1 < 2\n\nand more"}], content="text")
    assert item.html == "<p>1 &lt; 2</p><p>and more</p>"


def test_item_without_a_link_is_kept() -> None:
    item = only([{"title": "T", "link": None}], title="title")
    assert (item.title, item.url) == ("T", None)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Ann", ("Ann",)),
        ({"name": "Ann"}, ("Ann",)),
        ([{"display_name": "Ann"}, "Bo", None, 3], ("Ann", "Bo")),
        (None, ()),
    ],
)
def test_authors_are_names_objects_or_lists(value: object, names: tuple[str, ...]) -> None:
    assert only([{"title": "T", "by": value}], author="by").authors == names


def test_objects_by_id_are_a_list() -> None:
    """Stores of scripts map ids to objects."""
    items = parse({"posts": {"a": {"title": "A"}, "b": {"title": "B"}}}, items="posts")
    assert [item.title for item in items] == ["A", "B"]


def test_version_changes_with_the_content() -> None:
    first = only([{"title": "T", "text": "One."}])
    assert first.version == only([{"title": "T", "text": "One.", "views": 8}]).version
    assert first.version != only([{"title": "T", "text": "Two."}]).version


# --- the next page ---


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://api.example/v1/posts?page=2", "https://api.example/v1/posts?page=2"),
        ("?page=2", "https://api.example/v1/posts?page=2"),
        ({"href": "/v1/posts?page=2"}, "https://api.example/v1/posts?page=2"),
        (None, None),
        ("", None),
    ],
)
def test_next_page_is_a_url(value: object, expected: str | None) -> None:
    page = Page(URL, json.dumps({"items": [{"title": "T"}], "next": value}).encode())
    assert parse_json_items(page, JsonSelectors(next="next")).next_url == expected


# --- scripts of pages ---


@pytest.mark.parametrize(
    ("script", "selector"),
    [
        ('<script id="s" type="application/json">{"a": [{"title": "T"}]}</script>', "#s"),
        ('<script>window.__STATE__ = {"a": [{"title": "T"}]};\nrun();</script>', "script"),
        (
            '<script>other()</script><script>var x = {"a": [{"title": "T"}]}</script>',
            "xpath://script",
        ),
        ('<div id="app" data-page=\'{"a": [{"title": "T"}]}\'></div>', "#app"),
    ],
)
def test_json_of_a_script_is_read(script: str, selector: str) -> None:
    page = Page(URL, f"<html><body><p>Loading</p>{script}</body></html>".encode(), "text/html")
    (item,) = parse_json_items(page, JsonSelectors(script=selector, items="a")).items
    assert item.title == "T"


# --- errors ---


@pytest.mark.parametrize(
    ("data", "selectors", "reason"),
    [
        (
            {"results": [], "count": 0},
            {"items": "data.posts"},
            'items = "data.posts" gives null, not a list; the document is an object with the keys',
        ),
        ({"a": "x"}, {"items": "a"}, 'items = "a" gives a text, not a list'),
        ({"a": []}, {"items": "a"}, 'items = "a" gives an empty list'),
        ({"a": 1}, {}, 'no list of objects found: the document is an object with the keys "a"'),
        (
            {"a": [{"x": 1}], "b": {"c": [{"y": 2}]}},
            {},
            '2 lists of objects found; set items, to one of "a", "b.c"',
        ),
        (
            [{"name": "T"}, {"name": "U"}],
            {"title": "headline"},
            'title = "headline" gives null on every item; the first item is an object with the',
        ),
        ([{"x": 1}], {}, "no item has a title, a link or a content: the first one is an object"),
        (
            [{"title": "T", "n": 5}],
            {"title": "join(', ', n)"},
            "title = \"join(', ', n)\" cannot be evaluated",
        ),
        (
            [{"title": "T"}],
            {"next": "[0]"},
            'next = "[0]" gives an object with the keys "title", not a URL',
        ),
        ([], {}, "the document is empty"),
    ],
)
def test_error_names_the_expression_and_the_shape_of_the_document(
    data: object, selectors: dict[str, str], reason: str
) -> None:
    with pytest.raises(ExtractError) as caught:
        parse(data, **selectors)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"<html><body>Hello</body></html>", "text/html", "found an HTML page; set script"),
        (b"{broken", "application/json", "expected JSON, found"),
        (b"", "application/json", "the document is empty"),
        (b"[" * 200_000, "application/json", "expected JSON, found"),
    ],
)
def test_document_that_is_no_json_is_named(body: bytes, content_type: str, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        parse_json_items(Page(URL, body, content_type), JsonSelectors())


@pytest.mark.parametrize(
    ("selector", "reason"),
    [("#gone", "matches nothing in the page"), ("script", "contains no JSON")],
)
def test_script_without_json_is_named(selector: str, reason: str) -> None:
    page = Page(URL, b"<html><body><script>run()</script></body></html>", "text/html")
    with pytest.raises(ExtractError, match=reason):
        parse_json_items(page, JsonSelectors(script=selector))


def test_null_link_of_an_empty_first_page_is_no_error() -> None:
    with pytest.raises(NoContentError):
        parse({"items": []}, items="items")
