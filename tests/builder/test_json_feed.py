import json
from typing import Any

from feedpub.builder import render_json
from feedpub.core.models import Enclosure, Feed
from tests.support.feeds import entry, feed


def render_case(case: Feed) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render_json(case))
    return document


def test_feed_has_every_field_that_is_not_empty() -> None:
    document = render_case(
        feed(
            author="Jane Roe <jane@example.org>", icon="https://example.org/i.svg", language="en_GB"
        )
    )
    assert document == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "News",
        "home_page_url": "https://example.org/news",
        "feed_url": "https://feeds.example.org/news.json",
        "description": "What happens.",
        "icon": "https://example.org/i.svg",
        "authors": [{"name": "Jane Roe", "url": "mailto:jane@example.org"}],
        "language": "en-GB",
        "items": [],
    }


def test_item_has_every_field_that_is_not_empty() -> None:
    whole = entry(
        title="AT&T </p>",
        language="de",
        image="https://example.org/i.jpg",
        categories=("a", "b"),
        enclosures=(
            Enclosure("https://example.org/a.mp3", "audio/mpeg", 5),
            Enclosure("https://example.org/b", "x/y"),
        ),
    )
    assert render_case(feed(whole))["items"] == [
        {
            "id": "tag:feeds.example.org,2025-11-20:news/1",
            "url": "https://example.org/articles/1",
            "title": "AT&T <\N{WORD JOINER}/p>",
            "content_html": "<p>What article 1 is about.</p><p>And the rest of it.</p>",
            "summary": "What article 1 is about.",
            "image": "https://example.org/i.jpg",
            "date_published": "2025-11-21T11:00:00+00:00",
            "date_modified": "2025-11-21T11:00:00+00:00",
            "authors": [{"name": "Mara Lindqvist"}],
            "tags": ["a", "b"],
            "language": "de",
            "attachments": [
                {"url": "https://example.org/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5},
                {"url": "https://example.org/b", "mime_type": "x/y"},
            ],
        }
    ]


def test_item_always_has_content() -> None:
    (short,) = render_case(feed(entry(), summary_only=True))["items"]
    (bare,) = render_case(feed(entry(html="", text="", summary="")))["items"]
    assert (short["content_text"], bare["content_text"]) == (
        "What article 1 is about.",
        "Article 1",
    )
    assert "content_html" not in short


def test_text_is_not_escaped_to_ascii() -> None:
    assert "日本語" in render_json(feed(entry(title="日本語"))).decode()


def test_next_url_leads_through_the_archives() -> None:
    documents = [
        render_case(feed(entry(), **changes))
        for changes in ({"previous": 2}, {"archive": 2, "previous": 1})
    ]
    assert [(document["feed_url"], document["next_url"]) for document in documents] == [
        ("https://feeds.example.org/news.json", "https://feeds.example.org/news-archive-2.json"),
        (
            "https://feeds.example.org/news-archive-2.json",
            "https://feeds.example.org/news-archive-1.json",
        ),
    ]
    assert "next_url" not in render_case(feed(entry(), archive=1))


def test_hubs_are_listed() -> None:
    hubs = render_case(feed(entry(), hubs=("https://hub.example.org/",)))["hubs"]
    assert hubs == [{"type": "WebSub", "url": "https://hub.example.org/"}]
