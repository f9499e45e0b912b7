"""Failures of sources and articles, and requests that are not allowed."""

import pytest

from tests.end_to_end.conftest import STORIES
from tests.support.home import FAILED, PNG, Home
from tests.support.newsroom import feed, listing, open_newsroom, path, rss, story, title
from tests.support.site import Route, Site

pytestmark = pytest.mark.slow


BROKEN = {
    "down": ("/news", Route(b"<h1>Bad gateway</h1>", status=502, validators=False)),
    "gone": ("/news", Route(b"<h1>Not found</h1>", status=404, validators=False)),
    "empty": ("/news", Route(b"")),
    "not HTML": ("/news", Route(PNG, "image/png")),
    "an error page with status 200": (
        "/news",
        Route(b"<html><title>Error 500</title><body><h1>Internal Server Error</h1>"),
    ),
    "without article links": (
        "/news",
        Route(b"<html><body><nav><a href='/'>Home</a></nav><p>Nothing here.</p></body></html>"),
    ),
    "a feed without entries": (
        "/rss",
        Route(
            b"<rss version='2.0'><channel><title>News</title></channel></rss>",
            "application/rss+xml",
        ),
    ),
    "a page instead of a feed": ("/rss", Route(b"<html><body><h1>We moved</h1></body></html>")),
    "a sitemap without addresses": (
        "/sitemap.xml",
        Route(
            b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>',
            "application/xml",
        ),
    ),
}
KINDS = {"/news": "page", "/rss": "feed", "/sitemap.xml": "sitemap"}


@pytest.mark.parametrize("broken", BROKEN)
def test_failed_source_is_named_and_its_feed_stays_unchanged(
    newsroom: Site, home: Home, broken: str
) -> None:
    place, route = BROKEN[broken]
    home.configure(
        feed("world", f"{KINDS[place]} {newsroom.url(place)}"),
        feed("other", f"page {newsroom.url('/elsewhere')}"),
    )
    newsroom["/elsewhere"] = listing([3, 2, 1])
    home.build()
    before = home.read_published()
    open_newsroom(newsroom, [6, *STORIES])
    newsroom["/elsewhere"] = listing([6, 3, 2, 1])
    newsroom[place] = route
    output = home.build(status=FAILED)
    assert newsroom.url(place) in output.replace("\n", "")
    after = home.read_published()
    world = [name for name in before if name.startswith("world.")]
    assert len(world) == 4
    assert {name: after[name] for name in world} == {name: before[name] for name in world}
    assert home.items("other")[0]["title"] == title(6)


def test_unreachable_site_is_named_and_no_file_is_written(home: Home) -> None:
    home.configure(feed("world", "page http://127.0.0.1:9/news"))
    output = home.build(status=FAILED)
    assert "127.0.0.1:9" in output
    assert not list(home.feeds.glob("world.*"))


def test_other_sources_of_a_feed_are_published(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}", f"feed {newsroom.url('/rss')}"))
    home.build()
    newsroom["/news"] = Route(b"", status=500)
    newsroom[path(6)] = story(6)
    newsroom["/rss"] = rss(newsroom, [6, *STORIES])
    home.build(status=FAILED)
    assert [item["title"] for item in home.items()] == [title(n) for n in [6, *STORIES]]


def test_failed_article_is_replaced_by_the_text_of_its_feed(newsroom: Site, home: Home) -> None:
    newsroom[path(4)] = Route(b"<h1>500</h1>", status=500, validators=False)
    newsroom["/rss"] = rss(
        newsroom, STORIES, "The council decided to build a new pier, and no member objected to it."
    )
    home.configure(feed("world", f"feed {newsroom.url('/rss')}"))
    done = home.run("build")
    assert path(4) in (done.stdout + done.stderr).replace("\n", "")
    items = {item["title"]: item for item in home.items()}
    assert len(items) == len(STORIES)
    assert "no member objected to it" in items[title(4)]["content_html"]
    assert "The harbour master hopes" in items[title(5)]["content_html"]


def test_failed_article_of_a_listing_is_skipped_and_named(newsroom: Site, home: Home) -> None:
    newsroom[path(4)] = Route(b"<h1>500</h1>", status=500, validators=False)
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    done = home.run("build")
    assert path(4) in (done.stdout + done.stderr).replace("\n", "")
    assert [item["title"] for item in home.items()] == [title(n) for n in STORIES if n != 4]


def test_private_addresses_are_not_requested_unless_allowed(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}"), head="")
    home.build(status=FAILED)
    assert newsroom.requests == []


def test_robots_txt_is_honoured_and_reported(newsroom: Site, home: Home) -> None:
    newsroom["/robots.txt"] = Route(b"User-agent: *\nDisallow: /news\n", "text/plain")
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    assert "robots" in home.build(status=FAILED)
    assert newsroom.paths() == []
