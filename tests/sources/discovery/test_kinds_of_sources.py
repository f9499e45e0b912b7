"""Discover entries on one page, JSON, files, and pages that only scripts fill."""

import json
from collections.abc import Iterator

import pytest

from feedpub.core.budget import RunBudget
from feedpub.core.errors import NoContentError
from feedpub.core.process_pool import InlineExecutor
from feedpub.fetch import Fetcher
from feedpub.fetch.browser import Browser, why_unavailable
from feedpub.sources.discovery import (
    Candidate,
    DiscoveryOptions,
    DiscoverySession,
    discover_sources,
)
from tests.sources.discovery.test_discover import NOW, alternate, head
from tests.support.clock import FakeClock
from tests.support.newsroom import listing, open_newsroom, path, rss, title
from tests.support.site import Route, Site

NUMBERS = [5, 4, 3, 2, 1]
ANY = DiscoveryOptions()


@pytest.fixture
def session() -> Iterator[DiscoverySession]:
    fetcher = Fetcher(delay=0, allow_private=["127.0.0.0/8"], clock=FakeClock())
    with fetcher, Browser() as browser:
        yield DiscoverySession(fetcher, InlineExecutor(), RunBudget(), browser=browser)


def best(session: DiscoverySession, url: str, options: DiscoveryOptions = ANY) -> Candidate:
    return discover_sources(url, session, NOW, options).candidates[0].candidate


def notices(count: int = 4) -> str:
    blocks = "".join(
        f'<section id="n{n}"><h2>Notice {n}</h2><time datetime="2026-11-0{n}">{n} Nov</time>'
        f"<p>The quay {n} is closed.</p></section>"
        for n in range(1, count + 1)
    )
    return f"<html><head><title>Notices | Quay</title></head><body>{blocks}</body></html>"


def test_entries_on_one_page_are_items(session: DiscoverySession, site: Site) -> None:
    """They are short, and readable all the same."""
    site["/notices"] = notices()
    found = discover_sources(site.url("/notices"), session, NOW)
    assert found.candidates[0].candidate.kind == "items"
    assert len(found.candidates[0].candidate.items) == 4
    assert found.site_name == "Quay"


def test_teasers_of_articles_are_no_items(session: DiscoverySession, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    found = discover_sources(site.url("/news"), session, NOW)
    assert {each.candidate.kind for each in found.candidates} == {"feed", "page", "sitemap"}


def test_wishes_restrict_the_candidates(session: DiscoverySession, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    site["/news"] = head(listing(NUMBERS), alternate("/rss"))
    url = site.url("/news")
    found = discover_sources(url, session, NOW, DiscoveryOptions(kind="sitemap"))
    assert [each.candidate.kind for each in found.candidates] == ["sitemap"]
    linked = best(session, url, DiscoveryOptions(links=".card h2 a"))
    assert (linked.kind, linked.settings) == ("page", {"links": ".card h2 a"})
    item = best(session, url, DiscoveryOptions(item=".card"))
    assert (item.kind, item.settings["item"]) == ("items", ".card")
    headlines = best(session, url, DiscoveryOptions(kind="page", fetch=False))
    assert headlines.settings == {"fetch": False}


def test_selector_that_matches_nothing_is_named(session: DiscoverySession, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    with pytest.raises(NoContentError, match=r'links = "\.no" matches nothing in the page'):
        discover_sources(site.url("/news"), session, NOW, DiscoveryOptions(links=".no"))


def test_json_is_a_source(session: DiscoverySession, site: Site) -> None:
    rows = [{"title": title(n), "url": path(n), "day": f"2026-11-0{n}"} for n in NUMBERS]
    open_newsroom(site, NUMBERS)
    site["/api"] = Route(json.dumps({"rows": rows}).encode(), "application/json")
    found = best(session, site.url("/api"))
    assert (found.kind, found.settings) == ("json", {"items": "rows[]", "date": "day"})


def test_json_of_a_page_gets_links_that_lead_somewhere(
    session: DiscoverySession, site: Site
) -> None:
    """A link is made of the slug if there is such a page."""
    rows = [
        {"name": title(n), "slug": path(n).removeprefix("/news/"), "date": f"2026-11-0{n}"}
        for n in NUMBERS
    ]
    for row in rows:
        row["text"] = "A text of the harbour that is long enough to be the content."
    script = json.dumps({"rows": rows})
    for n in NUMBERS:
        site[path(n)] = f"<html><body><p>{title(n)}</p></body></html>"
    site["/news"] = (
        '<html><head><title>Harbour</title></head><body><div id="a"></div>'
        f'<script id="state" type="application/json">{script}</script></body></html>'
    )
    found = best(session, site.url("/news"), DiscoveryOptions(kind="json"))
    assert found.settings["link"] == "join('', ['/news/', slug])"
    assert found.items[0].url == site.url(path(5))


def test_feed_whose_pages_are_forbidden_is_read_alone(
    session: DiscoverySession, site: Site
) -> None:
    site["/rss"] = rss(site, NUMBERS, description="A whole text.")
    for n in NUMBERS:
        site[path(n)] = Route(b"", status=403)
    found = discover_sources(site.url("/rss"), session, NOW)
    (ranked,) = found.candidates
    assert ranked.candidate.settings == {"fetch": False}
    assert "0 of 4 pages could be read" in ranked.evidence


def test_page_that_does_not_answer_now_is_still_fetched(
    session: DiscoverySession, site: Site
) -> None:
    site["/rss"] = rss(site, NUMBERS)
    for n in NUMBERS:
        site[path(n)] = Route(b"", status=503)
    assert best(session, site.url("/rss")).settings == {}


def test_paid_pages_are_part_of_the_evidence(session: DiscoverySession, site: Site) -> None:
    open_newsroom(site, NUMBERS)
    data = '<script type="application/ld+json">{"isAccessibleForFree": false}</script>'
    for n in NUMBERS[:2]:
        route = site.routes[path(n)]
        assert isinstance(route, Route)
        site[path(n)] = route.body.decode().replace("</head>", f"{data}</head>")
    found = discover_sources(site.url("/rss"), session, NOW)
    assert "2 of 3 pages not free" in found.candidates[0].evidence


@pytest.mark.skipif(why_unavailable(None) is not None, reason=why_unavailable(None) or "")
@pytest.mark.slow
def test_page_that_only_scripts_fill_is_rendered(session: DiscoverySession, site: Site) -> None:
    """The source then renders, too."""
    body = json.dumps(notices().partition("<body>")[2].partition("</body>")[0])
    site["/app"] = (
        "<html><head><title>App</title></head><body><div id=a></div>"
        f"<script>document.getElementById('a').innerHTML = {body}</script></body></html>"
    )
    found = best(session, site.url("/app"))
    assert (found.kind, found.settings, len(found.items)) == ("items", {"render": True}, 4)


def test_page_that_only_scripts_fill_is_named_without_a_browser(
    session: DiscoverySession, site: Site
) -> None:
    session.browser = None
    site["/app"] = "<html><body><div></div><script>start()</script></body></html>"
    with pytest.raises(NoContentError, match="set render = true on the source"):
        discover_sources(site.url("/app"), session, NOW)
