"""The pages for people."""

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
    """What an XPath gives, as text."""
    found = tree(page).xpath(path)
    return [
        str(node) if isinstance(node, str) else " ".join(node.text_content().split())
        for node in found
    ]


every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


@every_page
def test_a_page_is_valid_html(page: bytes) -> None:
    """A strict parser finds nothing to repair."""
    HTMLParser(strict=True).parse(page.decode())


@every_page
def test_a_page_can_be_used_by_ear_and_keyboard(page: bytes) -> None:
    """One main part and one heading of the first rank, a way past the top, labels that exist, ids once each."""
    assert len(find(page, "//main")) == len(find(page, "//h1")) == len(find(page, "//header")) == 1
    ids = Counter(find(page, "//@id"))
    assert set(ids.values()) <= {1}
    (target,) = find(page, "//a[@class='skip']/@href")
    assert target.removeprefix("#") in ids
    assert set(find(page, "//@aria-labelledby")) <= ids.keys()
    ranks = [int(node.tag[1]) for node in tree(page).iter("h1", "h2", "h3")]
    assert all(later - earlier <= 1 for earlier, later in pairwise(ranks))


@every_page
def test_a_page_needs_no_script_and_nothing_from_elsewhere(page: bytes) -> None:
    """The style is inline; the policy allows it by its digest and forbids the rest."""
    assert (
        find(page, "//script | //link[@rel='stylesheet'] | //iframe | //@style | //@onclick") == []
    )
    (style,) = find(page, "//style/text()")
    (policy,) = find(page, "//meta[@http-equiv='Content-Security-Policy']/@content")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"url\((?!\"data:)|@import", style)


def test_the_style_is_one_text_for_all_pages() -> None:
    """So its digest holds for every page and every release's server."""
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
def test_text_stands_out_from_its_ground(palette: dict[str, str], colour: str, ground: str) -> None:
    """At least 4.5 : 1 for every text colour, in the light and in the dark (WCAG AA)."""
    light, dark = sorted((luminance(palette[colour]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_page_of_a_feed_tells_what_it_is_and_how_to_subscribe() -> None:
    """Title, description, site; each format's address to copy and to follow, and for machines."""
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
def test_only_the_published_formats_are_offered(formats: tuple[str, ...]) -> None:
    """A format that the feed does not have is not named; advice to choose needs a choice."""
    page = render_page(feed(entry(), formats=formats))
    addresses = [f"https://feeds.example.org/news.{suffix}" for suffix in formats]
    assert find(page, "//link[@rel='alternate']/@href") == find(page, "//code") == addresses
    assert ("not sure which" in page.decode()) == (len(formats) > 1)


def test_the_page_of_a_feed_lists_its_articles() -> None:
    """Title, link, date, author, summary (else the beginning of the text), files."""
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


def test_a_feed_without_articles_says_so() -> None:
    """And shows no update that never was."""
    assert "No articles yet." in PAGES["empty feed"].decode()
    assert find(PAGES["empty feed"], "//footer") == []


def test_a_page_without_a_site_of_its_own_names_none() -> None:
    """A feed of saved articles belongs to this page itself."""
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
def test_language_and_direction_are_told(
    language: str | None, page: tuple[str, str], content: tuple[str | None, str]
) -> None:
    """The page speaks the feed's language where it can; the articles' own is marked in any case."""
    root = tree(render_page(feed(entry(), language=language)))
    assert (root.get("lang"), root.get("dir")) == page
    (article,) = root.xpath("//article")
    assert (article.get("lang"), article.get("dir")) == content


def test_the_page_of_an_article_shows_it_whole() -> None:
    """Headline, date, author, lead image, body, ways back; in the article's language."""
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


def test_the_page_of_an_article_leads_to_where_it_was_published() -> None:
    """Where that is known."""
    assert (
        find(render_article(WHOLE, entry()), "//footer//a/@href")[0]
        == "https://example.org/articles/1"
    )


@pytest.mark.parametrize(
    "source",
    ["https://example.org/a%20b.jpg?x=1&amp;y=2", "https://example.org/a b.jpg?x=1&amp;y=2"],
)
def test_the_lead_image_is_shown_once(source: str) -> None:
    """Not above a text that shows it itself, however it spells the address."""
    shown = entry(
        image="https://example.org/a b.jpg?x=1&y=2", html=f'<p>x</p><img src="{source}" alt="">'
    )
    assert len(find(render_article(WHOLE, shown), "//img")) == 1


def test_the_index_lists_every_feed() -> None:
    """Title, description, number of articles, latest date, formats, and the file for import."""
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


def test_the_index_speaks_the_language_that_all_feeds_share() -> None:
    """Else English."""
    german = [feed(name="a", language="de"), feed(name="b", language="de")]
    assert find(render_index([FeedSummary.for_feed(each) for each in german]), "/html/@lang") == [
        "de"
    ]
    assert find(PAGES["index"], "/html/@lang") == ["en"]
    assert find(PAGES["empty index"], "//main") == ["No feeds yet."]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(feed=feeds())
def test_no_text_breaks_a_page(feed: Feed) -> None:
    """Whatever the feed holds.

    Valid HTML, no script, every article listed, the same bytes again.
    """
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
