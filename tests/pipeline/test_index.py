"""The files about all feeds are the same as if every entry were read for them, but none is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedpub.builder import assemble, render_atom
from feedpub.config import Config
from feedpub.core.models import FeedSummary
from feedpub.pipeline import index, run
from feedpub.pipeline.context import RunContext
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    path,
    story,
)
from tests.support.site import Site

STORIES = [6, 5, 4, 3, 2, 1]
DAY = timedelta(days=1)


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, STORIES)
    return site


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def config(newsroom: Site, tmp_path: Path) -> Config:
    """Return a feed with defaults, one with filters and a limit, and one that never ran."""
    few = 'limit = 3\ndescription = "Few <b>"\n[feed.exclude]\ntitle = ["*matter 5*"]'
    return configure(
        tmp_path,
        feed("world", f"page {newsroom.url('/news')}"),
        feed("few", f"feed {newsroom.url('/rss')}", more=few),
        feed("never", f"sitemap {newsroom.url('/sitemap.xml')}"),
    )


@pytest.fixture
def context(config: Config, clock: FakeClock) -> Iterator[RunContext]:
    with open_context(config, clock) as opened:
        for each in config.feed[:2]:
            run.run_feed(each, opened)
        yield opened


def of_entries(config: Config, context: RunContext) -> dict[str, bytes]:
    """Return the index files made from all entries of all feeds that ran."""
    ran = [each for each in config.feed if context.store.last_run(each.name)]
    return assemble.render_index_files(
        [FeedSummary.for_feed(index.current_feed(each, context)) for each in ran]
    )


def pages(config: Config, context: RunContext) -> dict[str, bytes]:
    """Return the published index files."""
    run.write_index(config, context)
    return {name: context.output.read(name) or b"" for name in ("index.html", "feeds.opml")}


def test_index_files_equal_those_made_from_all_entries(config: Config, context: RunContext) -> None:
    assert pages(config, context) == of_entries(config, context)
    assert b"never.html" not in pages(config, context)["index.html"]
    assert context.store.summaries.load()["few"].entries == 2


def test_changed_entries_change_the_index_files(
    config: Config, context: RunContext, newsroom: Site, clock: FakeClock
) -> None:
    """Even if the feed's own documents could not be written."""
    before = pages(config, context)
    newsroom[path(7)] = story(7)
    newsroom["/news"] = listing([7, *STORIES])
    clock.jump(DAY.total_seconds())
    run.run_feed(config.feed[0], context)
    assert pages(config, context) == of_entries(config, context) != before
    entry = context.store.entries("world")[0]
    context.store.commit_entries(
        "world", entries=[entry], aliases={}, item_states=[], now=clock.now()
    )
    assert context.store.summaries.get("world") is None
    assert pages(config, context) == of_entries(config, context)


def test_unchanged_feeds_are_not_read_for_the_index(
    config: Config, context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = pages(config, context)
    monkeypatch.setattr(index, "current_feed", None)
    assert pages(config, context) == known


def test_published_index_files_are_not_rendered_again(
    config: Config, context: RunContext, clock: FakeClock
) -> None:
    assert index.render_index_files(config, context).files != {}
    run.write_index(config, context)
    clock.jump(DAY.total_seconds())
    assert index.render_index_files(config, context) == index.IndexFiles({}, {})
    run.prune(config, context)
    assert index.render_index_files(config, context) == index.IndexFiles({}, {})


def test_files_of_an_unchanged_feed_are_not_rendered_again(
    config: Config, context: RunContext, newsroom: Site, clock: FakeClock
) -> None:
    newsroom[path(7)] = story(7)
    newsroom["/news"] = listing([7, *STORIES])
    clock.jump(DAY.total_seconds())
    assert len(run.run_feed(config.feed[0], context).written) == 4
    live = index.current_feed(config.feed[0], context)
    record = index.load_record("world", context)
    assert assemble.render_files(live, (), record, context.output).files == {}
    context.output.publish({"world.atom": b"edited"})
    files = assemble.render_files(live, (), record, context.output).files
    assert files == {"world.atom": render_atom(live)}
    assert run.write_feed(config.feed[0], live, context) == ("world.atom",)


@pytest.mark.parametrize("name", ["index.html", "feeds.opml", "health.rss", "health.html"])
def test_damaged_index_file_is_rendered_again(
    config: Config, context: RunContext, name: str
) -> None:
    run.write_index(config, context)
    before = context.output.read(name)
    context.output.publish({name: b"damaged"})
    assert run.write_index(config, context) == (name,)
    assert context.output.read(name) == before


def test_changed_title_and_filters_change_the_index_before_the_next_run(
    config: Config, context: RunContext, newsroom: Site, tmp_path: Path
) -> None:
    more = 'limit = 2\nlanguage = "de"\ndescription = "New"'
    changed = configure(tmp_path, feed("world", f"page {newsroom.url('/news')}", more=more))
    assert pages(config, context) != pages(changed, context) == of_entries(changed, context)


def test_live_entries_are_not_pruned(
    context: RunContext, newsroom: Site, clock: FakeClock, tmp_path: Path
) -> None:
    clock.jump(400 * DAY.total_seconds())
    changed = configure(tmp_path, feed("world", f"page {newsroom.url('/news')}", more="limit = 2"))
    live = index.current_feed(changed.feed[0], context).entries
    assert context.store.count("world") == len(STORIES)
    run.prune(changed, context)
    assert context.store.entries("world") == live
    assert len(live) == 2
    assert context.store.count("few") == 0
