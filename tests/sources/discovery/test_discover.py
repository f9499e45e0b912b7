"""Discover sources on a site on loopback: the candidates, their order, and the requests."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from feedpub.core.budget import RunBudget
from feedpub.core.errors import DisallowedError, FetchError, NoContentError
from feedpub.core.process_pool import InlineExecutor
from feedpub.fetch import Fetcher
from feedpub.sources.discovery import Discovery, DiscoverySession, discover_sources, try_articles
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    PARAGRAPHS,
    listing,
    open_newsroom,
    path,
    rss,
    sitemap,
    story,
    title,
)
from tests.support.site import Route, Site

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NUMBERS = [9, 8, 7, 6, 5, 4, 3, 2, 1]


@dataclass
class Scout:
    """Discovers sources on a site; `messages` are the reported steps."""

    site: Site
    fetcher: Fetcher
    lease: RunBudget = field(default_factory=RunBudget)
    messages: list[str] = field(default_factory=list)
    session: DiscoverySession = field(init=False)

    def __post_init__(self) -> None:
        self.session = DiscoverySession(
            self.fetcher, InlineExecutor(), self.lease, self.messages.append
        )

    def discover(self, at: str = "/news") -> Discovery:
        return discover_sources(self.site.url(at), self.session, NOW)


@pytest.fixture
def scout(site: Site) -> Iterator[Scout]:
    with Fetcher(delay=0, allow_private=["127.0.0.0/8"], clock=FakeClock()) as fetcher:
        yield Scout(site, fetcher)


def kinds(discovery: Discovery, site: Site) -> list[tuple[str, str]]:
    return [
        (each.candidate.kind, each.candidate.url.removeprefix(site.url("")))
        for each in discovery.candidates
    ]


def head(body: str, links: str) -> str:
    return body.replace("</head>", f"{links}</head>")


def alternate(href: str, kind: str = "application/rss+xml") -> str:
    return f'<link rel="alternate" type="{kind}" href="{href}">'


def robots(site: Site, *lines: str) -> None:
    site["/robots.txt"] = Route("\n".join(("User-agent: *", *lines)).encode(), "text/plain")


def posts(site: Site, numbers: list[int]) -> Route:
    text = "".join(f"<p>{paragraph.format(n=7)}</p>" for paragraph in PARAGRAPHS * 3)
    body = [
        {
            "link": site.url(path(n)),
            "title": {"rendered": title(n)},
            "date_gmt": f"2026-11-{n:02d}T07:00:00",
            "content": {"rendered": text},
        }
        for n in numbers
    ]
    return Route(json.dumps(body).encode(), "application/json")


def test_feed_page_and_sitemap_are_candidates(scout: Scout, site: Site) -> None:
    """The page and robots.txt name them. Articles are fetched; every address is reported."""
    open_newsroom(site, NUMBERS)
    site["/news"] = head(listing(NUMBERS), alternate("/rss"))
    robots(site, f"Sitemap: {site.url('/sitemap.xml')}")
    discovery = scout.discover()
    assert kinds(discovery, site) == [
        ("feed", "/rss"),
        ("page", "/news"),
        ("sitemap", "/sitemap.xml"),
    ]
    assert [tried.article.title for tried in discovery.samples.values() if tried.article] == [
        title(n) for n in (9, 8, 7)
    ]
    assert site.paths() == ["/news", "/rss", "/sitemap.xml", path(9), path(8), path(7)]
    assert [site.url(each) for each in site.paths()] == scout.messages == scout.session.requested
    assert (discovery.title, discovery.is_page) == ("Harbour Times", True)


def test_sample_article_has_its_removed_lines(scout: Scout, site: Site) -> None:
    """Users can judge the cleaner before they subscribe."""
    open_newsroom(site, NUMBERS)
    (first, *_) = scout.discover().samples.values()
    assert first.article is not None
    assert any("You may also like" in removed.text for removed in first.article.removed)


def test_feed_at_a_common_path_is_found(scout: Scout, site: Site) -> None:
    """Paths below the page are tried first, then those at the root. Failures are recorded."""
    open_newsroom(site, NUMBERS)
    del site.routes["/sitemap.xml"]
    site["/feed.xml"] = rss(site, NUMBERS)
    discovery = scout.discover()
    assert kinds(discovery, site) == [("feed", "/feed.xml"), ("page", "/news")]
    assert discovery.candidates[0].evidence[0] == "at a usual path"
    assert scout.session.failures[site.url("/news/feed/")].startswith("HTTP 404")
    assert "/atom.xml" not in site.paths()


def test_wordpress_api_comes_before_its_teaser_feed(scout: Scout, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    api = '<link rel="https://api.w.org/" href="/wp-json/">'
    site["/news"] = head(listing(NUMBERS), alternate("/rss") + api)
    site["/wp-json/wp/v2/posts"] = posts(site, NUMBERS)
    first = scout.discover().candidates[0]
    assert first.candidate.url.startswith(site.url("/wp-json/wp/v2/posts?per_page=50"))
    assert first.evidence == (
        "the site's WordPress API",
        "9 with full text",
        "3 of 3 pages could be read",
    )


def test_articles_in_embedded_json_are_found(scout: Scout, site: Site) -> None:
    """The source of the list is reported."""
    open_newsroom(site, NUMBERS)
    state = {
        "posts": [{"title": title(n), "url": path(n), "date": f"2026-11-{n:02d}"} for n in NUMBERS]
    }
    script = f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(state)}</script>'
    site["/news"] = (
        f"<html><head><title>Harbour</title></head><body><div id=a></div>{script}</body></html>"
    )
    page = next(each for each in scout.discover().candidates if each.candidate.kind == "page")
    assert len(page.candidate.items) == 9
    assert page.evidence[0] == "in the page's JSON state"


def test_comment_feeds_and_dead_feeds_come_last(scout: Scout, site: Site) -> None:
    """The page names them first."""
    open_newsroom(site, NUMBERS)
    links = alternate("/comments/feed/") + alternate("/old.xml") + alternate("/rss")
    site["/news"] = head(listing(NUMBERS), links)
    site["/comments/feed/"] = rss(site, NUMBERS)
    old = rss(site, NUMBERS)
    site["/old.xml"] = Route(old.body.replace(b"Nov 2026", b"Nov 2019"), old.content_type)
    assert [address for _, address in kinds(scout.discover(), site)] == [
        "/rss",
        "/news",
        "/sitemap.xml",
        "/old.xml",
        "/comments/feed/",
    ]


def test_section_uses_its_part_of_the_sitemap(scout: Scout, site: Site) -> None:
    """`include` is set if articles are below the section."""
    open_newsroom(site, NUMBERS)
    candidates = {each.candidate.kind: each.candidate for each in scout.discover().candidates}
    assert candidates["sitemap"].settings == {"include": [f"127.0.0.1:{site.port}/news/"]}
    site["/harbour"] = listing(NUMBERS)
    other = Scout(site, scout.fetcher).discover("/harbour")
    assert {each.candidate.kind: each.candidate for each in other.candidates}[
        "sitemap"
    ].settings == {}


def test_address_of_a_feed_or_sitemap_is_the_only_candidate(scout: Scout, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    assert kinds(scout.discover("/rss"), site) == [("feed", "/rss")]
    found = Scout(site, scout.fetcher).discover("/sitemap.xml")
    assert kinds(found, site) == [("sitemap", "/sitemap.xml")]
    assert not found.is_page


def test_feed_is_found_if_its_page_is_gone(scout: Scout, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    site["/feed/"] = rss(site, NUMBERS)
    assert kinds(scout.discover("/gone"), site)[0] == ("feed", "/feed/")


def test_next_candidate_is_tried_if_articles_are_unreadable(scout: Scout, site: Site) -> None:
    """It comes first if its articles are readable."""
    open_newsroom(site, [9, 8, 7, 6])
    for n in (9, 8, 7, 6):
        site[f"/locked/{n}"] = Route(b"", status=403)
    feed = rss(site, [9, 8, 7, 6])
    locked = Route(
        feed.body.replace(b"/news/council-decides-on-matter-", b"/locked/"), feed.content_type
    )
    site["/rss"] = locked
    site["/news"] = head(listing([9, 8, 7, 6]), alternate("/rss"))
    discovery = scout.discover()
    assert kinds(discovery, site)[0] == ("page", "/news")
    assert (
        "0 of 4 pages could be read"
        in next(e for e in discovery.candidates if e.candidate.kind == "feed").evidence
    )
    assert "HTTP 403" in discovery.samples[site.url("/locked/9")].reason


def test_articles_of_a_chosen_candidate_are_fetched_once(scout: Scout, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    site["/sitemap.xml"] = sitemap(site, [3, 2, 9])
    discovery = scout.discover()
    chosen = next(
        each.candidate for each in discovery.candidates if each.candidate.kind == "sitemap"
    )
    site.clear_requests()
    tried = try_articles(chosen, discovery.samples, scout.session)
    assert [each.url for each in tried] == [site.url(path(n)) for n in (9, 3, 2)]
    assert site.paths() == [path(3), path(2)]


def test_robots_txt_is_obeyed(scout: Scout, site: Site) -> None:
    """A forbidden page is not requested."""
    open_newsroom(site, NUMBERS)
    robots(site, "Disallow: /news")
    with pytest.raises(DisallowedError, match=r"robots\.txt"):
        scout.discover()
    assert site.paths() == []


def test_addresses_forbidden_by_robots_txt_are_failures(scout: Scout, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    site["/news"] = head(listing(NUMBERS), alternate("/rss"))
    robots(site, "Disallow: /rss")
    assert [kind for kind, _ in kinds(scout.discover(), site)] == ["page", "sitemap"]
    assert "robots.txt" in scout.session.failures[site.url("/rss")]


def test_private_addresses_are_refused_unless_the_config_allows_them(site: Site) -> None:
    """This holds for the given address, and for those that a page names."""
    open_newsroom(site, NUMBERS)
    with Fetcher(delay=0, clock=FakeClock()) as fetcher, pytest.raises(DisallowedError):
        Scout(site, fetcher).discover()
    site["/news"] = head(listing(NUMBERS), alternate("http://10.0.0.1/feed"))
    with Fetcher(delay=0, allow_private=["127.0.0.0/8"], clock=FakeClock()) as fetcher:
        scout = Scout(site, fetcher)
        scout.discover()
    assert "10.0.0.1" in scout.session.failures["http://10.0.0.1/feed"]


def test_error_without_candidates_names_attempts_and_next_step(scout: Scout, site: Site) -> None:
    """It has the number of addresses, and the broken feed that the page names."""
    site["/about/us"] = head(
        "<html><head><title>Us</title></head><body><p>Hello there.</p></body></html>",
        alternate("/f"),
    )
    site["/f"] = "<html><body><p>No feed</p></body></html>"
    with pytest.raises(NoContentError) as raised:
        scout.discover("/about/us")
    reason = raised.value.reason
    first, *tried = reason.splitlines()
    count = len(scout.session.requested)
    assert first == f"nothing here lists entries that could be read; {count} addresses checked:"
    assert tried[0].startswith("  as a listing: no article links found among the 0 links")
    assert tried[1].startswith("  as entries on one page: no items found in the page")
    assert f"{site.url('/f')}: expected a feed, found an HTML page" in tried[2]
    assert f"or the site's front page {site.url('/')}; to follow the changes" in tried[-1]


def test_unreachable_server_is_requested_once(scout: Scout) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/news"  # no server listens
        with pytest.raises(FetchError):
            discover_sources(url, scout.session, NOW)
    assert scout.session.requested == [url]


def test_number_of_requests_is_limited(scout: Scout, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    site["/news"] = head(listing(NUMBERS), "".join(alternate(f"/feed-{n}") for n in range(500)))
    robots(site, *(f"Sitemap: {site.url(f'/map-{n}.xml')}" for n in range(500)))
    scout.discover()
    assert len(scout.session.requested) <= scout.session.max_requests


def test_sitemap_index_is_read_in_part(scout: Scout, site: Site) -> None:
    """Only the newest files are read, which leaves requests for the other candidates."""
    open_newsroom(site, NUMBERS)
    entries = "".join(
        f"<sitemap><loc>{site.url(f'/map-{n}.xml')}</loc></sitemap>" for n in range(40)
    )
    site["/sitemap.xml"] = Route(
        f"<sitemapindex>{entries}</sitemapindex>".encode(), "application/xml"
    )
    site["/map-0.xml"] = sitemap(site, NUMBERS)
    assert ("sitemap", "/sitemap.xml") in kinds(scout.discover(), site)
    assert sum(each.startswith("/map-") for each in site.paths()) == 3


def test_discovery_time_is_limited(site: Site) -> None:
    """Addresses that remain at its end are not requested."""
    open_newsroom(site, NUMBERS)
    fetcher = Fetcher(delay=0, allow_private=["127.0.0.0/8"], clock=FakeClock())
    with fetcher, pytest.raises(FetchError, match="time"):
        Scout(site, fetcher, RunBudget(0)).discover()
    assert site.paths() == []


def test_each_document_is_requested_once(scout: Scout, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    site["/news"] = head(listing(NUMBERS), alternate("/rss") + alternate("/rss"))
    scout.discover()
    assert len(site.paths()) == len(set(site.paths()))


def test_sample_article_uses_the_feed_content_if_its_page_has_less(
    scout: Scout, site: Site
) -> None:
    """A build does the same."""
    open_newsroom(site, NUMBERS)
    long = " ".join(
        f"Sentence number {n} of the whole report about the harbour and its boats."
        for n in range(60)
    )
    site["/rss"] = rss(site, NUMBERS, description=long)
    site[path(9)] = story(9)
    (first, *_) = scout.discover("/rss").samples.values()
    assert first.article is not None
    assert "Sentence number 59" in first.article.text
