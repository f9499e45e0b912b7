"""Check the HTML pages."""

import base64
import hashlib
import re
from collections import Counter
from html import unescape
from importlib.resources import files
from itertools import pairwise

import lxml.html
import pytest
from html5lib.html5parser import HTMLParser
from hypothesis import HealthCheck, given, settings

from feedpub.builder import render_article, render_index, render_page
from feedpub.core.models import Enclosure, Feed, FeedSummary
from tests.support.feeds import entry, feed, feeds

WHOLE = feed(
    entry(
        1, enclosures=(Enclosure("https://example.org/ton%20spur.mp3", "audio/mpeg", 14_200_000),)
    ),
    entry(2, url="", slug="own", summary=""),
    author="Jane Roe",
)
SAVED = entry(3, url="", slug="own", image="https://example.org/i.jpg", language="de")
PAGES = {
    "feed": render_page(WHOLE),
    "empty feed": render_page(feed()),
    "article": render_article(WHOLE, SAVED),
    "index": render_index(
        [
            FeedSummary.for_feed(each)
            for each in (WHOLE, feed(name="other", language="ar", title="أخبار"))
        ]
    ),
    "empty index": render_index([]),
}


def tree(page: bytes) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(page.decode())


def find(page: bytes, path: str) -> list[str]:
    """Return the results of an XPath as texts."""
    found = tree(page).xpath(path)
    return [
        str(node) if isinstance(node, str) else " ".join(node.text_content().split())
        for node in found
    ]


every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


@every_page
def test_page_is_valid_html(page: bytes) -> None:
    HTMLParser(strict=True).parse(page.decode())


@every_page
def test_page_is_accessible(page: bytes) -> None:
    assert len(find(page, "//main")) == len(find(page, "//h1")) == len(find(page, "//header")) == 1
    ids = Counter(find(page, "//@id"))
    assert set(ids.values()) <= {1}
    (target,) = find(page, "//a[@class='skip']/@href")
    assert target.removeprefix("#") in ids
    assert set(find(page, "//@aria-labelledby")) <= ids.keys()
    ranks = [int(node.tag[1]) for node in tree(page).iter("h1", "h2", "h3")]
    assert all(later - earlier <= 1 for earlier, later in pairwise(ranks))


@every_page
def test_page_has_no_script_and_no_external_resources(page: bytes) -> None:
    assert (
        find(page, "//script | //link[@rel='stylesheet'] | //iframe | //@style | //@onclick") == []
    )
    (style,) = find(page, "//style/text()")
    (policy,) = find(page, "//meta[@http-equiv='Content-Security-Policy']/@content")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"url\((?!\"data:)|@import", style)


def test_style_is_the_same_on_all_pages() -> None:
    assert len({find(page, "//style/text()")[0] for page in PAGES.values()}) == 1


def luminance(colour: str) -> float:
    """Relative luminance as WCAG has it, of "#abc" or "#aabbcc"."""
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


STYLE = files("feedpub.builder").joinpath("templates/style.css").read_text("utf-8")
PALETTES = [
    dict(re.findall(r"--(\w+): (#\w+)", rule))
    for rule in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
]


