"""The baseline of a source covers weeks in few rows; anomalies are kept while they last."""

from datetime import timedelta
from typing import Any

from hypothesis import given

from feedpub.store import SourceObservation, Store
from feedpub.store.observations import MAX_NORMAL, MIN_NEWEST
from tests.store import examples
from tests.store.examples import NOW, run

MINUTE = timedelta(minutes=1)


def observation(
    minutes: int = 0, *, settings: str = "a", key: str = "s", **others: Any
) -> SourceObservation:
    return SourceObservation("world", key, settings, NOW + minutes * MINUTE, items=20, **others)


def add(store: Store, *observations: SourceObservation) -> tuple[SourceObservation, ...]:
    """Commit observations one after the other, as runs do."""
    for each in observations:
        store.commit_run(run(), observations=[each])
    return store.observations.for_source("world", "s")


@given(examples.observations)
def test_observation_is_read_as_it_was_stored(
    shared_store: Store, observation: SourceObservation
) -> None:
    shared_store.commit_run(run(), observations=[observation])
    assert shared_store.observations.for_source("world", "s")[-1] == observation


def test_observations_belong_to_a_source_and_its_settings(store: Store) -> None:
    add(store, observation(1), observation(2), observation(1, key="t"))
    assert [each.at for each in store.observations.for_source("world", "s", "a")] == [
        observation(1).at,
        observation(2).at,
    ]
    assert store.observations.for_source("world", "s", "b") == ()
    add(store, observation(3, settings="b"))
    assert store.observations.for_source("world", "s") == (observation(3, settings="b"),)
    assert store.observations.for_source("world", "t") == (observation(1, key="t"),)


def test_old_idle_observations_are_thinned_out(store: Store) -> None:
    frequent = [observation(10 * n, read=int(n == 3)) for n in range(200)]
    kept = add(store, *frequent)
    assert kept[-MIN_NEWEST:] == tuple(frequent[-MIN_NEWEST:])
    older = kept[:-MIN_NEWEST]
    assert frequent[3] in older
    assert (
        len({each.at.timestamp() // 21600 for each in older if not each.read})
        == len(older) - 1
        == 4
    )


def test_number_of_observations_is_limited(store: Store) -> None:
    many = [observation(n, read=1) for n in range(MAX_NORMAL + 5)]
    store.commit_run(run(), observations=many)
    assert store.observations.for_source("world", "s") == tuple(many[5:])


def test_first_and_latest_anomalies_are_kept_while_they_last(store: Store) -> None:
    anomalies = [observation(10 + n, verdict="x") for n in range(9)]
    assert add(store, observation(1), observation(2), *anomalies) == (
        observation(1),
        observation(2),
        *anomalies[:4],
        anomalies[-1],
    )
    assert add(store, observation(20)) == (observation(1), observation(2), observation(20))


def test_accepted_anomalies_replace_the_baseline(store: Store) -> None:
    anomalies = [observation(10 + n, verdict="x") for n in range(4)]
    kept = add(store, observation(1), observation(2), *anomalies, observation(20, accepted=True))
    assert kept == (*(observation(10 + n) for n in range(4)), observation(20, accepted=True))
