"""The overview, out of a config, a state and a running process."""

from pathlib import Path

import pytest

from feedpub.config import Config
from feedpub.fetch import NO_ANSWER
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.store import ScheduledRun
from feedpub.web.status import (
    SHOWN_DAYS,
    Health,
    ProcessStatus,
    ServiceStatus,
    collect_status,
    describe_counts,
)
from tests.support.newsroom import configure, feed, open_context, open_newsroom, rss
from tests.support.overviews import HOUR, MINUTE, failing_source, service_status
from tests.support.overviews import feed_status as made_up
from tests.support.site import Site


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, [3, 2, 1])
    return site


def collect(
    config: Config, context: RunContext, running: ProcessStatus | None = None
) -> ServiceStatus:
    return collect_status(config, context.store, context.clock(), running)


def test_feed_before_its_first_run_is_late(newsroom: Site, tmp_path: Path) -> None:
    config = configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))
    with open_context(config) as context:
        status = collect(config, context)
    (world,) = status.feeds
    assert (world.health, world.reasons, world.documents) == (
        Health.LATE,
        ("not checked yet",),
        (),
    )
    assert (world.days, describe_counts(status.counts)) == ((0,) * SHOWN_DAYS, "1 feed: 1 late")


def test_healthy_feed_has_all_facts(newsroom: Site, tmp_path: Path) -> None:
    config = configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))
    with open_context(config) as context:
        began = context.clock()
        run.run_feed(config.feed[0], context)
        status = collect(config, context)
    (world,) = status.feeds
    assert (world.health, world.reason, world.entries, world.last_success) == (
        Health.HEALTHY,
        "",
        3,
        began,
    )
    assert world.outcome is not None
    assert world.outcome.new == 3
    assert world.documents == ("world.html", "world.rss", "world.atom", "world.json")
    (source,) = world.sources
    assert (source.kind, source.items, source.last_look, source.failures) == ("page", 3, began, 0)
    assert ("Copyright 2026 Harbour Times", 3) in [
        (removal.text, removal.count) for removal in world.removals
    ]
    assert describe_counts(status.counts) == "1 feed: 1 healthy"


def test_broken_source_makes_its_feed_broken(newsroom: Site, tmp_path: Path) -> None:
    config = configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))
    with open_context(config) as context:
        began = context.clock()
        run.run_feed(config.feed[0], context)
        del newsroom.routes["/news"]
        for _ in range(2):
            run.run_feed(config.feed[0], context)
        (world,) = collect(config, context).feeds
    (source,) = world.sources
    assert (world.health, world.last_success, source.last_success) == (Health.BROKEN, began, began)
    assert (source.health, source.failures, source.reason) == (
        Health.BROKEN,
        2,
        "HTTP 404: the page is gone",
    )
    assert world.reason == f"{newsroom.url('/news')}: HTTP 404: the page is gone"


def test_feed_is_late_after_the_grace_period(newsroom: Site, tmp_path: Path) -> None:
    config = configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))
    with open_context(config) as context:
        run.run_feed(config.feed[0], context)
        due = context.clock() + HOUR
        context.store.schedule.save(
            ScheduledRun("world", due, "every 1h"), {newsroom.url("/news"): (due, "every 1h")}
        )
        (world,) = collect(config, context).feeds
        assert (world.next_run, world.why, world.overdue) == (due, "every 1h", False)
        assert (world.sources[0].next_look, world.sources[0].why) == (due, "every 1h")
        later = due + 6 * MINUTE
        (world,) = collect_status(config, context.store, later).feeds
        assert (world.health, world.overdue, world.reasons) == (
            Health.LATE,
            True,
            ("its run was due 6 minutes ago",),
        )
        busy = ProcessStatus(started=due, heartbeat=later, busy={"world": later})
        (world,) = collect_status(config, context.store, later, busy).feeds
        assert (world.health, world.overdue, world.busy) == (Health.HEALTHY, False, later)


def test_process_status_is_included(newsroom: Site, tmp_path: Path) -> None:
    config = configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))
    with open_context(config) as context:
        run.run_feed(config.feed[0], context)
        run.run_feed(config.feed[0], context)
        now = context.clock()
        running = ProcessStatus(
            started=now, heartbeat=now, hung={"world": now}, requests=context.fetcher.statistics
        )
        status = collect(config, context, running)
    (world,) = status.feeds
    assert (world.health, world.hung) == (Health.BROKEN, now)
    assert "cancelled just now" in world.reason
    assert world.requests == {
        "200": 4,
        "304": 1,
        "404": 1,
    }  # a listing, three stories; again; robots.txt
    assert NO_ANSWER not in world.requests
    assert running.alive(now + 30 * MINUTE / 60)
    assert not running.alive(now + MINUTE)


def test_secrets_in_addresses_are_redacted(newsroom: Site, tmp_path: Path) -> None:
    place = newsroom.url("/nowhere")
    config = configure(
        tmp_path, feed("world", f"feed {place}?token=abc", f"feed {place}?token=def")
    )
    with open_context(config) as context:
        run.run_feed(config.feed[0], context)
        status = collect(config, context)
    assert [source.address for source in status.feeds[0].sources] == [
        f"{place}?token=…",
        f"{place}?token=… (2)",
    ]
    assert "abc" not in repr(status)


def test_sources_that_differ_only_in_a_secret_are_numbered(newsroom: Site, tmp_path: Path) -> None:
    tokens = ("3f2a9c8d7e6f5a4b3c2d1e0f", "0e1f2a3b4c5d6e7f8a9b0c1d")
    good, bad = (f"/feed/{token}/rss" for token in tokens)
    newsroom[good] = rss(newsroom, [2, 1])
    config = configure(
        tmp_path, feed("world", f"feed {newsroom.url(good)}", f"feed {newsroom.url(bad)}")
    )
    with open_context(config) as context:
        run.run_feed(config.feed[0], context)
        assert {state.key for state in context.store.sources("world")} == {
            newsroom.url(good),
            newsroom.url(bad),
        }
        status = collect(config, context)
    shown = newsroom.url("/feed/…/rss")
    assert [(source.address, source.health) for source in status.feeds[0].sources] == [
        (shown, Health.HEALTHY),
        (f"{shown} (2)", Health.BROKEN),
    ]
    assert not any(token in repr(status) for token in tokens)


def test_counts_of_feeds_by_health_are_described() -> None:
    broken = made_up("gone", sources=(failing_source(),), health=Health.BROKEN)
    late = made_up("late", health=Health.LATE)
    counts = service_status(made_up(), late, broken, made_up("more")).counts
    assert describe_counts(counts) == "4 feeds: 2 healthy, 1 late, 1 broken"
    assert describe_counts(service_status().counts) == "0 feeds"
    assert describe_counts({Health.HEALTHY: 12345}) == "12,345 feeds: 12,345 healthy"
