"""Checks without news: loaded and saved for many feeds at once, and counted by day."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from feedpub.core.models import RunResult, RunStatus
from feedpub.store import (
    CheckState,
    Incident,
    ItemState,
    ProbeState,
    RunRecord,
    ScheduledRun,
    SourceObservation,
    SourceState,
    Store,
    UnchangedCheck,
    UnchangedSource,
)
from feedpub.store.checks import MAX_DAYS, MIN_OBSERVATIONS
from tests.store.examples import DAY, NOW, entry, run

HOUR = timedelta(hours=1)


def source(feed: str, key: str = "s", *, checked: datetime = NOW) -> SourceState:
    return SourceState(feed, key, checked, checked, 3, why="every 1h")


def probe(feed: str, key: str = "s") -> ProbeState:
    return ProbeState(feed, key, "basis", NOW + DAY, 1, '"1"', None, NOW + HOUR)


def observation(feed: str, at: datetime = NOW, key: str = "s", read: int = 0) -> SourceObservation:
    return SourceObservation(feed, key, "a", at, items=3, known=3, read=read)


def settle(store: Store, *feeds: str) -> None:
    """Store a full run of each feed that leaves nothing to do."""
    for feed in feeds:
        store.commit_run(
            run(feed),
            sources=[source(feed)],
            observations=[observation(feed)],
            probe_states={"s": probe(feed)},
        )


def check(
    feed: str, at: datetime, *, before: datetime = NOW, observes: bool = False
) -> UnchangedCheck:
    state = UnchangedSource(source(feed, checked=before), probe(feed), observes)
    planned = ScheduledRun(feed, at + HOUR, "every 1h")
    return UnchangedCheck(feed, at, 0.5, (state,), {"s": (at + HOUR, "every 1h")}, next_run=planned)


def test_states_of_many_feeds_are_loaded_together(store: Store) -> None:
    settle(store, "world", "local")
    recheck = ItemState("k", "", "stored", url="https://x/", recheck_at=NOW + HOUR)
    store.commit_entries(
        "world", entries=[entry("a")], aliases={"k": "tag:a"}, item_states=[recheck], now=NOW
    )
    store.incidents.open(Incident("local", "s", "broken", NOW, NOW, "gone"), lambda _: ())
    for number in range(1, MIN_OBSERVATIONS):
        store.commit_run(run("local"), observations=[observation("local", NOW + number * HOUR)])
    assert store.checks.load(["world", "local", "unknown"], NOW) == {
        "world": CheckState(
            {"s": source("world")}, {"s": probe("world")}, frozenset(), recheck_at=NOW + HOUR
        ),
        "local": CheckState(
            {"s": source("local")},
            {"s": probe("local")},
            frozenset({"s"}),
            has_incident=True,
        ),
    }
    store.run_marks.begin("local", "host 1 1", NOW)
    assert store.checks.load(["local"], NOW)["local"].is_marked


def test_saved_check_moves_the_plan_and_is_counted(store: Store) -> None:
    settle(store, "world", "local")
    later = NOW + HOUR
    store.checks.save([check("world", later), check("local", later)])
    store.checks.save([check("world", later + HOUR, before=later)])
    (state,) = store.sources("world")
    assert (state.checked, state.succeeded) == (later + HOUR, later + HOUR)
    assert (state.next_look, state.why) == (later + 2 * HOUR, "every 1h")
    assert store.schedule.get("world") == ScheduledRun("world", later + 2 * HOUR, "every 1h")
    day = (NOW - datetime(1970, 1, 1, tzinfo=NOW.tzinfo)).days
    assert store.checks.counts("world") == {"s": {day: 2}}
    assert store.checks.counts("local") == {"s": {day: 1}}
    unchanged = RunResult("world", RunStatus.UNCHANGED, kept=2, skipped=1, requests=1, seconds=0.5)
    assert store.stats.last_runs()["world"] == RunRecord(unchanged, later + HOUR)
    assert store.stats.last_successes() == {"world": later + HOUR, "local": later}
    assert store.checks.last_time("world") == later + HOUR
    assert store.checks.last_time("unknown") is None


def test_later_run_counts_instead_of_earlier_checks(store: Store) -> None:
    settle(store, "world")
    store.checks.save([check("world", NOW + HOUR)])
    failed = RunRecord(RunResult("world", RunStatus.FAILED), NOW + 2 * HOUR)
    store.commit_run(failed)
    assert store.stats.last_runs() == {"world": failed}
    assert store.stats.last_successes() == {"world": NOW + HOUR}


def test_check_never_overwrites_that_of_another_process(store: Store) -> None:
    settle(store, "world", "local")
    newer = source("world", checked=NOW + 2 * HOUR)
    store.commit_run(run("world", started=NOW + 2 * HOUR), sources=[newer])
    store.checks.save([check("world", NOW + HOUR), check("local", NOW + HOUR)])
    assert store.sources("world") == (newer,)
    assert store.schedule.get("world") is None
    assert store.checks.counts("world") == {}
    assert store.sources("local")[0].checked == NOW + HOUR


def test_mark_of_a_run_is_deleted_with_its_check(store: Store) -> None:
    settle(store, "world", "local")
    for feed in ("world", "local"):
        store.run_marks.begin(feed, "host 1 1", NOW)
    marked = replace(check("world", NOW + HOUR), is_marked=True)
    store.checks.save([marked, check("local", NOW + HOUR)])
    loaded = store.checks.load(["world", "local"], NOW)
    assert {feed: state.is_marked for feed, state in loaded.items()} == {
        "world": False,
        "local": True,
    }


def test_check_prolongs_the_latest_observation_or_adds_one(store: Store) -> None:
    settle(store, "world")
    store.checks.save([check("world", NOW + HOUR)])
    assert store.observations.for_source("world", "s") == (observation("world", NOW + HOUR),)
    store.checks.save([check("world", NOW + 2 * HOUR, before=NOW + HOUR, observes=True)])
    assert store.observations.for_source("world", "s") == (
        observation("world", NOW + HOUR),
        observation("world", NOW + 2 * HOUR),
    )


@pytest.mark.parametrize("minutes", [20, 180, 420])
def test_added_observations_are_thinned_out_as_those_of_runs(store: Store, minutes: int) -> None:
    """Of two sources, one gets its observations by runs, the other by checks without news."""
    for feed in ("world", "local"):
        first = [observation(feed, NOW - n * HOUR, read=n % 3) for n in range(40, 0, -1)]
        store.commit_run(run(feed), sources=[source(feed)], observations=first)
    checked = NOW
    for number in range(60):
        at = NOW + number * timedelta(minutes=minutes)
        store.commit_run(run("world"), observations=[observation("world", at)])
        store.checks.save([check("local", at, before=checked, observes=True)])
        checked = at
    by_run, by_check = (store.observations.for_source(feed, "s") for feed in ("world", "local"))
    assert [replace(each, feed="world") for each in by_check] == list(by_run)


def test_number_of_added_observations_is_limited(store: Store) -> None:
    settle(store, "world")
    checked = NOW
    for number in range(1, 320):
        at = NOW + number * 7 * HOUR
        store.checks.save([check("world", at, before=checked, observes=True)])
        checked = at
    assert len(store.observations.for_source("world", "s")) == 300


def test_only_the_last_days_are_kept(store: Store) -> None:
    settle(store, "world")
    checked = NOW
    for day in range(1, MAX_DAYS + 5):
        store.checks.save([check("world", NOW + day * DAY, before=checked)])
        checked = NOW + day * DAY
    store.prune(NOW - DAY, keep={})
    assert len(store.checks.counts("world")["s"]) == MAX_DAYS
    store.prune(checked, keep={})
    assert len(store.checks.counts("world")["s"]) == 1
