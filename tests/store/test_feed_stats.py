"""Statistics of all feeds."""

from datetime import date, timedelta

from feedpub.core.models import RunResult, RunStatus
from feedpub.store import RunRecord, SourceState, Store
from tests.store.examples import DAY, NOW, entry, run


def put(store: Store, feed: str, *days_ago: int) -> None:
    entries = [entry(f"{feed}-{n}", published=NOW - days * DAY) for n, days in enumerate(days_ago)]
    store.commit_entries(feed, entries=entries, aliases={}, item_states=[], now=NOW)


def test_entries_are_counted_by_feed_and_day(store: Store) -> None:
    put(store, "world", 0, 0, 1, 40)
    put(store, "local", 3)
    assert store.stats.entry_counts() == {"world": 4, "local": 1}
    assert store.stats.newest_entries() == {"world": NOW, "local": NOW - 3 * DAY}
    assert store.stats.per_day(NOW - 30 * DAY) == {
        "world": {date(2024, 5, 17): 2, date(2024, 5, 16): 1},
        "local": {date(2024, 5, 14): 1},
    }


def test_latest_run_and_latest_success_of_each_feed(store: Store) -> None:
    failed = RunResult("world", RunStatus.FAILED)
    for each in (run(started=NOW), run("local", started=NOW), RunRecord(failed, NOW + DAY)):
        store.commit_run(each)
    assert store.stats.last_runs() == {
        "world": RunRecord(failed, NOW + DAY),
        "local": run("local", started=NOW),
    }
    assert store.stats.last_successes() == {"world": NOW, "local": NOW}


def test_source_states_of_all_feeds(store: Store) -> None:
    state = SourceState(
        "world", "a", NOW, NOW, 3, next_look=NOW + timedelta(minutes=5), why="every 5m"
    )
    store.commit_run(run(), sources=[state])
    assert store.stats.source_states() == {("world", "a"): state}


def test_empty_state_has_no_statistics(store: Store) -> None:
    figures = store.stats
    assert [
        figures.entry_counts(),
        figures.newest_entries(),
        figures.per_day(NOW),
        figures.last_runs(),
    ] == [{}] * 4
    assert [figures.last_successes(), figures.source_states(), figures.open_incidents()] == [{}] * 3
