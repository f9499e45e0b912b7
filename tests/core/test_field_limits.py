"""The fields of articles are limited."""

import pytest

from feedpub.builder import render_atom, render_json, render_rss
from feedpub.core.errors import MAX_REASON_CHARS, ExtractError
from feedpub.core.field_limits import (
    MAX_AUTHORS,
    MAX_CATEGORIES,
    MAX_ENCLOSURES,
    MAX_NAME_CHARS,
    MAX_TITLE_CHARS,
    limit_fields,
)
from feedpub.core.models import Article, Enclosure, Item, Page
from feedpub.sources.feed import parse_items
from tests.support.feeds import entry, feed

LONG = "word " * 400_000  # 2 MB


def test_fields_within_their_limits_are_unchanged() -> None:
    item = Item(
        "https://example.org/1",
        "A title",
        ("Jane Roe",),
        categories=("Sea",),
        summary="Short.",
        version="1",
    )
    assert limit_fields(item) == item


def test_long_texts_are_cut_between_words_with_an_ellipsis() -> None:
    limited = limit_fields(Article(title=LONG, summary=LONG, authors=(LONG,), categories=(LONG,)))
    assert limited.title.endswith("word…")
    assert len(limited.title) <= MAX_TITLE_CHARS
    assert [len(name) <= MAX_NAME_CHARS for name in (*limited.authors, *limited.categories)] == [
        True,
        True,
    ]


def test_long_lists_are_cut() -> None:
    many = [str(number) for number in range(1000)]
    media = tuple(Enclosure(f"https://example.org/{number}.mp3") for number in many)
    limited = limit_fields(
        Item("https://example.org/1", authors=tuple(many), categories=tuple(many), enclosures=media)
    )
    lengths = (len(limited.authors), len(limited.categories), len(limited.enclosures))
    assert lengths == (MAX_AUTHORS, MAX_CATEGORIES, MAX_ENCLOSURES)


def test_long_versions_remain_distinct() -> None:
    one, other = (
        limit_fields(Item("https://example.org/1", version=LONG + end)).version for end in "ab"
    )
    assert one != other
    assert len(one) < 100


@pytest.mark.parametrize(
    "field", ["title", "dc:creator", "category", "guid", "link", "enclosure", "description"]
)
def test_item_with_a_huge_field_becomes_small(field: str) -> None:
    """Only its content is not cut."""
    value = f"<{field}>{LONG}</{field}>"
    if field == "enclosure":
        value = f'<enclosure url="https://example.org/{LONG}" type="{LONG}"/>'
    if field == "link":
        value = f"<link>https://example.org/{LONG.replace(' ', '-')}</link>"
    rss = f"""<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
        <title>W</title><item>{value}
        <link>https://example.org/1</link><title>One</title></item></channel></rss>"""
    (item,) = parse_items(Page("https://example.org/feed", rss.encode()), limit=9)
    texts = (
        item.url or "",
        item.title,
        item.summary,
        item.version,
        *item.authors,
        *item.categories,
    )
    assert sum(map(len, texts)) < 12_000
    assert all(len(each.url) <= 8192 for each in item.enclosures)
    assert len(item.html) > 1_000_000 or field != "description"


def test_title_from_an_earlier_state_is_cut_in_documents() -> None:
    for render in (render_rss, render_atom, render_json):
        assert len(render(feed(entry(title=LONG)))) < 5000


def test_reason_of_an_error_is_cut() -> None:
    error = ExtractError("found " + "?" * 60_000, "https://example.org/")
    assert len(error.reason) == MAX_REASON_CHARS
    assert error.reason.endswith("?…")
