"""The stored rhythm of each source's publications."""

from datetime import timedelta

from feedpub.store import SourceState, Store, StoredRhythm
from tests.store.examples import DAY, NOW, entry, run

A, B = ("world", "a"), ("world", "b")
SECONDS = int(NOW.timestamp())


def put(store: Store, *names: str, source: str = "a", backfilled: tuple[str, ...] = ()) -> None:
    """Store entries, each published as many hours ago as its name is long."""
    entries = []
    for name in names:
        published = NOW - timedelta(hours=len(name))
        entries.append(entry(name, published=published, source=source))
    store.commit_entries(
        "world", entries=entries, aliases={}, item_states=[], backfilled=backfilled, now=NOW
    )


def changes(store: Store) -> dict[tuple[str, str], int]:
    return {source: stored.changes for source, stored in store.rhythms.load([A, B]).items()}


def save_both(store: Store) -> None:
    store.rhythms.save([StoredRhythm(*A, 0, b"a"), StoredRhythm(*B, 0, b"b")])


def test_rhythms_of_many_sources_are_loaded(store: Store) -> None:
    rhythms = [StoredRhythm(f"feed {n}", "a", n, bytes([n % 256])) for n in range(1200)]
    store.rhythms.save(rhythms)
    wanted = [(rhythm.feed, rhythm.key) for rhythm in rhythms[::2]]
    assert store.rhythms.load(wanted) == dict(zip(wanted, rhythms[::2], strict=True))


def test_saved_rhythm_keeps_the_number_of_changes(store: Store) -> None:
    save_both(store)
    put(store, "x")
    assert changes(store) == {A: 1, B: 0}
    store.rhythms.save([StoredRhythm(*A, 1, b"new")])
    assert store.rhythms.load([A]) == {A: StoredRhythm(*A, 1, b"new", changes=1)}


def test_changes_of_entries_are_counted_by_source(store: Store) -> None:
    save_both(store)
    put(store, "x")
    put(store, "x", source="b")
    assert changes(store) == {A: 2, B: 1}
    put(store, "xx", source="b", backfilled=("tag:xx",))
    store.commit_entries("world", aliases={}, item_states=[], now=NOW)
    assert changes(store) == {A: 2, B: 1}
    store.replace_entries("world", [entry("x", source="b")])
    assert changes(store) == {A: 2, B: 2}


def test_prune_counts_a_change_if_entries_are_deleted(store: Store) -> None:
    store.commit_run(run(), sources=[SourceState(*A, NOW + 3 * DAY, None, 0)])
    store.rhythms.save([StoredRhythm(*A, 0, b"a"), StoredRhythm("other", "c", 0, b"c")])
    put(store, "x", "xx")
    store.prune(NOW, {"world": ()})
    assert changes(store) == {A: 1}
    store.prune(NOW + DAY, {"world": ["tag:x"]})
    assert changes(store) == {A: 2}


def test_prune_deletes_the_rhythms_of_unknown_sources(store: Store) -> None:
    store.commit_run(run(), sources=[SourceState(*A, NOW, None, 0)])
    save_both(store)
    store.prune(NOW - DAY, {})
    assert {*store.rhythms.load([A, B])} == {A}
    store.prune(NOW + DAY, {})
    assert store.rhythms.load([A, B]) == {}


def test_newest_dates_of_each_source_are_read(store: Store) -> None:
    put(store, "x", "xxxx", "xx", "xxx")
    put(store, "yyyyy", source="b")
    put(store, "xxxxxxx", backfilled=("tag:xxxxxxx",))
    dates = store.rhythms.read_dates([A, B, ("world", "c")], 3)
    assert {source: sorted(found.newest) for source, found in dates.items()} == {
        A: [(SECONDS - 3600 * hours, SECONDS) for hours in (3, 2, 1)],
        B: [(SECONDS - 3600 * 5, SECONDS)],
    }
    assert (dates[A].earlier, dates[A].first_check) == (1, SECONDS)
    assert (dates[B].earlier, dates[B].first_check) == (0, SECONDS)


def test_dates_of_many_sources_are_read(store: Store) -> None:
    for number in range(50):
        put(store, f"{number:05}", source=f"source {number}")
    sources = [("world", f"source {number}") for number in range(50)]
    assert store.rhythms.read_dates(sources, 3).keys() == {*sources}
