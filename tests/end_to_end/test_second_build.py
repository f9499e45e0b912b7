"""What a second look at the same sources does."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import STORIES
from tests.support.home import ColdHome, Home, digest
from tests.support.newsroom import feed, listing, open_newsroom, path, rss, story, title
from tests.support.site import Route, Site

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Where bytes stay the same whatever order sets have."""
    return ColdHome(tmp_path)


def test_a_second_build_asks_only_whether_something_changed(newsroom: Site, home: Home) -> None:
    """It sends only conditional requests, fetches no article, and leaves every byte and file as it was."""
    home.configure(
        feed("a", f"page {newsroom.url('/news')}"),
        feed("b", f"feed {newsroom.url('/rss')}"),
        feed("c", f"sitemap {newsroom.url('/sitemap.xml')}"),
    )
    home.build()
    before = home.published()
    times = {name: (home.feeds / name).stat().st_mtime_ns for name in before}
    newsroom.forget()
    home.build()
    assert sorted(newsroom.paths()) == ["/news", "/rss", "/sitemap.xml"]
    assert all(request.conditional for request in newsroom.requests)
    assert digest(home.published()) == digest(before)
    assert {name: (home.feeds / name).stat().st_mtime_ns for name in before} == times


def test_without_validators_bytes_stay_the_same_too(newsroom: Site, home: Home) -> None:
    """A server that never says "not modified" gets asked again, and nothing changes."""
    newsroom["/news"] = Route(listing(STORIES).encode(), validators=False)
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    before = home.published()
    newsroom.forget()
    home.build()
    assert newsroom.paths() == ["/news"]
    assert digest(home.published()) == digest(before)


def test_a_new_article_is_fetched_and_comes_first(newsroom: Site, home: Home) -> None:
    """Only it is fetched; the entries before it stay as they were."""
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    before = home.items()
    open_newsroom(newsroom, [6, *STORIES])
    newsroom.forget()
    home.build()
    assert newsroom.paths() == ["/news", path(6)]
    assert home.items()[0]["title"] == title(6)
    assert home.items()[1:] == before


def test_what_leaves_the_listing_stays_in_the_feed(newsroom: Site, home: Home) -> None:
    """A listing forgets its older articles; a feed keeps them up to its limit."""
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    newsroom["/news"] = listing([5, 4, 3])
    home.build()
    assert [item["title"] for item in home.items()] == [title(n) for n in STORIES]


def test_ids_survive_a_new_title(newsroom: Site, home: Home) -> None:
    """An edited headline is the same entry, with the id that it always had."""
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


def test_updated_moves_only_when_the_substance_changes(home: Home) -> None:
    """Another advertisement around an article changes nothing.

    Another paragraph in it moves its date, and only its.
    """
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
    home.save(
        "pier.html",
        story(
            1,
            extra=f"<p>{'On Tuesday the council took its decision back, to great surprise. ' * 4}</p>",
        ),
    )
    home.build()
    after = {item["title"]: item for item in home.items()}
    assert after[title(1)]["date_modified"] > before[title(1)].get(
        "date_modified", before[title(1)]["date_published"]
    )
    assert after[title(1)]["date_published"] == before[title(1)]["date_published"]
    assert after[title(2)] == before[title(2)]
