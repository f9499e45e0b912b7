"""What gets refused, and how."""

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
    "a feed that is none": ("/rss", Route(b"<html><body><h1>We moved</h1></body></html>")),
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
def test_a_broken_source_changes_nothing_and_is_named(
    newsroom: Site, home: Home, broken: str
) -> None:
    """The feed's files stay byte for byte, the outcome names the source, the status is 1, and other feeds go on."""
    place, route = BROKEN[broken]
    home.configure(
        feed("world", f"{KINDS[place]} {newsroom.url(place)}"),
        feed("other", f"page {newsroom.url('/elsewhere')}"),
    )
    newsroom["/elsewhere"] = listing([3, 2, 1])
    home.build()
    before = home.published()
    open_newsroom(newsroom, [6, *STORIES])
    newsroom["/elsewhere"] = listing([6, 3, 2, 1])
    newsroom[place] = route
    said = home.build(status=FAILED)
    assert newsroom.url(place) in said.replace("\n", "")
    after = home.published()
    world = [name for name in before if name.startswith("world.")]
    assert len(world) == 4
    assert {name: after[name] for name in world} == {name: before[name] for name in world}
    assert home.items("other")[0]["title"] == title(6)


def test_a_site_that_does_not_answer_is_named(home: Home) -> None:
    """Nothing listens there: status 1, a reason, and no file for the feed."""
    home.configure(feed("world", "page http://127.0.0.1:9/news"))
    said = home.build(status=FAILED)
    assert "127.0.0.1:9" in said
    assert not list(home.feeds.glob("world.*"))


def test_the_feeds_other_sources_go_on(newsroom: Site, home: Home) -> None:
    """A failed source adds nothing and loses nothing.

    What the others bring is published, and the status is still 1.
    """
    home.configure(feed("world", f"page {newsroom.url('/news')}", f"feed {newsroom.url('/rss')}"))
    home.build()
    newsroom["/news"] = Route(b"", status=500)
    newsroom[path(6)] = story(6)
    newsroom["/rss"] = rss(newsroom, [6, *STORIES])
    home.build(status=FAILED)
    assert [item["title"] for item in home.items()] == [title(n) for n in [6, *STORIES]]


def test_a_broken_article_is_named_and_the_feeds_own_text_stands_in(
    newsroom: Site, home: Home
) -> None:
    """The other articles are whole.

    Of the broken one there is what the source's feed said of it.
    """
    newsroom[path(4)] = Route(b"<h1>500</h1>", status=500, validators=False)
    newsroom["/rss"] = rss(
        newsroom, STORIES, "The council decided to build a new pier, and nobody objected to it."
    )
    home.configure(feed("world", f"feed {newsroom.url('/rss')}"))
    done = home.run("build")
    assert path(4) in (done.stdout + done.stderr).replace("\n", "")
    items = {item["title"]: item for item in home.items()}
    assert len(items) == len(STORIES)
    assert "nobody objected to it" in items[title(4)]["content_html"]
    assert "The harbour master hopes" in items[title(5)]["content_html"]


def test_a_broken_article_of_a_listing_is_skipped_and_named(newsroom: Site, home: Home) -> None:
    """Where nothing can stand in for it, the feed has the others."""
    newsroom[path(4)] = Route(b"<h1>500</h1>", status=500, validators=False)
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    done = home.run("build")
    assert path(4) in (done.stdout + done.stderr).replace("\n", "")
    assert [item["title"] for item in home.items()] == [title(n) for n in STORIES if n != 4]


def test_private_addresses_are_refused_unless_allowed(newsroom: Site, home: Home) -> None:
    """Without `allow_private`, nothing is asked of this machine's own network."""
    home.configure(feed("world", f"page {newsroom.url('/news')}"), head="")
    home.build(status=FAILED)
    assert newsroom.requests == []


def test_robots_txt_is_respected(newsroom: Site, home: Home) -> None:
    """What a site closes to robots is not fetched, and the outcome says so."""
    newsroom["/robots.txt"] = Route(b"User-agent: *\nDisallow: /news\n", "text/plain")
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    assert "robots" in home.build(status=FAILED)
    assert newsroom.paths() == []
