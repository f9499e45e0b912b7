"""Runs in which no source has changed send one conditional request a source and miss nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from feedpub.config import Config
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline import run, unchanged
from feedpub.pipeline.context import RunContext
from feedpub.store import CheckState, ProbeState, RunRecord, SourceObservation, schema
from feedpub.store.checks import MIN_OBSERVATIONS
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

    def __init__(self, site: Site, config: Config, context: RunContext, clock: FakeClock) -> None:
        self.site, self.config, self.context, self.clock = site, config, context, clock

    def run(self, *, after: float = PAUSE) -> RunResult:
        """Check all sources as a service does, and forget earlier requests to the site."""
        self.clock.sleep(after)
        self.site.clear_requests()
        feed, context = self.config.feed[0], self.context
        state = context.store.checks.load(["world"], self.clock.now()).get("world", CheckState())
        fingerprint = unchanged.feed_fingerprint(feed, context.settings)
        probe = unchanged.probe_sources(feed, state, context, None, fingerprint)
        if not probe.is_unchanged:
            return run.run_feed(feed, context, probe=probe)
        check = unchanged.unchanged_check("world", probe, state, self.clock.now(), 0.0)
        context.store.checks.save([check])
        return unchanged.unchanged_result(check)

    def settle(self) -> None:
        """Run until the next run can be a probe."""
        self.run()
        assert self.probes

    @property
    def probes(self) -> Mapping[str, ProbeState]:
        return self.context.store.checks.load(["world"], self.clock.now())["world"].probes

    @property
    def observations(self) -> tuple[SourceObservation, ...]:
        return self.context.store.observations.for_source("world", self.site.url("/news"))

    @property
    def published(self) -> str:
        return (output_folder(self.config) / "world.rss").read_text()


@pytest.fixture
def site(site: Site) -> Site:
    open_newsroom(site, [3, 2, 1])
    return site


def configure_feed(
    folder: Path, site: Site, more: str = "recheck = false", title: str = ""
) -> Config:
    text = feed("world", f"page {site.url('/news')}", more=more)
    return configure(folder, text.replace("The world feed", title or "The world feed"))


@pytest.fixture
def workspace(site: Site, tmp_path: Path) -> Iterator[Workspace]:
    """Return a feed with enough history to be probed."""
    clock, config = FakeClock(), configure_feed(tmp_path, site)
    with open_context(config, clock) as context:
        workspace = Workspace(site, config, context, clock)
        workspace.settle()
        yield workspace


def test_unchanged_source_costs_one_conditional_request(workspace: Workspace) -> None:
    """The result is the same as that of a full run."""
    outcome = workspace.run()
    assert workspace.site.paths() == ["/news"]
    assert (outcome.status, outcome.kept, outcome.requests, outcome.written) == (
        RunStatus.UNCHANGED,
        3,
        1,
        (),
    )


def test_probe_counts_as_a_check_of_the_source(workspace: Workspace) -> None:
    outcome, now = workspace.run(), workspace.clock.now().replace(microsecond=0)
    (state,) = workspace.context.store.sources("world")
    assert (state.checked, state.succeeded, state.items) == (now, now, 3)
    assert workspace.context.store.stats.last_runs() == {"world": RunRecord(outcome, now)}
    assert workspace.context.store.stats.last_successes() == {"world": now}


def test_probes_are_counted_by_day_and_source(workspace: Workspace) -> None:
    runs = workspace.context.store.runs("world")
    day = (workspace.clock.now() - datetime(1970, 1, 1, tzinfo=UTC)).days
    for _ in range(3):
        workspace.run()
    workspace.run(after=24 * 3600)
    counts = workspace.context.store.checks.counts("world")
    assert counts == {workspace.site.url("/news"): {day: 3, day + 1: 1}}
    assert workspace.context.store.runs("world") == runs


def test_changed_source_is_requested_once_and_read(workspace: Workspace) -> None:
    workspace.site[path(4)] = story(4)
    workspace.site["/news"] = listing([4, 3, 2, 1])
    outcome = workspace.run()
    assert (outcome.new, outcome.requests) == (1, 2)
    assert workspace.site.paths() == ["/news", path(4)]
    assert "matter 4" in workspace.published


def test_failed_probe_is_reported_and_followed_by_a_full_run(workspace: Workspace) -> None:
    del workspace.site["/news"]
    outcome = workspace.run()
    assert outcome.status == RunStatus.FAILED
    assert "404" in str(outcome.problems)
    assert not workspace.probes


def test_run_with_news_is_followed_by_a_probe(workspace: Workspace) -> None:
    workspace.site[path(4)] = story(4)
    workspace.site["/news"] = listing([4, 3, 2, 1])
    runs = len(workspace.context.store.runs("world"))
    assert workspace.run().new == 1
    assert workspace.run().status == RunStatus.UNCHANGED
    assert workspace.site.paths() == ["/news"]
    assert len(workspace.context.store.runs("world")) == runs + 1
    assert workspace.observations[-1].items == workspace.observations[-1].known == 4
    assert workspace.observations[-2].known == 3


def test_full_run_happens_once_a_week(workspace: Workspace) -> None:
    runs = len(workspace.context.store.runs("world"))
    week = unchanged.FULL_RUN_INTERVAL / timedelta(seconds=1)
    workspace.run(after=week - 2 * PAUSE)
    assert len(workspace.context.store.runs("world")) == runs
    workspace.run(after=2 * PAUSE)
    assert len(workspace.context.store.runs("world")) == runs + 1
    workspace.run()
    assert len(workspace.context.store.runs("world")) == runs + 1


def test_full_run_repairs_a_damaged_file(workspace: Workspace) -> None:
    published = workspace.published
    (output_folder(workspace.config) / "world.rss").write_text("damaged")
    workspace.run()
    assert workspace.published == "damaged"
    workspace.run(after=unchanged.FULL_RUN_INTERVAL / timedelta(seconds=1))
    assert workspace.published == published


def test_observations_are_those_of_full_runs(site: Site, tmp_path: Path) -> None:
    """The first checks are observed one by one, later ones at most once in three hours."""
    clock, config = FakeClock(), configure_feed(tmp_path, site)
    with open_context(config, clock) as context:
        workspace = Workspace(site, config, context, clock)
        for number in range(MIN_OBSERVATIONS + 1):
            workspace.run()
            assert len(workspace.observations) == number + 1
        first_runs = workspace.observations
        for _ in range(11):
            workspace.run()
            assert len(workspace.observations) == len(first_runs)
            assert workspace.observations[-1].at == clock.now().replace(microsecond=0)
        workspace.run()
        assert len(workspace.observations) == len(first_runs) + 1
        workspace.run()
        last = workspace.observations[-1]
        assert len(workspace.observations) == len(first_runs) + 1
        assert last == replace(first_runs[-1], at=clock.now().replace(microsecond=0))
        assert len(context.store.runs("world")) == 1


def test_changed_config_causes_a_full_run(workspace: Workspace, tmp_path: Path) -> None:
    workspace.config = configure_feed(tmp_path, workspace.site, title="Another title")
    assert workspace.run().status == RunStatus.UPDATED
    assert "<title>Another title</title>" in workspace.published


def test_missing_file_causes_a_full_run(workspace: Workspace) -> None:
    (output_folder(workspace.config) / "world.rss").unlink()
    assert workspace.run().written == ("world.rss",)


def test_unreadable_article_causes_a_full_run(workspace: Workspace) -> None:
    workspace.site["/news"] = listing([4, 3, 2, 1])
    assert len(workspace.run().unread) == 1
    assert not workspace.probes
    workspace.site[path(4)] = story(4)
    assert workspace.run(after=24 * 3600).new == 1


def test_due_recheck_causes_a_full_run(site: Site, tmp_path: Path) -> None:
    clock, config = FakeClock(), configure_feed(tmp_path, site, more="recheck = true")
    with open_context(config, clock) as context:
        workspace = Workspace(site, config, context, clock)
        workspace.settle()
        due = context.store.next_recheck("world", clock.now())
        if due is None:
            pytest.skip("nothing young enough")
        workspace.run(after=(due - clock.now()).total_seconds() + 1)
        assert set(site.paths()) > {"/news"}


def test_excluded_articles_are_counted_as_skipped(site: Site, tmp_path: Path) -> None:
    clock = FakeClock()
    config = configure_feed(tmp_path, site)
    text = feed("world", f"page {site.url('/news')}", more="recheck = false")
    config = configure(tmp_path, text + '[feed.exclude]\ntitle = ["matter 2"]\n')
    with open_context(config, clock) as context:
        workspace = Workspace(site, config, context, clock)
        workspace.settle()
        outcome = workspace.run()
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
    with open_context(config, clock) as context:
        workspace = Workspace(site, config, context, clock)
        workspace.settle()
        workspace.run()
        assert sorted(site.paths()) == ["/news", "/rss"]
        site[path(4)] = story(4)
        site["/news"] = listing([4, 3, 2, 1])
        assert workspace.run().new == 1
        assert sorted(site.paths()) == sorted(["/news", "/rss", path(4)])


def test_document_missing_in_the_cache_is_fetched_without_a_condition(workspace: Workspace) -> None:
    with workspace.context.store._database.write_transaction() as connection:
        connection.execute(delete(schema.document_cache))
    workspace.site[path(4)] = story(4)
    (output_folder(workspace.config) / "world.html").unlink()  # so that the run is a full one
    assert workspace.run().ok
