"""Archives: the members of each, and published entries without an archive."""

from datetime import timedelta

from feedpub.core.models import Entry
from feedpub.store import Store
from tests.store.examples import DAY, NOW, entry


def put(store: Store, *entries: Entry, feed: str = "world") -> None:
    store.commit_entries(feed, entries=entries, aliases={}, item_states=[], now=NOW)


def some(*names: str) -> list[Entry]:
    """Return entries by name, each an hour older than the one before."""
    return [entry(name, published=NOW - n * timedelta(hours=1)) for n, name in enumerate(names)]


def test_archive_returns_its_entries_newest_first(store: Store) -> None:
    put(store, *some("d", "c", "b", "a"))
    put(store, *some("d", "a"), feed="local")
    assert (store.archives.numbers("world"), store.archives.newest_number("world")) == ((), None)
    store.archives.add("world", {1: ["tag:a", "tag:b"], 2: ["tag:c"]})
    assert (store.archives.numbers("world"), store.archives.newest_number("world")) == ((1, 2), 2)
    assert [e.title for e in store.archives.entries("world", 1)] == ["b", "a"]
    assert [e.title for e in store.archives.unpublished("world")] == ["d"]
    assert [e.title for e in store.archives.unpublished("local")] == ["d", "a"]
    assert store.archives.newest_number("local") is None


def test_archive_keeps_its_number_when_its_entries_are_pruned(store: Store) -> None:
    put(store, *some("b", "a"))
    store.archives.add("world", {1: ["tag:a"], 2: ["tag:b"]})
    store.prune(NOW + DAY, keep={})
    assert store.archives.numbers("world") == (1, 2)
    assert (store.archives.entries("world", 2), store.archives.unpublished("world")) == ((), ())


def test_entry_never_moves_to_another_archive(store: Store) -> None:
    put(store, *some("b", "a"))
    store.archives.add("world", {1: ["tag:a"]})
    store.archives.add("world", {2: ["tag:a", "tag:b"]})
    store.prune(NOW + DAY, keep={})
    assert [store.archives.members("world", n) for n in (1, 2, 3)] == [{"tag:a"}, {"tag:b"}, set()]


def test_published_entry_is_recorded_until_it_is_archived_or_pruned(store: Store) -> None:
    put(store, *some("c", "b", "a"))
    put(store, *some("a"), feed="local")
    store.archives.add("world", {1: ["tag:a"]})
    for _ in range(2):
        store.archives.mark_published("world", ["tag:a", "tag:b", "tag:c"])
    assert (store.archives.published("world"), store.archives.published("local")) == (
        {"tag:b", "tag:c"},
        set(),
    )
    store.archives.add("world", {2: ["tag:b"]})
    assert store.archives.published("world") == {"tag:c"}
    store.prune(NOW + DAY, keep={})
    assert store.archives.published("world") == set()
