"""One site as a listing page, as a feed and as a sitemap."""

import zlib

import pytest

from tests.end_to_end.conftest import STORIES
from tests.support.home import Home
from tests.support.newsroom import feed, listing, path, rss, sitemap, story, title
from tests.support.site import Route, Site

pytestmark = pytest.mark.slow


def test_listing_feed_and_sitemap_give_the_same_entries(newsroom: Site, home: Home) -> None:
    home.configure(
        feed("a", f"page {newsroom.url('/news')}"),
        feed("b", f"feed {newsroom.url('/rss')}"),
        feed("c", f"sitemap {newsroom.url('/sitemap.xml')}"),
    )
    home.build()
    for name in "abc":
        items = home.items(name)
        assert [(item["title"], item["url"]) for item in items] == [
            (title(n), newsroom.url(path(n))) for n in STORIES
        ]
        assert all("The harbour master hopes" in item["content_html"] for item in items)
        assert not any("You may also like" in item["content_html"] for item in items)


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_all_formats_have_the_same_entries(newsroom: Site, home: Home, form: str) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    assert [(entry.title, entry.link) for entry in home.entries("world", form)] == [
        (item["title"], item["url"]) for item in home.items()
    ]
    assert all(
        "The harbour master hopes" in entry.content[0].value
        for entry in home.entries("world", form)
    )


def test_article_listed_by_three_sources_is_one_entry(newsroom: Site, home: Home) -> None:
    places = [
        f"page {newsroom.url('/news')}",
        f"feed {newsroom.url('/rss')}",
        f"sitemap {newsroom.url('/sitemap.xml')}",
    ]
    home.configure(feed("world", *places))
    home.build()
    assert [item["title"] for item in home.items()] == [title(n) for n in STORIES]


def test_tracking_parameters_and_trailing_slashes_give_no_duplicates(
    newsroom: Site, home: Home
) -> None:
    newsroom[f"{path(5)}?utm_source=rss&utm_medium=feed"] = story(5)
    newsroom[f"{path(4)}/"] = story(4)
    tracked = rss(newsroom, STORIES).body.replace(
        f"{newsroom.url(path(5))}<".encode(),
        f"{newsroom.url(path(5))}?utm_source=rss&amp;utm_medium=feed<".encode(),
    )
    home.configure(feed("world", f"feed {newsroom.url('/rss')}", f"page {newsroom.url('/news')}"))
    newsroom["/rss"] = Route(tracked, "application/rss+xml")
    home.build()
    before = home.items()
    newsroom["/news"] = listing(STORIES).replace(f'"{path(4)}"', f'"{path(4)}/"')
    home.build()
    assert sorted(item["title"] for item in home.items()) == sorted(title(n) for n in STORIES)
    assert [item["id"] for item in home.items()] == [item["id"] for item in before]


def test_http_and_https_url_of_an_article_are_one_entry(newsroom: Site, home: Home) -> None:
    secure = f"https://127.0.0.1:{newsroom.port}{path(5)}"
    body = rss(newsroom, STORIES).body.replace(newsroom.url(path(5)).encode(), secure.encode())
    newsroom["/rss"] = Route(body, "application/rss+xml")
    home.configure(feed("world", f"page {newsroom.url('/news')}", f"feed {newsroom.url('/rss')}"))
    home.run("build")
    assert [item["title"] for item in home.items()].count(title(5)) == 1


def test_compressed_sitemap_is_read(newsroom: Site, home: Home) -> None:
    squeezer = zlib.compressobj(wbits=31)
    body = squeezer.compress(sitemap(newsroom, STORIES).body) + squeezer.flush()
    newsroom["/sitemap.xml.gz"] = Route(body, "application/gzip")
    home.configure(feed("world", f"sitemap {newsroom.url('/sitemap.xml.gz')}"))
    home.build()
    assert len(home.items()) == len(STORIES)


def test_links_selector_limits_the_listing(newsroom: Site, home: Home) -> None:
    newsroom["/news"] = listing(STORIES).replace('class="card"', 'class="card top"', 1)
    home.configure(feed("world", f"page {newsroom.url('/news')}") + 'links = ".top a"\n')
    home.build()
    assert [item["title"] for item in home.items()] == [title(5)]
