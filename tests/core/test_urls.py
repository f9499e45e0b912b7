"""Addresses of articles: resolved, compared, and recognised by their shape."""

import pytest

from feedpub.core.urls import absolute_url, resolve_link, site_domain
from feedpub.sources.listing.links import address_pattern, address_score, may_be_article

BASE = "https://www.example.org/news/index.html"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("a.html", "https://www.example.org/news/a.html"),
        (" /a\n", "https://www.example.org/a"),
        ("//cdn.example.org/a", "https://cdn.example.org/a"),
        ("?id=3", "https://www.example.org/news/index.html?id=3"),
        ("a#part", "https://www.example.org/news/a"),
        ("/#!/story/7", "https://www.example.org/#!/story/7"),
        ("/app#/story/7", "https://www.example.org/app#/story/7"),
        ("HTTP://EXAMPLE.org/a", "HTTP://EXAMPLE.org/a"),
        ("http://bücher.example/straße", "http://bücher.example/straße"),
        ("\x17/a\x01 ", "https://www.example.org/a"),
        ("/a\x17b\ufffe", "https://www.example.org/a%17b%EF%BF%BE"),
    ],
)
def test_a_link_becomes_absolute(href: str, url: str) -> None:
    """A fragment goes, unless a page's scripts route by it."""
    assert resolve_link(href, BASE) == url


NOWHERE = (
    *(
        "",
        "  ",
        "javascript:void(0)",
        "mailto:a@b.example",
        "tel:1",
        "data:text/html,x",
        "ftp://x.example/a",
    ),
    *(
        "file:///etc/passwd",
        "http://",
        "http://[half/",
        "http://a.example:99999/",
        "http://a.example:x/",
    ),
    *("/" + "x" * 9000, "/\ud800"),
)


@pytest.mark.parametrize("href", NOWHERE)
def test_a_link_that_leads_nowhere_on_the_web_is_none(href: str) -> None:
    """Other schemes, broken hosts and ports, what no server would take."""
    assert resolve_link(href, BASE) is None


def test_an_absolute_address_keeps_its_fragment() -> None:
    """Entries of a feed may differ in it alone."""
    assert absolute_url("/log#v3", BASE) == "https://www.example.org/log#v3"


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.example.org/a", "example.org"),
        ("https://a.b.example.co.uk/", "example.co.uk"),
        ("https://example.com.au/", "example.com.au"),
        ("https://news.example.de/", "example.de"),
        ("https://co.uk/", "co.uk"),
        ("http://localhost:8000/", "localhost"),
    ],
)
def test_site_is_its_registered_domain(url: str, site: str) -> None:
    """This is precise enough to distinguish a site's own links."""
    assert site_domain(url) == site


PERHAPS = (
    *(
        "/news/the-quay",
        "/2024/05/17/quay",
        "/?p=812",
        "/index.php?id=3",
        "/a",
        "/about/the-people-behind",
    ),
    *(
        "/story.html",
        "/en/news/quay",
        "/p/the-quay",
        "/topic/the-quay",
        "/help/how-tides-work",
        "/video/12345",
    ),
)


@pytest.mark.parametrize("path", PERHAPS)
def test_an_address_may_be_an_articles(path: str) -> None:
    """Whatever is not known to be something else."""
    assert may_be_article(f"https://www.example.org{path}")


NEVER = (
    *(
        "",
        "/",
        "/index.html",
        "/tag/sea",
        "/en/category/town/",
        "/author/ines",
        "/about",
        "/about.html",
        "/de",
        "/pt-br/",
    ),
    *(
        "/privacy-policy/",
        "/page/2",
        "/news/page/3",
        "/?page=2",
        "/quay?share=x",
        "/report.pdf",
        "/feed",
        "/rss.xml",
    ),
    *("/login", "/news?tag=sea", "/%74ag/sea", "/index.php?title=Quay&action=edit"),
)


@pytest.mark.parametrize("path", NEVER)
def test_some_addresses_are_never_an_articles(path: str) -> None:
    """Home pages, archives, pages about the site, sign-in, languages, further pages, files."""
    assert not may_be_article(f"https://www.example.org{path}")


def test_places_to_share_at_are_never_an_articles() -> None:
    """Links there are buttons."""
    assert not may_be_article(
        "https://www.facebook.com/sharer.php?u=https://www.example.org/news/quay"
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("/council-votes-on-the-quay", "/council"),
        ("/2024/05/quay", "/quay"),
        ("/item/71234", "/item/seven"),
        ("/articles/cx2r1xldl1ko", "/articles/overview"),
        ("/news/quay", "/sport/quay"),
    ],
)
def test_an_address_looks_more_or_less_like_an_articles(better: str, worse: str) -> None:
    """Words joined by hyphens, a date, a number, a place below the listing."""
    listing = "https://www.example.org/news"
    scores = [address_score(f"https://www.example.org{path}", listing) for path in (better, worse)]
    assert scores[0] > scores[1]


def test_articles_of_one_system_have_addresses_of_one_shape() -> None:
    """Dates, numbers and words differ; sections and parameters do not."""
    shapes = {
        address_pattern(f"https://www.example.org/news/2024/05/{slug}")
        for slug in ("the-quay", "a-roof", "fire2")
    }
    assert shapes == {"example.org/news/#/#/~?"}
    assert address_pattern("https://example.org/show.php?id=1&b=2") == address_pattern(
        "https://www.example.org/show.php?b=9&id=7"
    )
