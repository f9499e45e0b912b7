import pytest
from lxml import etree

from feedpub.builder import render_opml
from tests.support.feeds import entry, feed


def test_each_feed_is_an_outline() -> None:
    feeds = [feed(entry(), name="a", title="A & B"), feed(name="b", description="", language=None)]
    outlines = etree.fromstring(render_opml(feeds)).findall("body/outline")
    assert [dict(outline.attrib) for outline in outlines] == [
        {
            "text": "A & B",
            "title": "A & B",
            "type": "rss",
            "xmlUrl": "https://feeds.example.org/a.rss",
            "htmlUrl": "https://example.org/news",
            "description": "What happens.",
            "language": "en",
        },
        {
            "text": "News",
            "title": "News",
            "type": "rss",
            "xmlUrl": "https://feeds.example.org/b.rss",
            "htmlUrl": "https://example.org/news",
        },
    ]


@pytest.mark.parametrize(
    ("formats", "suffix"),
    [(("json", "atom", "rss"), "rss"), (("json", "atom"), "atom"), (("json",), "json")],
)
def test_outline_has_address_of_preferred_format(formats: tuple[str, ...], suffix: str) -> None:
    outline = etree.fromstring(render_opml([feed(formats=formats)])).find("body/outline")
    assert outline is not None
    assert outline.get("xmlUrl") == f"https://feeds.example.org/news.{suffix}"


def test_date_is_the_latest_update() -> None:
    opml = etree.fromstring(render_opml([feed(entry(2)), feed(entry(1))]))
    assert opml.findtext("head/dateModified") == "Fri, 21 Nov 2025 11:00:00 +0000"


def test_list_without_feeds_is_empty() -> None:
    assert etree.fromstring(render_opml([])).findall("body/outline") == []
