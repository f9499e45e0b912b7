from dataclasses import replace

import pytest

from feedpub.builder import render_article
from feedpub.builder.entry_html import complete_fragments, shorten_fragments
from feedpub.builder.parse_published import parse_published
from feedpub.core.models import Feed
from tests.support.feedcheck import CHECKS
from tests.support.feeds import NOW, RENDERERS, entry, feed

PAGE = "https://gazette.example/news/pier?a=1&b=2"
NOTE = (
    '<p>The pier<sup id="r1"><a href="#f1">1</a></sup> stays.</p><p id="f1">Built 1902. '
    '<a href="#r1">Back</a></p>'
)
WHOLE = NOTE.replace("#", "https://gazette.example/news/pier?a=1&amp;b=2#")


def feed_with_footnotes(url: str = PAGE) -> Feed:
    return feed(entry(id=f"tag:feeds.example.org,2025-11-20:news/{1:020x}", html=NOTE, url=url))


@pytest.mark.parametrize("kind", ["rss", "atom", "json"])
def test_feed_has_absolute_fragment_links(kind: str) -> None:
    document = RENDERERS[kind](feed_with_footnotes())
    assert CHECKS[kind](document, now=NOW) == []
    assert b"pier?a=1" in document
    assert b'"#f1' not in document
    assert [each.html for each in parse_published(document, kind, feed_with_footnotes().name)] == [
        NOTE
    ]


def test_fragment_of_page_address_is_dropped() -> None:
    assert complete_fragments(NOTE, f"{PAGE}#v2") == WHOLE
    assert shorten_fragments(WHOLE, f"{PAGE}#v2") == NOTE


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="https://elsewhere.example/x#f1">There</a></p><p id="f1">Note</p>',
        '<p><a href="https://gazette.example/news/pier?a=1&amp;b=2#comments">Comments</a></p>',
        '<pre>&lt;a href="#top"&gt; and href="#f1"</pre>',
        '<p title="href=&quot;#f1&quot;">Text</p>',
    ],
)
def test_other_links_are_unchanged(html: str) -> None:
    assert complete_fragments(html, PAGE) == html
    assert shorten_fragments(html, PAGE) == html


def test_article_page_keeps_relative_fragment_links() -> None:
    own = feed_with_footnotes(url="")
    assert b'href="#f1"' in render_article(own, replace(own.entries[0], slug="pier"))
