"""Fill archives with the past of a source: listings, feeds, WordPress and sitemaps on loopback."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub.config import Config
from feedpub.core.models import RunStatus
from feedpub.pipeline.backfill import BackfillResult, backfill_feed
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.run import run_feed
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    configure,
    feed,
    open_context,
    output_folder,
    path,
    rss,
    sitemap,
    story,
    title,
)
from tests.support.newsroom import listing as newest_listing
from tests.support.site import Route, Site

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIVE = [20, 19, 18]
PAST = list(range(17, 0, -1))
UNTIL = datetime(2026, 11, 5, tzinfo=UTC)


def listing_page(numbers: list[int], following: str = "") -> str:
    link = f'<nav class="pager"><a rel="next" href="{following}">Older</a></nav>'
    body = newest_listing(numbers)
    return body.replace("</main>", f"</main>{link}") if following else body


def open_site(site: Site) -> None:
    """Serve twenty stories on four pages of a listing."""
    for n in LIVE + PAST:
        site[path(n)] = story(n)
    site["/news"] = listing_page(LIVE, "/news/2")
    site["/news/2"] = listing_page(PAST[:6], "/news/3")
    site["/news/3"] = listing_page(PAST[6:12], "/news/4")
    site["/news/4"] = listing_page(PAST[12:])


def open_feed(folder: Path, source: str) -> Config:
    return configure(folder, feed("harbour", source, more="limit = 6"))


def backfill(
    config: Config, context: RunContext, pages: int = 1000, until: datetime = UNTIL
) -> BackfillResult:
    (result,) = backfill_feed(config.feed[0], until, pages, context)
    return result


def archived_titles(config: Config) -> list[str]:
    """Return the titles in all archives of the JSON Feed."""
    titles: list[str] = []
    for file in sorted(output_folder(config).glob("harbour-archive-*.json")):
        titles += [each["title"] for each in json.loads(file.read_text("utf-8"))["items"]]
    return titles


def live_titles(config: Config) -> list[str]:
    document = json.loads((output_folder(config) / "harbour.json").read_text("utf-8"))
    return [each["title"] for each in document["items"]]


def test_listing_is_followed_to_the_date(site: Site, tmp_path: Path) -> None:
    """Entries have their own dates, and the live document has room and still gets none."""
    open_site(site)
    config = open_feed(tmp_path, f"page {site.url('/news')}")
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        assert live_titles(config) == [title(n) for n in LIVE]
        result = backfill(config, context)
        assert (result.added, result.is_done, result.failures) == (13, True, ())
        assert result.oldest == datetime(2026, 11, 5, 7, tzinfo=UTC)
        stored = {entry.title: entry.published for entry in context.store.entries("harbour")}
    assert sorted(archived_titles(config)) == sorted(title(n) for n in range(5, 18))
    assert stored[title(9)] == datetime(2026, 11, 9, 7, tzinfo=UTC)
    assert live_titles(config) == [title(n) for n in LIVE]
    assert path(4) not in site.paths()


def test_call_ends_at_its_limit_and_the_next_one_continues(site: Site, tmp_path: Path) -> None:
    open_site(site)
    config = open_feed(tmp_path, f"page {site.url('/news')}")
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        site.clear_requests()
        first = backfill(config, context, pages=5)
        assert (first.is_done, first.added > 0) == (False, True)
        assert len(site.paths()) == first.requests
        assert first.requests == 5
        total, calls = first.added, 1
        while not (result := backfill(config, context, pages=5)).is_done:
            total, calls = total + result.added, calls + 1
        total += result.added
        assert (total, calls > 1) == (13, True)
        articles = [each for each in site.paths() if "matter" in each]
        assert len(articles) == len(set(articles))
    assert len(archived_titles(config)) == 13


def test_build_after_a_backfill_finds_nothing_to_do(site: Site, tmp_path: Path) -> None:
    """Nothing is an anomaly, and no source's state changed."""
    open_site(site)
    config = open_feed(tmp_path, f"page {site.url('/news')}")
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        states = context.store.sources("harbour")
        runs = context.store.runs("harbour")
        backfill(config, context)
        assert (context.store.sources("harbour"), context.store.runs("harbour")) == (states, runs)
        site.clear_requests()
        result = run_feed(config.feed[0], context)
        assert (result.status, result.new, result.problems) == (RunStatus.UNCHANGED, 0, ())
        assert live_titles(config) == [title(n) for n in LIVE]


def test_earlier_date_continues_a_finished_backfill(site: Site, tmp_path: Path) -> None:
    open_site(site)
    config = open_feed(tmp_path, f"page {site.url('/news')}")
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        backfill(config, context, until=datetime(2026, 11, 12, tzinfo=UTC))
        site.clear_requests()
        again = backfill(config, context, until=datetime(2026, 11, 12, tzinfo=UTC))
        assert (again.is_done, again.requests, site.paths()) == (True, 0, [])
        earlier = backfill(config, context, until=datetime(2026, 11, 1, tzinfo=UTC))
        assert earlier.is_done
        assert "/news" not in site.paths()
    assert len(archived_titles(config)) == 17


