"""The local scheduler: plans, failures, clock jumps and crashes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from feedpub.config import Config, FeedConfig
from feedpub.core.errors import StoreError
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext, utc_now
from feedpub.scheduler.feed_runner import MIN_RETRY_WAIT, RunFeed
from feedpub.scheduler.local import LocalScheduler
from feedpub.store import PROCESS_MARK, Incident, RunRecord, ScheduledRun
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    path,
    story,
)
from tests.support.service import eventually
from tests.support.site import Site


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, [3, 2, 1])
    return site


class Workspace:
    """A scheduler, and the results of its runs."""

    def __init__(self, config: Config, context: RunContext, publish: RunFeed) -> None:
        self.results: list[RunResult] = []
        self.context = context
        self.scheduler = LocalScheduler(
            config, context, lambda _feed, outcome, _context: self.results.append(outcome), publish
        )

    def wait_for_runs(self, *feeds: str) -> bool:
        return eventually(lambda: [o.feed for o in self.results] == list(feeds))


@contextmanager
def running_scheduler(
    config: Config, publish: RunFeed = run.run_feed, clock: Callable[[], datetime] = utc_now
) -> Iterator[Workspace]:
    with open_context(config) as context:
        workspace = Workspace(config, replace(context, clock=clock), publish)
        workspace.scheduler.start()
        try:
            yield workspace
        finally:
            workspace.scheduler.stop(5)


def fake_run(status: RunStatus, then: Callable[[], None] = lambda: None) -> RunFeed:
    """Return a fake `run_feed` with a fixed status."""

    def publish(feed: FeedConfig, context: RunContext, **_: object) -> RunResult:
        del context
        then()
        return RunResult(feed.name, status)

    return publish


def _wait(event: threading.Event) -> None:
    event.wait(30)


def test_run_stores_the_plan_of_the_next_run(newsroom: Site, tmp_path: Path) -> None:
    config = configure(
        tmp_path, feed("world", f"page {newsroom.url('/news')}", more='every = "2h"')
    )
    with running_scheduler(config) as workspace:
        assert workspace.wait_for_runs("world")
        planned = workspace.context.store.schedule.load()["world"]
        (source,) = workspace.context.store.sources("world")
        assert planned == ScheduledRun("world", source.checked + timedelta(hours=2), "every 2h")
        assert (source.next_look, source.why) == (planned.next_run, planned.why)
        assert workspace.scheduler.timer.next_times["world"] == planned.next_run


def test_only_due_sources_are_checked(newsroom: Site, tmp_path: Path) -> None:
    """`run_now` checks all sources."""
    sources = (f"page {newsroom.url('/news')}", f"feed {newsroom.url('/rss')}")
    config = configure(tmp_path, feed("world", *sources, more="recheck = false"))
    with open_context(config) as context:
        run.run_feed(config.feed[0], context)
        later = utc_now() + timedelta(hours=1)
        checks = {newsroom.url("/news"): (later, "x"), newsroom.url("/rss"): (utc_now(), "x")}
        context.store.schedule.save(ScheduledRun("world", utc_now(), "x"), checks)
    newsroom.clear_requests()
    with running_scheduler(config) as workspace:
        assert workspace.wait_for_runs("world")
        assert newsroom.paths() == ["/rss"]
        newsroom.clear_requests()
        assert workspace.scheduler.run_now("world")
        assert workspace.wait_for_runs("world", "world")
        assert sorted(newsroom.paths()) == ["/news", "/rss"]
        assert not workspace.scheduler.run_now("unknown")


def test_due_recheck_runs_the_feed_without_checking_sources(newsroom: Site, tmp_path: Path) -> None:
    config = configure(
        tmp_path, feed("world", f"page {newsroom.url('/news')}", more='every = "12h"')
    )
    now = utc_now()
    for place, page in (("/news", listing([1])), (path(1), story(1))):
        newsroom[place] = page.replace(
            "2026-11-01T08:00:00+01:00", (now - timedelta(hours=2)).isoformat()
        )
    with open_context(config) as context:
        run.run_feed(config.feed[0], replace(context, clock=lambda: now - timedelta(hours=1)))
        context.store.schedule.save(
            ScheduledRun("world", now, "x"),
            {newsroom.url("/news"): (now + timedelta(hours=11), "x")},
        )
    newsroom.clear_requests()
    with running_scheduler(config) as workspace:
        assert workspace.wait_for_runs("world")
        assert newsroom.paths() == [path(1)]
        planned = workspace.context.store.schedule.load()["world"]
        assert planned.why == "articles are due for a recheck"
        assert abs(planned.next_run - now - timedelta(hours=5)) < timedelta(seconds=2)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("bug"), "a bug in feedpub; the log has the traceback: KeyError"),
        (StoreError("no room"), "no room"),
    ],
)
def test_crashed_run_is_recorded_as_failed_and_retried(
    tmp_path: Path, error: Exception, reason: str
) -> None:
    def crash() -> None:
        raise error

    config = configure(tmp_path, feed("world", "folder articles"))
    with running_scheduler(config, fake_run(RunStatus.UPDATED, crash)) as workspace:
        assert workspace.wait_for_runs("world")
        (outcome,) = workspace.results
        assert outcome.status == RunStatus.FAILED
        assert outcome.problems[0].reason.startswith(reason)
        run = workspace.context.store.last_run("world")
        assert run is not None
        assert run.outcome.problems == outcome.problems
        assert workspace.scheduler.timer.next_times[
            "world"
        ] - utc_now() > MIN_RETRY_WAIT - timedelta(minutes=1)


def test_stuck_run_is_recorded_as_failed_and_retried(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        _wait(go_on)

    config = configure(tmp_path, feed("world", "folder articles"), settings='run_timeout = "10s"')
    with running_scheduler(config, fake_run(RunStatus.UPDATED, hang)) as workspace:
        assert begun.wait(30)
        workspace.scheduler.executor._grace = -10.0  # its time is up at once
        workspace.scheduler.tick()
        assert workspace.wait_for_runs("world")
        assert "it is stuck" in workspace.results[0].problems[0].reason
        assert set(workspace.scheduler.stuck_runs) == {"world"}
        assert workspace.scheduler.run_now("world")
        go_on.set()
        assert eventually(lambda: not workspace.scheduler.executor.stuck_runs)
        workspace.scheduler.tick()
        assert not workspace.scheduler.stuck_runs
        assert workspace.results[0].status == RunStatus.FAILED


def test_own_failures_are_retried_after_increasing_waits(tmp_path: Path) -> None:
    config = configure(tmp_path, feed("world", "folder articles", more='every = "1m"'))
    with running_scheduler(config, fake_run(RunStatus.FAILED)) as workspace:
        waits = []
        for times in (1, 2, 3):
            assert workspace.wait_for_runs(*["world"] * times)
            assert eventually(lambda: not workspace.scheduler.executor.running_feeds)
            waits.append(workspace.scheduler.timer.next_times["world"] - utc_now())
            workspace.scheduler.run_now("world")
        assert [round(wait / timedelta(minutes=5)) for wait in waits] == [1, 2, 4]


def test_changed_config_schedules_only_new_and_changed_feeds(
    newsroom: Site, tmp_path: Path
) -> None:
    world, other = (
        feed("world", f"page {newsroom.url('/news')}"),
        feed("other", f"feed {newsroom.url('/rss')}"),
    )
    with running_scheduler(configure(tmp_path, world, other)) as workspace:
        assert eventually(lambda: len(workspace.results) == 2)
        workspace.results.clear()
        config = configure(
            tmp_path, world.replace("world feed", "whole world"), feed("third", "folder articles")
        )
        changes = workspace.scheduler.apply(config, workspace.context)
        assert changes == {"added": ["third"], "changed": ["world"], "removed": ["other"]}
        assert eventually(lambda: {o.feed for o in workspace.results} == {"world", "third"})
        assert set(workspace.context.store.schedule.load()) == {"world", "third"}
        assert set(workspace.scheduler.timer.next_times) == {"world", "third"}


def test_clock_jump_forward_keeps_plans_and_restarts_the_timer(
    newsroom: Site, tmp_path: Path
) -> None:
    config = configure(
        tmp_path, feed("world", f"page {newsroom.url('/news')}", more='every = "2h"')
    )
    with running_scheduler(config) as workspace:
        assert workspace.wait_for_runs("world")
        before = workspace.scheduler.timer.next_times["world"]
        workspace.scheduler.on_clock_jump(timedelta(hours=3))
        assert workspace.scheduler.timer.is_alive
        assert workspace.scheduler.timer.next_times["world"] == before
        assert len(workspace.results) == 1


class Wrong:
    """A wall clock that is ahead until it is corrected."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return utc_now() + self.ahead


