"""Snapshots: one for each entry, stored and deleted with it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from hypothesis import given, settings

from feedpub.core.models import Item, Page
from feedpub.store import PageSnapshot, SnapshotKind, Store, pack_body, unpack_body
from tests.store.examples import DAY, NOW, entry, snapshots
from tests.store.test_schema_repair import at_version

BODY = b"<html><p>What the page said, and said again, and said again.</html>"


def snapshot(name: str, *, form: SnapshotKind = "page", fetched: datetime = NOW) -> PageSnapshot:
    url = f"https://example.org/{name}"
    return PageSnapshot(
        Item(url),
        name,
        form,
        fetched,
        final_url=f"{url}/",
        content_type="text/html",
        body=pack_body(BODY),
    )


def commit(
    store: Store,
    *names: str,
    snapshots: Mapping[str, PageSnapshot] | None = None,
    feed: str = "world",
) -> None:
    store.commit_entries(
        feed,
        entries=[entry(n) for n in names],
        aliases={},
        item_states=(),
        snapshots=snapshots,
        now=NOW,
    )


def stored_keys(store: Store, feed: str = "world") -> set[str]:
    return {id_.removeprefix("tag:") for id_ in store.snapshots.for_feed(feed)}


@settings(max_examples=30)  # each is flushed to the disk
@given(snapshots)
def test_snapshot_is_read_as_it_was_stored(shared_store: Store, example: PageSnapshot) -> None:
    commit(shared_store, "a", snapshots={"tag:a": example})
    assert shared_store.snapshots.for_feed("world") == {"tag:a": example}


def test_body_is_compressed() -> None:
    example = snapshot("a")
    assert len(pack_body(BODY * 100)) < len(BODY * 10)
    assert unpack_body(example) == Page("https://example.org/a/", BODY, "text/html")


def test_snapshot_of_a_changed_entry_is_replaced_or_deleted(store: Store) -> None:
    both = {"tag:a": snapshot("a"), "tag:b": snapshot("b")}
    commit(store, "a", "b", snapshots=both)
    commit(store, "a", "b", snapshots=both, feed="other")
    commit(store, "a", snapshots={"tag:a": snapshot("a2")})
    assert store.snapshots.for_feed("world")["tag:a"] == snapshot("a2")
    commit(store, "a")
    assert (stored_keys(store), stored_keys(store, "other")) == ({"b"}, {"a", "b"})


def test_replaced_entry_keeps_its_snapshot(store: Store) -> None:
    commit(store, "a", snapshots={"tag:a": snapshot("a")})
    store.replace_entries("world", [entry("a", text="Other words."), entry("b")])
    assert [e.text for e in store.entries("world")] == ["Other words."]
    assert stored_keys(store) == {"a"}
    store.prune(NOW + DAY, keep={})
    assert store.entries("world") == ()


def test_snapshot_is_deleted_with_its_entry(store: Store) -> None:
    commit(store, "a", snapshots={"tag:a": snapshot("a", fetched=NOW + DAY)})
    store.prune(NOW + DAY, keep={})
    assert stored_keys(store) == set()


def test_snapshot_of_a_page_is_pruned_after_its_time(store: Store) -> None:
    some = {
        "tag:a": snapshot("a"),
        "tag:b": snapshot("b", fetched=NOW + DAY),
        "tag:c": snapshot("c", form="file"),
    }
    commit(store, "a", "b", "c", snapshots=some)
    store.prune(NOW, keep={}, snapshots=NOW + DAY)
    assert (stored_keys(store), store.count("world")) == ({"b", "c"}, 3)


def test_snapshot_is_pruned_after_its_entry_left_the_live_document(store: Store) -> None:
    both = {"tag:a": snapshot("a"), "tag:b": snapshot("b")}
    commit(store, "a", "b", snapshots=both)
    commit(store, "a", "b", snapshots=both, feed="other")
    store.prune(NOW - DAY, keep={"world": ["tag:b"]})
    assert (stored_keys(store), stored_keys(store, "other")) == ({"b"}, {"a", "b"})
    assert store.count("world") == 2


def test_state_before_snapshots_has_none(folder: Path) -> None:
    at_version(folder, "0002")
    with Store.open(folder) as store:
        assert [entry.id for entry in store.entries("world")] == ["tag:a"]
        assert store.snapshots.for_feed("world") == {}
        commit(store, "a", snapshots={"tag:a": snapshot("a")})
        assert stored_keys(store) == {"a"}
