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


def is_found_dead(store: Store, *alive: str) -> bool:
    """Return True if a process is found to have died, when all are dead except for these."""
    return store.run_marks.find_crashes(FEEDS, alive.__contains__)


def test_crash_after_a_run_does_not_blame_its_feed(store: Store) -> None:
    begin(store, "x", "a", "b")
    end(store, "a")
    assert is_found_dead(store)
    assert store.run_marks.suspects() == {"b": 1}
    end(store, "b")
    assert store.run_marks.suspects() == {}
    assert not is_found_dead(store)


def test_shutdown_blames_no_feed_and_keeps_suspects(store: Store) -> None:
    begin(store, "x", "a", PROCESS_MARK)
    is_found_dead(store)
    begin(store, "y", "a", "b", PROCESS_MARK)
    begin(store, "z", "c")
    store.run_marks.release("y")
    assert store.run_marks.suspects() == {"a": 1}
    assert not is_found_dead(store, "z")
    assert is_found_dead(store)
    assert store.run_marks.suspects() == {"a": 1, "c": 1}


def test_marks_of_a_running_process_stay(store: Store) -> None:
    begin(store, "x", "a")
    begin(store, "y", "b")
    assert is_found_dead(store, "y")
    assert store.run_marks.suspects() == {"a": 1}
    is_found_dead(store)
    assert store.run_marks.suspects() == {"a": 1, "b": 1}


def test_earlier_suspect_clears_feeds_that_ran_at_the_same_time(store: Store) -> None:
    begin(store, "x", "a", "b")
    is_found_dead(store)
    begin(store, "y", "a", "c", "d")
    is_found_dead(store)
    assert store.run_marks.suspects() == {"a": 2, "b": 1}
    end(store, "a")
    begin(store, "z", "a")
    is_found_dead(store)
    assert store.run_marks.suspects() == {"a": 1, "b": 1}


def test_crash_between_runs_is_found_and_blames_no_feed(store: Store) -> None:
    begin(store, "x", PROCESS_MARK)
    begin(store, "x", "gone")
    assert is_found_dead(store)
    assert store.run_marks.suspects() == {}
    assert not is_found_dead(store)