@pytest.mark.parametrize("when", ['every = "2h"', 'cron = "0 */2 * * *"', 'every = "auto"'])
@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=729)], ids=["hours", "years"])
def test_clock_jump_back_corrects_the_plan(
    newsroom: Site, tmp_path: Path, ahead: timedelta, when: str
) -> None:
    config = configure(
        tmp_path, feed("world", f"page {newsroom.url('/news')}", more=f"{when}\nrecheck = false")
    )
    clock = Wrong(ahead)
    with running_scheduler(config, clock=clock.now) as workspace:
        assert workspace.scheduler.run_now("world")  # the scheduler's own clock is right
        assert workspace.wait_for_runs("world")
        newsroom.clear_requests()
        clock.ahead = timedelta(0)
        workspace.scheduler.on_clock_jump(-ahead)
        assert workspace.wait_for_runs("world", "world")
        assert newsroom.paths() == ["/news"]
        assert workspace.scheduler.timer.next_times["world"] < utc_now() + timedelta(
            days=1, hours=1
        )
        (source,) = workspace.context.store.sources("world")
        assert source.checked <= utc_now()


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=729)], ids=["hours", "years"])
def test_plan_of_an_earlier_process_with_wrong_clock_is_corrected(
    newsroom: Site, tmp_path: Path, ahead: timedelta
) -> None:
    config = configure(
        tmp_path, feed("world", f"page {newsroom.url('/news')}", more='every = "2h"')
    )
    with running_scheduler(config, clock=Wrong(ahead).now) as workspace:
        assert workspace.scheduler.run_now("world")
        assert workspace.wait_for_runs("world")
    newsroom.clear_requests()
    with running_scheduler(config) as workspace:
        assert workspace.wait_for_runs("world")
        assert "/news" in newsroom.paths()
        assert workspace.scheduler.timer.next_times["world"] < utc_now() + timedelta(
            hours=2, minutes=1
        )


