"""Which feeds' runs are under way, and which were when their process died."""

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
    """Whether a process is found to have died, all being dead but these."""
    return store.run_marks.find_crashes(FEEDS, alive.__contains__)


def test_a_run_that_has_ended_is_forgotten(store: Store) -> None:
    """Its process may die then without it being to blame."""
    begin(store, "x", "a", "b")
    end(store, "a")
    assert restarted(store)
    assert store.run_marks.suspects() == {"b": 1}
    end(store, "b")
    assert store.run_marks.suspects() == {}
    assert not restarted(store)


def test_an_orderly_end_blames_nobody(store: Store) -> None:
    """Though runs were given up; who was a suspect before still is."""
    begin(store, "x", "a", PROCESS_MARK)
    restarted(store)
    begin(store, "y", "a", "b", PROCESS_MARK)
    begin(store, "z", "c")
    store.run_marks.release("y")
    assert store.run_marks.suspects() == {"a": 1}
    assert not restarted(store, "z")
    assert restarted(store)
    assert store.run_marks.suspects() == {"a": 1, "c": 1}


def test_runs_of_a_living_process_go_on(store: Store) -> None:
    """Another one that starts leaves its marks alone."""
    begin(store, "x", "a")
    begin(store, "y", "b")
    assert restarted(store, "y")
    assert store.run_marks.suspects() == {"a": 1}
    restarted(store)
    assert store.run_marks.suspects() == {"a": 1, "b": 1}


def test_suspects_clear_others(store: Store) -> None:
    """A feed that ran beside one that processes have died of before is not blamed.

    Crashes are counted in a row.
    """
    begin(store, "x", "a", "b")
    restarted(store)
    begin(store, "y", "a", "c", "d")
    restarted(store)
    assert store.run_marks.suspects() == {"a": 2, "b": 1}
    end(store, "a")
    begin(store, "z", "a")
    restarted(store)
    assert store.run_marks.suspects() == {"a": 1, "b": 1}


def test_a_process_that_dies_between_runs(store: Store) -> None:
    """That is known, and no feed is blamed; feeds that left the config are forgotten."""
    begin(store, "x", PROCESS_MARK)
    begin(store, "x", "gone")
    assert restarted(store)
    assert store.run_marks.suspects() == {}
    assert not restarted(store)
