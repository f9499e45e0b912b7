"""Runs in which no source has changed send one conditional request a source and miss nothing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from feedpub.config import Config
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline import run, unchanged
from feedpub.pipeline.context import RunContext
from feedpub.store import schema
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    output_folder,
    path,
    story,
)
from tests.support.site import Site

PAUSE = 15 * 60.0  # seconds between two runs


class Workspace:
    """A feed that is run again and again."""

    def __init__(self, site: Site, config: Config, tools: RunContext, clock: FakeClock) -> None:
        self.site, self.config, self.tools, self.clock = site, config, tools, clock

    def run(self, *, after: float = PAUSE) -> RunResult:
        """Run all sources, and forget earlier requests to the site."""
        self.clock.sleep(after)
        self.site.clear_requests()
        return run.run_feed(self.config.feed[0], self.tools)

    def settle(self) -> None:
        """Run until the next run can be a probe."""
        for _ in range(unchanged.MIN_OBSERVATIONS + 2):
            self.run()
        assert self.tools.store.probe_states("world")

    @property
    def published(self) -> str:
        return (output_folder(self.config) / "world.rss").read_text()


@pytest.fixture
def site(site: Site) -> Site:
    open_newsroom(site, [3, 2, 1])
    return site


def configured(folder: Path, site: Site, more: str = "recheck = false", title: str = "") -> Config:
    text = feed("world", f"page {site.url('/news')}", more=more)
    return configure(folder, text.replace("The world feed", title or "The world feed"))


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Iterator[Workspace]:
    """Return a feed with enough history to be probed."""
    clock, config = FakeClock(), configured(tmp_path, site)
    with open_context(config, clock) as tools:
        made = Workspace(site, config, tools, clock)
        made.settle()
        yield made


def test_unchanged_source_costs_one_conditional_request(desk: Workspace) -> None:
    """The result is the same as that of a full run."""
    outcome = desk.run()
    assert desk.site.paths() == ["/news"]
    assert (outcome.status, outcome.kept, outcome.requests, outcome.written) == (
        RunStatus.UNCHANGED,
        3,
        1,
        (),
    )


def test_probe_counts_as_a_check_of_the_source(desk: Workspace) -> None:
    before = len(desk.tools.store.observations.for_source("world", desk.site.url("/news")))
    outcome, now = desk.run(), desk.clock.now().replace(microsecond=0)
    (state,) = desk.tools.store.sources("world")
    looks = desk.tools.store.observations.for_source("world", state.key)
    assert (state.checked, state.succeeded, state.items) == (now, now, 3)
    assert desk.tools.store.runs("world", limit=1)[0].outcome == outcome
    assert (len(looks), looks[-1].at) == (before, now)


def test_changed_source_is_requested_once_and_read(desk: Workspace) -> None:
    desk.site[path(4)] = story(4)
    desk.site["/news"] = listing([4, 3, 2, 1])
    outcome = desk.run()
    assert (outcome.new, outcome.requests) == (1, 2)
    assert desk.site.paths() == ["/news", path(4)]
    assert "matter 4" in desk.published


def test_failed_probe_is_reported_and_followed_by_a_full_run(desk: Workspace) -> None:
    del desk.site["/news"]
    outcome = desk.run()
    assert outcome.status == RunStatus.FAILED
    assert "404" in str(outcome.problems)
    assert not desk.tools.store.probe_states("world")


def test_source_without_a_baseline_gets_full_runs(site: Site, tmp_path: Path) -> None:
    clock, config = FakeClock(), configured(tmp_path, site)
    with open_context(config, clock) as tools:
        desk = Workspace(site, config, tools, clock)
        for _ in range(unchanged.MIN_OBSERVATIONS - 1):
            desk.run()
            assert not tools.store.probe_states("world")


def test_full_run_happens_after_the_interval(desk: Workspace) -> None:
    before = len(desk.tools.store.observations.for_source("world", desk.site.url("/news")))
    desk.run(after=unchanged.FULL_RUN_INTERVAL / timedelta(seconds=1) + PAUSE)
    assert (
        len(desk.tools.store.observations.for_source("world", desk.site.url("/news"))) == before + 1
    )


def test_changed_config_causes_a_full_run(desk: Workspace, tmp_path: Path) -> None:
    desk.config = configured(tmp_path, desk.site, title="Another title")
    assert desk.run().status == RunStatus.UPDATED
    assert "<title>Another title</title>" in desk.published


def test_missing_file_causes_a_full_run(desk: Workspace) -> None:
    (output_folder(desk.config) / "world.rss").unlink()
    assert desk.run().written == ("world.rss",)


def test_unreadable_article_causes_a_full_run(desk: Workspace) -> None:
    desk.site["/news"] = listing([4, 3, 2, 1])
    assert desk.run().failed == 1
    assert not desk.tools.store.probe_states("world")
    desk.site[path(4)] = story(4)
    assert desk.run(after=24 * 3600).new == 1


def test_due_recheck_causes_a_full_run(site: Site, tmp_path: Path) -> None:
    clock, config = FakeClock(), configured(tmp_path, site, more="recheck = true")
    with open_context(config, clock) as tools:
        desk = Workspace(site, config, tools, clock)
        desk.settle()
        due = tools.store.next_recheck("world", clock.now())
        if due is None:
            pytest.skip("nothing young enough")
        desk.run(after=(due - clock.now()).total_seconds() + 1)
        assert set(site.paths()) > {"/news"}


def test_excluded_articles_are_counted_as_skipped(site: Site, tmp_path: Path) -> None:
    clock = FakeClock()
    config = configured(tmp_path, site)
    text = feed("world", f"page {site.url('/news')}", more="recheck = false")
    config = configure(tmp_path, text + '[feed.exclude]\ntitle = ["matter 2"]\n')
    with open_context(config, clock) as tools:
        desk = Workspace(site, config, tools, clock)
        desk.settle()
        outcome = desk.run()
        assert site.paths() == ["/news"]
        assert (outcome.kept, outcome.skipped) == (2, 1)


def test_two_sources_are_requested_once_each_if_one_has_changed(site: Site, tmp_path: Path) -> None:
    clock = FakeClock()
    config = configure(
        tmp_path,
        feed(
            "world", f"page {site.url('/news')}", f"feed {site.url('/rss')}", more="recheck = false"
        ),
    )
    with open_context(config, clock) as tools:
        desk = Workspace(site, config, tools, clock)
        desk.settle()
        desk.run()
        assert sorted(site.paths()) == ["/news", "/rss"]
        site[path(4)] = story(4)
        site["/news"] = listing([4, 3, 2, 1])
        assert desk.run().new == 1
        assert sorted(site.paths()) == sorted(["/news", "/rss", path(4)])


def test_document_missing_in_the_cache_is_fetched_without_a_condition(desk: Workspace) -> None:
    with desk.tools.store._database.write_transaction() as connection:
        connection.execute(delete(schema.document_cache))
    desk.site[path(4)] = story(4)
    (output_folder(desk.config) / "world.html").unlink()  # so that the run is a full one
    assert desk.run().ok