def test_impossible_plan_is_replaced(newsroom: Site, tmp_path: Path) -> None:
    config = configure(
        tmp_path, feed("world", f"page {newsroom.url('/news')}", more='every = "2h"')
    )
    far = utc_now() + timedelta(days=729)
    with open_context(config) as context:
        run.run_feed(config.feed[0], replace(context, clock=utc_now))
        context.store.schedule.save(
            ScheduledRun("world", far, "x"), {newsroom.url("/news"): (far, "x")}
        )
    newsroom.clear_requests()
    with running_scheduler(config) as workspace:
        soon = utc_now() + timedelta(hours=2, minutes=1)
        assert eventually(lambda: utc_now() < workspace.scheduler.timer.next_times["world"] < soon)
        assert newsroom.paths() == ["/news"]
        workspace.scheduler.save_checks()
        assert workspace.context.store.schedule.load()["world"].next_run < soon


def test_incident_from_the_future_is_moved_to_now(tmp_path: Path) -> None:
    config = configure(tmp_path, feed("world", "page http://127.0.0.1:1/news"))
    with running_scheduler(config, clock=Wrong(timedelta(days=729)).now) as workspace:
        assert workspace.scheduler.run_now("world")
        assert workspace.wait_for_runs("world")
        ahead = utc_now() + timedelta(days=729)
        notice = Incident("world", "", "broken", ahead, ahead, "no room")
        workspace.context.store.incidents.open(notice, lambda _: ())
    with running_scheduler(config) as workspace:
        assert workspace.wait_for_runs("world")
        assert workspace.context.store.incidents.open_of("world")[""][0] <= utc_now()
        assert workspace.context.store.incidents.newest()[0].at <= utc_now()
        (source,) = workspace.context.store.sources("world")
        assert source.failing_since is not None
        assert source.failing_since <= utc_now()


