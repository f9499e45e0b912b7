"""Statistics of all feeds."""

from datetime import date, timedelta

from feedpub.core.models import RunResult, RunStatus
from feedpub.store import RunRecord, ScheduledRun, SourceState, Store, StoredSummary
from tests.store.examples import DAY, NOW, entry, run

SECONDS = int(NOW.timestamp())


def put(store: Store, feed: str, *days_ago: int) -> None:
    entries = [entry(f"{feed}-{n}", published=NOW - days * DAY) for n, days in enumerate(days_ago)]
    store.commit_entries(feed, entries=entries, aliases={}, item_states=[], now=NOW)


def test_entries_are_counted_by_feed_and_day(store: Store) -> None:
    put(store, "world", 0, 0, 1, 40)
    put(store, "local", 3)
    assert store.stats.entry_counts() == {"world": 4, "local": 1}
    assert store.stats.stored_entries(["world", "local", "other"]) == {
        "world": (4, SECONDS),
        "local": (1, SECONDS - 3 * 86400),
    }
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
        figures.live_entries(),
        figures.per_day(NOW),
        figures.last_runs(),
    ] == [{}] * 4
    assert [figures.last_successes(), figures.source_states(), figures.open_incidents()] == [{}] * 3


def test_live_entries_are_those_of_the_summaries(store: Store) -> None:
    put(store, "world", 0, 1)
    assert store.stats.live_entries() == {}
    for feed, newest in (("world", NOW), ("local", None)):
        store.summaries.save(StoredSummary(feed, "50", 7, newest, newest, "en"))
    assert store.stats.live_entries() == {"world": (7, SECONDS), "local": (7, None)}
    assert store.stats.live_entries(["local"]) == {"local": (7, None)}


def test_statistics_can_be_restricted_to_some_feeds(store: Store) -> None:
    for feed in ("world", "local"):
        put(store, feed, 0)
        state = SourceState(feed, "a", NOW, NOW, 3)
        store.commit_run(run(feed, started=NOW), sources=[state])
        store.schedule.save(ScheduledRun(feed, NOW, "every 1h"))
    figures, some = store.stats, ["local"]
    assert figures.last_runs(some) == {"local": run("local", started=NOW)}
    assert figures.last_successes(some) == {"local": NOW}
    assert figures.source_states(some).keys() == {("local", "a")}
    assert figures.per_day(NOW - DAY, some).keys() == {"local"}
    assert store.schedule.load(some).keys() == {"local"}
    assert figures.last_runs([]) == {}


def test_digest_of_a_feed_changes_with_its_checks_and_plans(store: Store) -> None:
    seen = [store.stats.check_digests()]

    def changed() -> set[str]:
        seen.append(store.stats.check_digests())
        return dict(seen[-1].items() ^ seen[-2].items()).keys() | set()

    assert seen == [{}]
    for feed in ("world", "local"):
        store.commit_run(run(feed), sources=[SourceState(feed, "a", NOW, NOW, 3)])
    assert changed() == {"world", "local"}
    assert changed() == set()
    later = SourceState("world", "a", NOW + DAY, NOW, 3, failure="HTTP 404", failures=1)
    store.commit_run(run("world"), sources=[later])
    assert changed() == {"world"}
    store.schedule.save(ScheduledRun("local", NOW, "every 1h"))
    assert changed() == {"local"}
    store.schedule.save(ScheduledRun("local", NOW, "every 1h"), {"a": (NOW + DAY, "every 1d")})
    assert changed() == {"local"}
    store.schedule.mark_due(["local"])
    assert changed() == {"local"}