@pytest.mark.parametrize("palette", PALETTES, ids=["light", "dark", "print"])
@pytest.mark.parametrize("ground", ["paper", "card"])
@pytest.mark.parametrize("colour", ["ink", "soft", "accent"])
def test_text_colours_have_enough_contrast(
    palette: dict[str, str], colour: str, ground: str
) -> None:
    light, dark = sorted((luminance(palette[colour]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_feed_page_shows_title_site_and_addresses() -> None:
    page = PAGES["feed"]
    assert find(page, "//title") == find(page, "//h1") == ["News"]
    assert find(page, "//header/p") == ["What happens.", "Articles from example.org"]
    addresses = [f"https://feeds.example.org/news.{suffix}" for suffix in ("rss", "atom", "json")]
    types = ["application/rss+xml", "application/atom+xml", "application/feed+json"]
    assert find(page, "//section[@class='subscribe']//code") == addresses
    assert find(page, "//section[@class='subscribe']//a/@href") == addresses
    assert find(page, "//link[@rel='alternate']/@href") == addresses
    assert find(page, "//link[@rel='alternate']/@type") == types
    assert find(page, "//link[@rel='canonical']/@href") == ["https://feeds.example.org/news.html"]
    assert find(page, "//nav/a/@href") == ["index.html"]


@pytest.mark.parametrize("formats", [("rss",), ("json", "atom")])
def test_feed_page_offers_only_published_formats(formats: tuple[str, ...]) -> None:
    page = render_page(feed(entry(), formats=formats))
    addresses = [f"https://feeds.example.org/news.{suffix}" for suffix in formats]
    assert find(page, "//link[@rel='alternate']/@href") == find(page, "//code") == addresses
    assert ("not sure which" in page.decode()) == (len(formats) > 1)


def test_feed_page_lists_articles() -> None:
    page = PAGES["feed"]
    assert find(page, "//article/h3/a") == ["Article 1", "Article 2"]
    assert find(page, "//article/h3/a/@href") == ["https://example.org/articles/1", "news/own.html"]
    assert find(page, "//article//time/@datetime") == [
        "2025-11-21T11:00:00+00:00",
        "2025-11-21T10:00:00+00:00",
    ]
    assert find(page, "//article[1]/p") == [
        "21 November 2025, 11:00 UTC Mara Lindqvist",
        "What article 1 is about.",
    ]
    assert find(page, "//article[2]/p[2]") == ["What article 2 is about. And the rest of it."]
    assert find(page, "//article[1]/ul/li") == ["ton spur.mp3 audio/mpeg, 14.2 MB"]
    assert find(page, "//footer//time/@datetime") == ["2025-11-21T11:00:00+00:00"]


def test_empty_feed_page_has_a_notice_and_no_update_time() -> None:
    assert "No articles yet." in PAGES["empty feed"].decode()
    assert find(PAGES["empty feed"], "//footer") == []


def test_feed_page_without_site_names_none() -> None:
    page = render_page(feed(entry(), link="https://feeds.example.org/news.html", description=""))
    assert find(page, "//header/p") == []


@pytest.mark.parametrize(
    ("language", "page", "content"),
    [
        ("de", ("de", "ltr"), ("de", "ltr")),
        ("ar-EG", ("ar", "rtl"), ("ar-EG", "rtl")),
        ("fa", ("en", "ltr"), ("fa", "rtl")),
        (None, ("en", "ltr"), (None, "auto")),
    ],
)
def test_language_and_direction_are_marked(
    language: str | None, page: tuple[str, str], content: tuple[str | None, str]
) -> None:
    root = tree(render_page(feed(entry(), language=language)))
    assert (root.get("lang"), root.get("dir")) == page
    (article,) = root.xpath("//article")
    assert (article.get("lang"), article.get("dir")) == content


def test_article_page_shows_the_complete_article() -> None:
    page = PAGES["article"]
    assert find(page, "/html/@lang") == ["de"]
    assert find(page, "//h1") == ["Article 3"]
    assert find(page, "//article/p[@class='facts']") == [
        "21. November 2025, 09:00 UTC Mara Lindqvist"
    ]
    assert find(page, "//article/img/@src") == ["https://example.org/i.jpg"]
    assert find(page, "//div[@class='text']/p") == [
        "What article 3 is about.",
        "And the rest of it.",
    ]
    assert find(page, "//nav/a/@href") == find(page, "//footer//a/@href") == ["../news.html"]
    assert find(page, "//link[@rel='canonical']/@href") == [
        "https://feeds.example.org/news/own.html"
    ]
    assert len(find(page, "//link[@rel='alternate']")) == 3


def test_article_page_links_to_original() -> None:
    assert (
        find(render_article(WHOLE, entry()), "//footer//a/@href")[0]
        == "https://example.org/articles/1"
    )


@pytest.mark.parametrize(
    "source",
    ["https://example.org/a%20b.jpg?x=1&amp;y=2", "https://example.org/a b.jpg?x=1&amp;y=2"],
)
def test_article_page_shows_lead_image_once(source: str) -> None:
    shown = entry(
        image="https://example.org/a b.jpg?x=1&y=2", html=f'<p>x</p><img src="{source}" alt="">'
    )
    assert len(find(render_article(WHOLE, shown), "//img")) == 1


def test_index_lists_every_feed() -> None:
    page = PAGES["index"]
    assert find(page, "//article/h2/a/@href") == ["news.html", "other.html"]
    assert find(page, "//article[1]/p") == [
        "What happens.",
        "2 articles 21 November 2025, 11:00 UTC RSS Atom JSON Feed",
    ]
    assert find(page, "//article[2]/p[2]") == ["0 articles RSS Atom JSON Feed"]
    assert find(page, "//article[2]/@dir") == ["rtl"]
    assert (
        find(page, "//link[@type='text/x-opml']/@href")
        == find(page, "//section//a/@href")
        == ["feeds.opml"]
    )
    assert find(page, "//section//code") == ["https://feeds.example.org/feeds.opml"]
    assert len(find(page, "//link[@rel='alternate']")) == 6


def test_index_is_in_common_language_or_english() -> None:
    german = [feed(name="a", language="de"), feed(name="b", language="de")]
    assert find(render_index([FeedSummary.for_feed(each) for each in german]), "/html/@lang") == [
        "de"
    ]
    assert find(PAGES["index"], "/html/@lang") == ["en"]
    assert find(PAGES["empty index"], "//main") == ["No feeds yet."]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(feed=feeds())
def test_no_text_makes_a_page_invalid(feed: Feed) -> None:
    pages = [
        render_page(feed),
        render_index([FeedSummary.for_feed(feed)]),
        *(render_article(feed, entry) for entry in feed.entries),
    ]
    for page in pages:
        HTMLParser(strict=True).parse(page.decode())
        assert find(page, "//script") == []
        assert not any(unescape(href).startswith("javascript:") for href in find(page, "//@href"))
    assert len(find(pages[0], "//article")) == len(feed.entries)
    assert render_page(feed) == pages[0]