# --- processes that died ---


def leave_crashed_state(config: Config, *feeds: str, times: int = 1) -> None:
    """Leave the state of processes that crashed one after the other during the feeds' runs."""
    with open_context(config) as context:
        for _ in range(times):
            for name in (PROCESS_MARK, *feeds):
                context.store.run_marks.begin(name, "elsewhere 1 1", utc_now())
            context.store.run_marks.find_crashes(config.feed.names, lambda _: False)


class Noted:
    """A fake `run_feed` that records which feeds run at the same time."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.beside: set[frozenset[str]] = set()
        self._now: set[str] = set()

    def __call__(self, feed: FeedConfig, context: RunContext, **_: object) -> RunResult:
        self.runs.append(feed.name)
        self._now.add(feed.name)
        time.sleep(0.2)
        self.beside.add(frozenset(self._now))
        self._now.discard(feed.name)
        outcome = RunResult(feed.name, RunStatus.UNCHANGED)
        context.store.commit_run(RunRecord(outcome, utc_now()))
        return outcome


def test_suspect_of_a_crash_runs_last_and_exclusively(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = configure(tmp_path, *(feed(name, "folder articles") for name in "abcd"))
    leave_crashed_state(config, "a", "b")
    noted = Noted()
    with running_scheduler(config, noted) as workspace:
        assert eventually(lambda: len(workspace.results) == 4)
        assert workspace.context.store.run_marks.suspects() == {}
        assert set(noted.runs[:2]) == {"c", "d"}
        assert set(noted.runs[2:]) == {"a", "b"}
        assert all(len(beside) == 1 for beside in noted.beside if beside & {"a", "b"})
    assert any(
        getattr(record, "fields", {}).get("feed") == "a" for record in caplog.records if record.msg
    )


def test_suspect_of_repeated_crashes_waits_and_is_reported(tmp_path: Path) -> None:
    config = configure(tmp_path, *(feed(name, "folder articles") for name in "ab"))
    waits = []
    for times in (2, 1, 1):  # more
        leave_crashed_state(config, "a", times=times)
        with running_scheduler(config, Noted()) as workspace:
            (result,) = [o for o in workspace.results if o.feed == "a"]
            assert "feedpub ended in the middle of its run" in result.problems[0].reason
            waits.append(workspace.scheduler.timer.next_times["a"] - utc_now())
    assert [round(wait / timedelta(minutes=5)) for wait in waits] == [1, 2, 4]


def test_orderly_stop_leaves_no_suspects(tmp_path: Path) -> None:
    marked, go_on = threading.Event(), threading.Event()
    config = configure(tmp_path, feed("world", "folder articles"))

    def hang(feed: FeedConfig, context: RunContext, **_: object) -> RunResult:
        run.mark_run(feed, context)
        marked.set()
        _wait(go_on)
        return fake_run(RunStatus.UNCHANGED)(feed, context)

    with open_context(config) as context:
        workspace = Workspace(config, replace(context, clock=utc_now), hang)
        assert workspace.scheduler.run_now("world")
        assert marked.wait(30)
        assert workspace.scheduler.stop(0.1) == ("world",)
        assert not context.store.run_marks.find_crashes(config.feed.names, lambda _: False)
        go_on.set()
