"""The overview in memory: equal to a status that is read completely, whatever happens."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedpub.config import Config
from feedpub.core.errors import StoreError
from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.store import Incident, RunRecord, ScheduledRun, SourceState, Store
from feedpub.web.status import (
    GRACE_PERIOD,
    FeedQuery,
    FeedRow,
    Health,
    Overview,
    ProcessStatus,
    StatusBoard,
    collect_status,
    overview,
)
from tests.support.newsroom import configure, feed
from tests.support.overviews import feed_status, overview_of, service_status, source_status

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
UNREAD = Failure("https://x.org/a", "HTTP 403", unread=True)
FATAL = Failure("https://x.org/", "HTTP 404", fatal=True)
LONG = 1e9  # seconds


def source_url(number: int, part: int) -> str:
    return f"https://s{number}-{part}.example.org/feed"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    feeds = [
        feed(f"f{n}", *(f"feed {source_url(n, part)}" for part in range(1 + n % 2)))
        for n in range(8)
    ]
    return configure(tmp_path, *feeds)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.empty() as opened:
        yield opened


def read_completely(
    config: Config, store: Store, now: datetime, running: ProcessStatus | None
) -> Overview:
    """Return the overview as if nothing were known yet."""
    status = collect_status(config, store, now, running)
    started = running.started if running else None
    rows = [FeedRow.from_status(each, now, started) for each in status.feeds]
    return Overview.from_rows(now, running, rows)


class World:
    """Feeds whose runs, plans and incidents change at random."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.dice = random.Random(seed)  # noqa: S311 -- a test
        self.now = NOW
        self.running = ProcessStatus(started=NOW, heartbeat=NOW)

    def run_feed(self, number: int) -> str:
        """Record a run of a feed, as the pipeline, the alerts and the scheduler do."""
        name = f"f{number}"
        problems = self.dice.choice([(), (), (UNREAD,), (FATAL,)])
        status = RunStatus.FAILED if FATAL in problems else RunStatus.UPDATED
        result = RunResult(name, status, problems=problems, seconds=1.5, failed=len(problems))
        states = [self._check(number, part) for part in range(1 + number % 2)]
        self.store.commit_run(RunRecord(result, self.now), sources=states)
        soon = self.now + self.dice.randint(-10, 60) * MINUTE
        plans = {state.key: (soon, "every 1h") for state in states if self.dice.random() < 0.7}
        self.store.schedule.save(ScheduledRun(name, soon, "every 1h"), plans)
        self._change_incident(name)
        return name

    def _check(self, number: int, part: int) -> SourceState:
        failure = self.dice.choice([None, None, None, "HTTP 500"])
        return SourceState(
            f"f{number}",
            source_url(number, part),
            self.now,
            None if failure else self.now,
            self.dice.randint(0, 20),
            failure=failure,
            failing_since=self.now if failure else None,
            failures=1 if failure else 0,
        )

    def _change_incident(self, name: str) -> None:
        incident = Incident(name, "", "broken", self.now, self.now, "the disk is full", 1)
        if self.dice.random() < 0.3:
            self.store.incidents.open(incident, lambda _: ())
        else:
            self.store.incidents.close(incident, lambda _: ())

    def pass_time(self) -> None:
        """Let some time pass; feeds start to run, end or get stuck."""
        self.now += timedelta(seconds=self.dice.choice([1, 30, 300, 301, 4000]))
        names = [f"f{n}" for n in range(8)]
        busy = dict.fromkeys(self.dice.sample(names, 2), self.now)
        hung = dict.fromkeys(self.dice.sample(names, self.dice.choice([0, 0, 1])), self.now)
        self.running = ProcessStatus(NOW, self.now, busy=busy, hung=hung)


@pytest.mark.parametrize("seed", range(6))
def test_overview_equals_a_complete_reading_after_own_runs(
    config: Config, store: Store, seed: int
) -> None:
    world, shown = World(store, seed), StatusBoard(config, store)
    for step in range(60):
        for _ in range(world.dice.randint(0, 3)):
            shown.mark_changed(world.run_feed(world.dice.randrange(8)))
        seen = shown.overview(world.now, world.running, max_age_seconds=LONG)
        assert seen == read_completely(config, store, world.now, world.running), step
        world.pass_time()


