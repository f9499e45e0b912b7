"""What entries were made of: one page each, with the entry or not at all."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from hypothesis import given, settings

from feedpub.core.models import Item, Page
from feedpub.store import PageSnapshot, SnapshotKind, Store, pack_body, unpack_body
from feedpub.store.sqlite import FILE_NAME
from tests.store.examples import DAY, NOW, entry, pages

BODY = b"<html><p>What the page said, and said again, and said again.</html>"


def page(name: str, *, form: SnapshotKind = "page", fetched: datetime = NOW) -> PageSnapshot:
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
    store: Store, *names: str, pages: Mapping[str, PageSnapshot] | None = None, feed: str = "world"
) -> None:
    store.commit_entries(
        feed,
        entries=[entry(n) for n in names],
        aliases={},
        item_states=(),
        snapshots=pages,
        now=NOW,
    )


def kept(store: Store, feed: str = "world") -> set[str]:
    return {id_.removeprefix("tag:") for id_ in store.snapshots.for_feed(feed)}


@settings(max_examples=30)  # each is flushed to the disk
@given(pages)
def test_comes_back_as_it_was(shared_store: Store, example: PageSnapshot) -> None:
    """With all that its source said."""
    commit(shared_store, "a", pages={"tag:a": example})
    assert shared_store.snapshots.for_feed("world") == {"tag:a": example}


def test_a_body_is_compressed() -> None:
    """And is the page again, under the address where it was found."""
    example = page("a")
    assert len(pack_body(BODY * 100)) < len(BODY * 10)
    assert unpack_body(example) == Page("https://example.org/a/", BODY, "text/html")


def test_a_changed_entry_has_no_old_page(store: Store) -> None:
    """A new one takes its place.

    Without one there is none. Those of other entries and feeds stay.
    """
    both = {"tag:a": page("a"), "tag:b": page("b")}
    commit(store, "a", "b", pages=both)
    commit(store, "a", "b", pages=both, feed="other")
    commit(store, "a", pages={"tag:a": page("a2")})
    assert store.snapshots.for_feed("world")["tag:a"] == page("a2")
    commit(store, "a")
    assert (kept(store), kept(store, "other")) == ({"b"}, {"a", "b"})


def test_a_revised_entry_keeps_its_page(store: Store) -> None:
    """And when it was last listed; an entry that is not there is not added."""
    commit(store, "a", pages={"tag:a": page("a")})
    store.replace_entries("world", [entry("a", text="Other words."), entry("b")])
    assert [e.text for e in store.entries("world")] == ["Other words."]
    assert kept(store) == {"a"}
    store.prune(NOW + DAY, keep={})
    assert store.entries("world") == ()


def test_goes_with_its_entry(store: Store) -> None:
    """Which no source lists any more."""
    commit(store, "a", pages={"tag:a": page("a", fetched=NOW + DAY)})
    store.prune(NOW + DAY, keep={})
    assert kept(store) == set()


def test_goes_after_a_set_time(store: Store) -> None:
    """Its own, not its entry's; what is only a word about a saved file stays with its entry."""
    some = {
        "tag:a": page("a"),
        "tag:b": page("b", fetched=NOW + DAY),
        "tag:c": page("c", form="file"),
    }
    commit(store, "a", "b", "c", pages=some)
    store.prune(NOW, keep={}, snapshots=NOW + DAY)
    assert (kept(store), store.count("world")) == ({"b", "c"}, 3)


def test_goes_once_its_entry_has_left_the_live_document(store: Store) -> None:
    """The state holds no more pages of a feed than that holds entries.

    Feeds that are not named are left alone.
    """
    both = {"tag:a": page("a"), "tag:b": page("b")}
    commit(store, "a", "b", pages=both)
    commit(store, "a", "b", pages=both, feed="other")
    store.prune(NOW - DAY, keep={"world": ["tag:b"]})
    assert (kept(store), kept(store, "other")) == ({"b"}, {"a", "b"})
    assert store.count("world") == 2


def test_a_state_of_the_version_before_has_no_pages_yet(folder: Path) -> None:
    """Its entries are as they were."""
    with Store.open(folder) as store:
        commit(store, "a")
        before = store.entries("world")
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        for table in ("pages", "proposals", "claims", "calm", "fronts"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DROP INDEX schedule_by_moment")
        connection.execute("DROP INDEX entries_by_listing")
        connection.execute("ALTER TABLE schedule DROP COLUMN handed")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    with Store.open(folder) as store:
        assert (store.entries("world"), store.snapshots.for_feed("world")) == (before, {})
        commit(store, "a", pages={"tag:a": page("a")})
        assert kept(store) == {"a"}
