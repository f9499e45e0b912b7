"""URLs, guids and contents are turned into keys, and keys into entry ids."""

from datetime import UTC, datetime

import pytest

from feedpub.builder.ids import new_entry_id, page_slug
from feedpub.core.article_keys import strip_tracking, url_key

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
STORY = "https://example.org/news/story"


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/news/story",
        "https://www.example.org/news/story",
        "https://EXAMPLE.org/news/story",
        "https://example.org./news/story",
        "https://example.org:443/news/story",
        "http://example.org:80/news/story",
        "https://example.org/news/story/",
        "https://example.org/news/story/index.html",
        "https://example.org/news/story/index.php",
        "https://example.org/news/story#comments",
        "https://example.org/news/story?utm_source=rss&utm_medium=feed",
        "https://example.org/news/story?UTM_Campaign=x",
        "https://example.org/news/story?fbclid=abc",
        "https://example.org/news/story?gclid=abc#top",
        "https://example.org/news/story;jsessionid=1F2E",
        "https://example.org/news/story?PHPSESSID=77",
        "https://example.org/news/st%6Fry",
        "  https://example.org/news/story\n",
        "https://user:secret@example.org/news/story",
    ],
)
def test_urls_of_one_article_share_a_key(other: str) -> None:
    """Scheme, www., port, trailing slash, tracking, session and fragment do not matter."""
    assert url_key(other) == url_key(STORY)


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/news/story-2",
        "https://example.org/News/Story",
        "https://example.org/news/story?id=2",
        "https://example.org/news/story?page=2",
        "https://example.org:8443/news/story",
        "https://blog.example.org/news/story",
        "https://example.com/news/story",
        "https://example.org/news/story#!/part/2",
        "https://example.org/news/story#/part/2",
    ],
)
def test_urls_of_different_articles_have_different_keys(other: str) -> None:
    """Path, case, meaningful parameters, port, host and routing fragments matter."""
    assert url_key(other) != url_key(STORY)


def test_order_of_parameters_does_not_matter() -> None:
    assert url_key("https://example.org/a?x=1&y=2") == url_key("https://example.org/a?y=2&x=1")


def test_international_host_and_its_ascii_form_share_a_key() -> None:
    assert url_key("https://bücher.example/a") == url_key("https://xn--bcher-kva.example/a")


@pytest.mark.parametrize(
    "odd", ["", "https:///a", "https://" + "a" * 300 + "/x", "mailto:a@example.org", "//x/y"]
)
def test_invalid_url_has_a_key(odd: str) -> None:
    assert isinstance(url_key(odd), str)


def test_entry_id_is_a_tag_uri_of_publisher_day_and_feed() -> None:
    """RFC 4151 requires an authority, a date, and a part that is unique within them."""
    id_ = new_entry_id("world", url_key(STORY), "https://feeds.example.org/", NOW)
    assert id_.startswith("tag:feeds.example.org,2026-11-23:world/")
    assert id_ == new_entry_id("world", url_key(STORY), "https://feeds.example.org/", NOW)


def test_entry_ids_differ_between_articles_and_between_feeds() -> None:
    ids = {
        new_entry_id(feed, key, "https://x.example/", NOW)
        for feed in ("a", "b")
        for key in ("k1", "k2")
    }
    assert len(ids) == 4


def test_entry_id_of_an_ip_address_is_valid() -> None:
    """The authority of a tag URI cannot contain a colon."""
    assert new_entry_id("a", "k", "http://[::1]:8080/", NOW).startswith("tag:localhost,")


@pytest.mark.parametrize(
    ("title", "stem", "expected"),
    [
        ("US and NATO ready for new talks", "000_32e5", "us-and-nato-ready-for-new-talks"),
        ("Straße nach Überall", "x", "strasse-nach-uberall"),
        ("It's here", "x", "its-here"),
        ("北京", "2026-beijing", "2026-beijing"),
        ("北京", "北京", "article"),
        ("", "note_1", "note-1"),
        ("word " * 40, "x", "word-" * 15 + "word"),
    ],
)
def test_page_of_a_saved_article_is_named_after_its_title_or_file(
    title: str, stem: str, expected: str
) -> None:
    assert page_slug(title, stem, set()) == expected


def test_pages_with_the_same_title_are_numbered() -> None:
    assert page_slug("News", "x", {"news", "news-2"}) == "news-3"


@pytest.mark.parametrize(
    ("listed", "published"),
    [
        ("https://example.org/a?utm_source=x", "https://example.org/a"),
        (
            "https://example.org/a?id=7&utm_source=x&b=%20#part",
            "https://example.org/a?id=7&b=%20#part",
        ),
        ("https://example.org/a?b=2&a=1", "https://example.org/a?b=2&a=1"),
        ("https://example.org/a?print", "https://example.org/a?print"),
    ],
)
def test_published_url_has_no_tracking_parameters(listed: str, published: str) -> None:
    """Everything else is unchanged."""
    assert strip_tracking(listed) == published


def test_key_of_the_maximum_length_is_unchanged() -> None:
    path = "x" * (2000 - len("example.org/"))
    assert url_key(f"https://example.org/{path}") == f"example.org/{path}"


@pytest.mark.parametrize("length", [2001, 8192, 1_000_000])
def test_longer_key_is_shortened_and_remains_unique(length: int) -> None:
    long = "https://example.org/".ljust(length, "ä")
    keys = {url_key(f"{long}{end}") for end in "ab"}
    assert len(keys) == 2
    assert url_key(f"http://www.{long.removeprefix('https://')}a/") in keys
    assert all(len(key.encode()) <= 2000 for key in keys)