@pytest.mark.parametrize("seed", range(3))
def test_overview_equals_a_complete_reading_after_runs_of_others(
    config: Config, store: Store, seed: int
) -> None:
    world, shown = World(store, seed), StatusBoard(config, store)
    for step in range(40):
        for _ in range(world.dice.randint(0, 3)):
            world.run_feed(world.dice.randrange(8))
        seen = shown.overview(world.now, None, max_age_seconds=0.0)
        assert seen == read_completely(config, store, world.now, None), step
        world.pass_time()


def test_overview_reads_only_feeds_that_changed(
    config: Config, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str]] = []

    def watched(*arguments: object, feeds: list[str], **options: object) -> object:
        read.append(feeds)
        return collect_status(*arguments, feeds=feeds, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(overview, "collect_status", watched)
    world, shown = World(store, 1), StatusBoard(config, store)
    shown.overview(NOW, world.running, max_age_seconds=LONG)
    assert read == [list(config.feed.names)]
    shown.overview(NOW, world.running, max_age_seconds=LONG)
    shown.mark_changed(world.run_feed(3))
    shown.overview(NOW, world.running, max_age_seconds=LONG)
    assert read[1:] == [["f3"]]
    shown.overview(NOW, world.running, max_age_seconds=0.0)
    read.clear()
    world.run_feed(4)  # by another process
    shown.overview(NOW, world.running, max_age_seconds=LONG)
    assert read == []
    shown.overview(NOW, world.running, max_age_seconds=0.0)
    assert read == [["f4"]]


def test_feed_is_read_again_before_it_is_called_overdue(config: Config, store: Store) -> None:
    shown = StatusBoard(config, store)
    store.commit_run(RunRecord(RunResult("f0", RunStatus.UPDATED), NOW))
    store.schedule.save(ScheduledRun("f0", NOW + MINUTE, "every 1m"))
    shown.overview(NOW, None, max_age_seconds=LONG)
    later = NOW + MINUTE + GRACE_PERIOD + timedelta(seconds=1)
    store.commit_run(RunRecord(RunResult("f0", RunStatus.UPDATED), later))
    assert "f0" not in shown.overview(later, None, max_age_seconds=LONG).overdue
    store.schedule.save(ScheduledRun("f0", later, "every 1m"))
    shown.mark_changed("f0")
    shown.overview(later, None, max_age_seconds=LONG)
    latest = later + GRACE_PERIOD
    assert "f0" not in shown.overview(latest, None, max_age_seconds=LONG).overdue


def test_overdue_feed_is_fresh_as_soon_as_it_was_checked(config: Config, store: Store) -> None:
    shown = StatusBoard(config, store)
    store.commit_run(RunRecord(RunResult("f0", RunStatus.UPDATED), NOW))
    store.schedule.save(ScheduledRun("f0", NOW + MINUTE, "every 1m"))
    later = NOW + 60 * MINUTE
    assert "f0" in shown.overview(later, None, max_age_seconds=LONG).overdue
    store.schedule.save(ScheduledRun("f0", later, "every 1m"))  # nothing marks this check
    assert "f0" not in shown.overview(later, None, max_age_seconds=LONG).overdue


def test_clock_that_was_ahead_leaves_no_overdue_feed(config: Config, store: Store) -> None:
    shown = StatusBoard(config, store)
    store.commit_run(RunRecord(RunResult("f0", RunStatus.UPDATED), NOW))
    store.schedule.save(ScheduledRun("f0", NOW + MINUTE, "every 1m"))
    ahead = shown.overview(NOW + 60 * MINUTE, None, max_age_seconds=LONG)
    assert "f0" in ahead.overdue
    assert "f0" not in shown.overview(NOW, None, max_age_seconds=LONG).overdue


def test_changed_config_replaces_the_feeds(config: Config, store: Store, tmp_path: Path) -> None:
    shown = StatusBoard(config, store)
    shown.overview(NOW, None, max_age_seconds=0.0)
    shown.apply(configure(tmp_path, feed("f1", "feed https://other.example.org/")))
    seen = shown.overview(NOW, None, max_age_seconds=0.0)
    assert list(seen.rows) == ["f1"]
    assert seen.counts == {Health.LATE: 1}
    assert seen.rows["f1"].sources[0].address == "https://other.example.org/"


def test_changes_are_kept_while_the_state_cannot_be_read(config: Config, store: Store) -> None:
    shown = StatusBoard(config, store)
    shown.overview(NOW, None, max_age_seconds=LONG)
    store.commit_run(RunRecord(RunResult("f0", RunStatus.UPDATED), NOW))
    shown.mark_changed("f0")
    with pytest.MonkeyPatch.context() as patch:

        def fail(*_: object, **__: object) -> None:
            raise StoreError("the disk is full")

        patch.setattr(overview, "collect_status", fail)
        with pytest.raises(StoreError):
            shown.overview(NOW, None, max_age_seconds=LONG)
    assert shown.overview(NOW, None, max_age_seconds=LONG).rows["f0"].last_run == NOW.timestamp()


# --- selecting feeds ---


def in_all_states() -> Overview:
    return overview_of(
        service_status(
            feed_status("b-fine"),
            feed_status("a-fine", "Ärzte"),
            feed_status("partial", health=Health.PARTIAL),
            feed_status("late", health=Health.LATE, overdue=True),
            feed_status("stuck", health=Health.BROKEN, hung=NOW),
            feed_status("z-failing", health=Health.BROKEN),
            feed_status(
                "failing", health=Health.BROKEN, sources=(source_status("https://X.org/"),)
            ),
        )
    )


def test_feeds_are_sorted_by_trouble_and_name() -> None:
    names = ("failing", "z-failing", "stuck", "late", "partial", "a-fine", "b-fine")
    assert in_all_states().select(FeedQuery()).names == names


def test_pages_have_a_fixed_number_of_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "PAGE_FEEDS", 3)
    pages = [in_all_states().select(FeedQuery(page=page)) for page in (1, 2, 3, 99)]
    assert [len(page.names) for page in pages] == [3, 3, 1, 1]
    assert [page.query.page for page in pages] == [1, 2, 3, 3]
    assert {page.pages for page in pages} == {3}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (FeedQuery(Health.BROKEN), ("failing", "z-failing", "stuck")),
        (FeedQuery(text="  x.ORG "), ("failing",)),
        (FeedQuery(text="ärzte"), ("a-fine",)),
        (FeedQuery(Health.HEALTHY, "failing"), ()),
        (FeedQuery(text="failing"), ("failing", "z-failing")),
        (FeedQuery(text="a-fine"), ("a-fine",)),
    ],
)
def test_query_restricts_the_feeds_by_state_and_text(
    query: FeedQuery, names: tuple[str, ...]
) -> None:
    selection = in_all_states().select(query)
    assert selection.names == names
    assert sum(selection.matching.values()) == len(names)
    assert sum(selection.counts.values()) == 7


def test_feed_of_the_exact_name_comes_first() -> None:
    worse = feed_status("world-2", health=Health.BROKEN)
    seen = overview_of(service_status(worse, feed_status("world")))
    assert seen.select(FeedQuery(text="World")).names == ("world", "world-2")


def test_worst_feeds_are_those_in_trouble_if_there_are_many() -> None:
    seen = in_all_states()
    assert seen.worst_feeds(7) == list(seen.select(FeedQuery()).names)
    assert seen.worst_feeds(6) == ["failing", "z-failing", "stuck", "late", "partial"]
    assert seen.worst_feeds(2) == ["failing", "z-failing"]


def test_overview_is_healthy_unless_the_scheduler_is_dead_or_a_feed_overdue() -> None:
    assert not in_all_states().is_healthy
    fine = service_status(feed_status("broken", health=Health.BROKEN))
    assert overview_of(fine).is_healthy
    dead = ProcessStatus(started=NOW, heartbeat=fine.now - 2 * MINUTE)
    assert not overview_of(service_status(feed_status(), running=dead)).is_healthy
    assert overview_of(service_status(feed_status(), running=None)).is_healthy
