"""What is usual for a source is remembered for weeks, in few rows.

What is not as usual, for as long as it lasts.
"""

from datetime import timedelta
from typing import Any

from hypothesis import given

from feedpub.store import SourceObservation, Store
from feedpub.store.observations import MAX_NORMAL, MIN_NEWEST
from tests.store import examples
from tests.store.examples import NOW, run

MINUTE = timedelta(minutes=1)


def look(
    minutes: int = 0, *, settings: str = "a", key: str = "s", **others: Any
) -> SourceObservation:
    return SourceObservation("world", key, settings, NOW + minutes * MINUTE, items=20, **others)


def add(store: Store, *looks: SourceObservation) -> tuple[SourceObservation, ...]:
    """One after another, as the runs of a feed do it."""
    for each in looks:
        store.commit_run(run(), observations=[each])
    return store.observations.for_source("world", "s")


@given(examples.looks)
def test_a_look_comes_back(shared_store: Store, look: SourceObservation) -> None:
    """Every field."""
    shared_store.commit_run(run(), observations=[look])
    assert shared_store.observations.for_source("world", "s")[-1] == look


def test_each_source_has_its_own(store: Store) -> None:
    """In the order of the looks.

    Those under other settings are gone with the first look under new ones.
    """
    add(store, look(1), look(2), look(1, key="t"))
    assert [each.at for each in store.observations.for_source("world", "s", "a")] == [
        look(1).at,
        look(2).at,
    ]
    assert store.observations.for_source("world", "s", "b") == ()
    add(store, look(3, settings="b"))
    assert store.observations.for_source("world", "s") == (look(3, settings="b"),)
    assert store.observations.for_source("world", "t") == (look(1, key="t"),)


def test_old_looks_are_thinned_out(store: Store) -> None:
    """The newest stay, and before them one every six hours and all that brought articles."""
    eager = [look(10 * n, read=int(n == 3)) for n in range(200)]
    kept = add(store, *eager)
    assert kept[-MIN_NEWEST:] == tuple(eager[-MIN_NEWEST:])
    older = kept[:-MIN_NEWEST]
    assert eager[3] in older
    assert (
        len({each.at.timestamp() // 21600 for each in older if not each.read})
        == len(older) - 1
        == 4
    )


def test_there_is_a_limit_to_them(store: Store) -> None:
    """However much a source publishes."""
    many = [look(n, read=1) for n in range(MAX_NORMAL + 5)]
    store.commit_run(run(), observations=many)
    assert store.observations.for_source("world", "s") == tuple(many[5:])


def test_what_is_not_as_usual_is_remembered_until_it_ends(store: Store) -> None:
    """The first ones in a row and the newest; the history before them stays as it was."""
    broken = [look(10 + n, verdict="x") for n in range(9)]
    assert add(store, look(1), look(2), *broken) == (look(1), look(2), *broken[:4], broken[-1])
    assert add(store, look(20)) == (look(1), look(2), look(20))


def test_what_is_accepted_is_the_history_from_then_on(store: Store) -> None:
    """What was usual before is forgotten."""
    broken = [look(10 + n, verdict="x") for n in range(4)]
    kept = add(store, look(1), look(2), *broken, look(20, accepted=True))
    assert kept == (*(look(10 + n) for n in range(4)), look(20, accepted=True))