def test_interruption_loses_at_most_a_few_articles(site: Site, tmp_path: Path) -> None:
    """A second call continues with the articles that are missing."""
    open_site(site)
    config = open_feed(tmp_path, f"page {site.url('/news')}")

    def interrupt(_feed: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        quiet = context.progress
        object.__setattr__(context, "progress", interrupt)
        with pytest.raises(KeyboardInterrupt):
            backfill(config, context)
        object.__setattr__(context, "progress", quiet)
        stored = context.store.count("harbour")
        assert stored > len(LIVE)
        site.clear_requests()
        result = backfill(config, context)
        assert result.added == 16 - stored
    assert len(archived_titles(config)) == 13


def test_feed_is_backfilled_by_the_sitemap_of_its_site(site: Site, tmp_path: Path) -> None:
    """Addresses unlike those of its entries are left out."""
    open_site(site)
    site["/rss"] = rss(site, LIVE)
    entries = sitemap(site, LIVE + PAST)
    other = f"<url><loc>{site.url('/about/the-harbour')}</loc></url></urlset>"
    site["/sitemap.xml"] = Route(
        entries.body.replace(b"</urlset>", other.encode()), "application/xml"
    )
    config = open_feed(tmp_path, f"feed {site.url('/rss')}")
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        result = backfill(config, context)
    assert (result.way, result.added, result.is_done) == ("sitemap", 13, True)
    assert "/about/the-harbour" not in site.paths()
    assert len(archived_titles(config)) == 13


def wordpress_feed(site: Site, numbers: list[int]) -> Route:
    body = rss(site, numbers).body.replace(
        b"<channel>", b"<channel><generator>https://wordpress.org/?v=6.8</generator>"
    )
    return Route(body, "application/rss+xml")


def test_wordpress_feed_is_backfilled_by_the_posts_of_its_site(site: Site, tmp_path: Path) -> None:
    open_site(site)
    site["/feed/"] = wordpress_feed(site, LIVE)
    posts = [
        {
            "link": site.url(path(n)),
            "title": {"rendered": title(n)},
            "date_gmt": f"2026-11-{n:02d}T07:00:00",
            "content": {"rendered": f"<p>Matter {n} was decided.</p>"},
        }
        for n in LIVE + PAST
    ]
    api = "/wp-json/wp/v2/posts?per_page=50&page="
    site[f"{api}1"] = Route(json.dumps(posts[:10]).encode(), "application/json")
    site[f"{api}2"] = Route(json.dumps(posts[10:]).encode(), "application/json")
    config = open_feed(tmp_path, f"feed {site.url('/feed/')}")
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        result = backfill(config, context)
    assert (result.way, result.added, result.is_done) == ("listing", 13, True)
    assert f"{api}2" in site.paths()
    assert sorted(archived_titles(config)) == sorted(title(n) for n in range(5, 18))


@pytest.mark.parametrize("end", ["404", "repeated"])
def test_wordpress_feed_without_an_api_is_read_page_by_page(
    site: Site, tmp_path: Path, end: str
) -> None:
    """The page after the last one answers 404, or is the first page again."""
    open_site(site)
    site["/feed/"] = wordpress_feed(site, LIVE)
    site["/feed/?paged=2"] = wordpress_feed(site, PAST[:9])
    site["/feed/?paged=3"] = wordpress_feed(site, PAST[9:])
    if end == "404":
        site["/feed/?paged=4"] = Route(b"", status=404)
    config = open_feed(tmp_path, f"feed {site.url('/feed/')}")
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        result = backfill(config, context, until=datetime(2020, 1, 1, tzinfo=UTC))
    assert (result.added, result.is_done, result.failures) == (17, True, ())


def test_listing_that_cannot_be_read_is_a_failure(site: Site, tmp_path: Path) -> None:
    """The next call continues at the same page."""
    open_site(site)
    config = open_feed(tmp_path, f"page {site.url('/news')}")
    site["/news/3"] = Route(b"", status=500)
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        result = backfill(config, context)
        assert (result.added, result.is_done) == (6, False)
        assert "HTTP 500" in result.failures[-1].reason
        site["/news/3"] = listing_page(PAST[6:12], "/news/4")
        assert backfill(config, context).added == 7


def test_articles_that_were_too_old_are_added_for_an_earlier_date(
    site: Site, tmp_path: Path
) -> None:
    """Without dates in the sitemap, each article has to be read."""
    open_site(site)
    site["/rss"] = rss(site, LIVE)
    dated = sitemap(site, LIVE + PAST).body.decode()
    undated = re.sub("<lastmod>.*?</lastmod>", "", dated)
    site["/sitemap.xml"] = Route(undated.encode(), "application/xml")
    config = open_feed(tmp_path, f"feed {site.url('/rss')}")
    with open_context(config, FakeClock(NOW)) as context:
        run_feed(config.feed[0], context)
        first = backfill(config, context, until=datetime(2026, 11, 12, tzinfo=UTC))
        assert (first.added, first.oldest) == (6, datetime(2026, 11, 12, 7, tzinfo=UTC))
        assert backfill(config, context, until=datetime(2026, 11, 12, tzinfo=UTC)).requests == 0
        assert backfill(config, context).added == 7
    assert sorted(archived_titles(config)) == sorted(title(n) for n in range(5, 18))
