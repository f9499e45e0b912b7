"""A second build of the same sources."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import STORIES
from tests.support.home import FreshProcessHome, Home, hash_files
from tests.support.newsroom import feed, listing, open_newsroom, path, rss, story, title
from tests.support.site import Route, Site

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home whose commands use different hash seeds, so that sets change their order."""
    return FreshProcessHome(tmp_path)


def test_second_build_sends_only_conditional_requests_and_changes_no_byte(
    newsroom: Site, home: Home
) -> None:
    home.configure(
        feed("a", f"page {newsroom.url('/news')}"),
        feed("b", f"feed {newsroom.url('/rss')}"),
        feed("c", f"sitemap {newsroom.url('/sitemap.xml')}"),
    )
    home.build()
    before = home.read_published()
    times = {name: (home.feeds / name).stat().st_mtime_ns for name in before}
    newsroom.clear_requests()
    home.build()
    assert sorted(newsroom.paths()) == ["/news", "/rss", "/sitemap.xml"]
    assert all(request.is_conditional for request in newsroom.requests)
    assert hash_files(home.read_published()) == hash_files(before)
    assert {name: (home.feeds / name).stat().st_mtime_ns for name in before} == times


def test_second_build_without_validators_changes_no_byte(newsroom: Site, home: Home) -> None:
    newsroom["/news"] = Route(listing(STORIES).encode(), validators=False)
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    before = home.read_published()
    newsroom.clear_requests()
    home.build()
    assert newsroom.paths() == ["/news"]
    assert hash_files(home.read_published()) == hash_files(before)


def test_new_article_is_the_only_one_fetched_and_comes_first(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    before = home.items()
    open_newsroom(newsroom, [6, *STORIES])
    newsroom.clear_requests()
    home.build()
    assert newsroom.paths() == ["/news", path(6)]
    assert home.items()[0]["title"] == title(6)
    assert home.items()[1:] == before


def test_entries_that_left_the_listing_stay_in_the_feed(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    newsroom["/news"] = listing([5, 4, 3])
    home.build()
    assert [item["title"] for item in home.items()] == [title(n) for n in STORIES]


def test_edited_title_keeps_the_id(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"feed {newsroom.url('/rss')}"))
    home.build()
    before = {item["url"]: item["id"] for item in home.items()}
    changed = rss(newsroom, STORIES).body.replace(
        title(3).encode(), b"Council reverses its decision"
    )
    newsroom["/rss"] = Route(changed, "application/rss+xml")
    newsroom[path(3)] = story(3).replace(title(3), "Council reverses its decision")
    home.build()
    assert {item["url"]: item["id"] for item in home.items()} == before
    assert all(identifier.startswith("tag:") for identifier in before.values())


def test_updated_changes_only_with_the_text(home: Home) -> None:
    home.save("pier.html", story(1))
    home.save("quay.html", story(2))
    home.configure(feed("world", "folder articles"))
    home.build()
    before = {item["title"]: item for item in home.items()}
    home.save(
        "pier.html", story(1).replace("Slow clock", "Fast clock").replace("Copyright", "All rights")
    )
    home.build()
    assert {item["title"]: item.get("date_modified") for item in home.items()} == {
        name: item.get("date_modified") for name, item in before.items()
    }
    paragraph = "On Tuesday the council took its decision back, to great surprise. " * 4
    home.save("pier.html", story(1, extra=f"<p>{paragraph}</p>"))
    home.build()
    after = {item["title"]: item for item in home.items()}
    assert after[title(1)]["date_modified"] > before[title(1)].get(
        "date_modified", before[title(1)]["date_published"]
    )
    assert after[title(1)]["date_published"] == before[title(1)]["date_published"]
    assert after[title(2)] == before[title(2)]
