"""Marks of active runs, from which crashes are found."""

from datetime import UTC, datetime

from feedpub.core.models import RunResult, RunStatus
from feedpub.store import PROCESS_MARK, RunRecord, Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FEEDS = ("a", "b", "c", "d")


def begin(store: Store, holder: str, *feeds: str) -> None:
    for feed in feeds:
        store.run_marks.begin(feed, holder, NOW)


def end(store: Store, feed: str) -> None:
    store.commit_run(RunRecord(RunResult(feed, RunStatus.UNCHANGED), NOW))


def restarted(store: Store, *alive: str) -> bool:
    """Return True if a process is found to have died, when all are dead except for these."""
    return store.run_marks.find_crashes(FEEDS, alive.__contains__)


def test_crash_after_a_run_does_not_blame_its_feed(store: Store) -> None:
    begin(store, "x", "a", "b")
    end(store, "a")
    assert restarted(store)
    assert store.run_marks.suspects() == {"b": 1}
    end(store, "b")
    assert store.run_marks.suspects() == {}
    assert not restarted(store)


def test_shutdown_blames_no_feed_and_keeps_suspects(store: Store) -> None:
    begin(store, "x", "a", PROCESS_MARK)
    restarted(store)
    begin(store, "y", "a", "b", PROCESS_MARK)
    begin(store, "z", "c")
    store.run_marks.release("y")
    assert store.run_marks.suspects() == {"a": 1}
    assert not restarted(store, "z")
    assert restarted(store)
    assert store.run_marks.suspects() == {"a": 1, "c": 1}


def test_marks_of_a_running_process_stay(store: Store) -> None:
    begin(store, "x", "a")
    begin(store, "y", "b")
    assert restarted(store, "y")
    assert store.run_marks.suspects() == {"a": 1}
    restarted(store)
    assert store.run_marks.suspects() == {"a": 1, "b": 1}


def test_earlier_suspect_clears_feeds_that_ran_at_the_same_time(store: Store) -> None:
    begin(store, "x", "a", "b")
    restarted(store)
    begin(store, "y", "a", "c", "d")
    restarted(store)
    assert store.run_marks.suspects() == {"a": 2, "b": 1}
    end(store, "a")
    begin(store, "z", "a")
    restarted(store)
    assert store.run_marks.suspects() == {"a": 1, "b": 1}


def test_crash_between_runs_is_found_and_blames_no_feed(store: Store) -> None:
    begin(store, "x", PROCESS_MARK)
    begin(store, "x", "gone")
    assert restarted(store)
    assert store.run_marks.suspects() == {}
    assert not restarted(store)
