"""Records are read as they were stored, and old data is pruned."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from feedpub.core.errors import StoreError
from feedpub.core.models import CachedRobots, Entry
from feedpub.store import (
    CachedDocument,
    Incident,
    ItemState,
    OutboxMessage,
    RunRecord,
    ScheduledRun,
    SourceState,
    Store,
    StoredSummary,
    schema,
)
from feedpub.store.files import StatePlace
from feedpub.store.store import MAX_INCIDENTS
from tests.store import examples
from tests.store.examples import DAY, NOW, document, entry, run
from tests.store.test_copy import fill as fill_all_tables


def commit(store: Store, *entries: Entry, feed: str = "world", now: datetime = NOW) -> None:
    """Commit entries with an alias and an item state each."""
    store.commit_entries(
        feed,
        entries=entries,
        aliases={e.title: e.id for e in entries},
        item_states=[ItemState(e.title, "", "stored") for e in entries],
        now=now,
    )


# --- round trips ---


@given(examples.entries)
def test_entry_is_read_as_it_was_stored(shared_store: Store, stored: Entry) -> None:
    shared_store.commit_entries("world", entries=[stored], aliases={}, item_states=[], now=NOW)
    assert shared_store.entry("world", stored.id) == stored


@given(examples.item_states)
def test_item_state_is_read_as_it_was_stored(shared_store: Store, stored: ItemState) -> None:
    shared_store.commit_entries("world", entries=[], aliases={}, item_states=[stored], now=NOW)
    assert shared_store.item_states("world", [stored.key]) == {stored.key: stored}


@given(examples.documents)
def test_cached_document_is_read_as_it_was_stored(
    shared_store: Store, stored: CachedDocument
) -> None:
    shared_store.commit_run(run(), documents=[stored])
    assert shared_store.cached_document(stored.url, stored.config_digest) == stored


@given(examples.source_states)
def test_source_state_is_read_as_it_was_stored(shared_store: Store, stored: SourceState) -> None:
    shared_store.commit_run(run(), sources=[stored])
    assert stored in shared_store.sources("world")


@given(examples.runs)
def test_run_is_read_as_it_was_stored(shared_store: Store, stored: RunRecord) -> None:
    shared_store.commit_run(stored)
    assert shared_store.last_run("world") == stored


@given(examples.robots)
def test_robots_file_is_read_as_it_was_stored(shared_store: Store, stored: CachedRobots) -> None:
    shared_store.robots_cache.save(stored.origin, stored)
    assert shared_store.robots_cache.load(stored.origin) == stored


@given(st.text(), st.binary())
def test_site_memory_is_read_as_it_was_stored(
    shared_store: Store, site: str, memory: bytes
) -> None:
    shared_store.save_memories({site: memory}, NOW)
    assert shared_store.site_memory(site) == memory


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2024, 3, 31, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    ],
)
def test_time_in_any_zone_is_read_in_utc(store: Store, moment: datetime) -> None:
    commit(store, entry("a", published=moment))
    (back,) = store.entries("world")
    assert back.published == moment
    assert back.published.tzinfo is UTC


# --- entries ---


def test_later_listed_entry_of_a_date_comes_first(store: Store) -> None:
    earlier, later = entry("earlier"), replace(entry("later"), first_seen=NOW + DAY)
    commit(store, earlier, later)
    assert [e.title for e in store.entries("world")] == ["later", "earlier"]


def test_entries_are_sorted_by_date_rank_and_id(store: Store) -> None:
    entries = [
        entry("old", published=NOW - DAY),
        entry("b", rank=1),
        entry("second", rank=2),
        entry("a", rank=1),
        entry("new", published=NOW + DAY, rank=9),
    ]
    commit(store, *entries)
    assert [e.title for e in store.entries("world")] == ["new", "a", "b", "second", "old"]
    assert [e.title for e in store.entries("world", limit=2)] == ["new", "a"]


def test_feeds_are_independent(store: Store) -> None:
    commit(store, entry("a"), feed="world")
    commit(store, entry("a", summary="other"), entry("b"), feed="local")
    assert (store.count("world"), store.count("local"), store.count("none")) == (1, 2, 0)
    assert [
        e.summary for feed in ("world", "local") for e in store.entries(feed) if e.title == "a"
    ] == ["", "other"]
    assert store.aliases("world", ["a", "b"]) == {"a": "tag:a"}
    assert store.feeds() == ("local", "world")


def test_due_rechecks_are_returned_most_overdue_first(store: Store) -> None:
    seen = [
        ItemState(key, "", "stored", recheck_at=NOW + n * DAY)
        for n, key in enumerate(("c", "b", "a"))
    ]
    store.commit_entries(
        "world", aliases={}, item_states=[*seen, ItemState("d", "", "stored")], now=NOW
    )
    assert store.next_recheck("world", NOW) == NOW
    assert store.next_recheck("local", NOW) is None
    assert [s.key for s in store.rechecks("world", NOW + DAY, 9)] == ["c", "b"]
    assert [s.key for s in store.rechecks("world", NOW + 9 * DAY, 2)] == ["c", "b"]
    assert store.rechecks("world", NOW - DAY, 9) == store.rechecks("local", NOW + 9 * DAY, 9) == ()


def test_recheck_far_in_the_future_is_due(store: Store) -> None:
    seen = [
        ItemState("near", "", "stored", recheck_at=NOW + DAY),
        ItemState("far", "", "stored", recheck_at=NOW + 729 * DAY),
    ]
    store.commit_entries("world", aliases={}, item_states=seen, now=NOW)
    assert store.next_recheck("world", NOW) == NOW
    assert [s.key for s in store.rechecks("world", NOW, 9)] == ["far"]


def test_empty_state_answers_every_query(store: Store) -> None:
    assert store.entry("world", "tag:x") is None
    assert store.entries("world") == ()
    assert store.aliases("world", ["x"]) == {}
    assert store.aliases("world", []) == {}
    assert store.item_states("world", ["x"]) == {}
    assert store.cached_document("https://example.org/", "a") is None
    assert store.sources("world") == ()
    assert store.last_run("world") is None
    assert store.robots_cache.load("https://example.org") is None
    assert store.site_memory("example.org") is None
    assert store.related_entries("world", (), (), NOW - DAY).update_times == set()
    assert store.slugs("world") == set()
    assert store.feeds() == ()


def test_changed_entry_replaces_the_old_one_and_keeps_its_aliases(store: Store) -> None:
    commit(store, entry("a", text="one", authors=("A",)))
    changed = entry("a", text="two")
    store.commit_entries(
        "world", entries=[changed], aliases={"other": "tag:a"}, item_states=[], now=NOW
    )
    assert store.entries("world") == (changed,)
    assert store.aliases("world", ["a", "other", "third"]) == {"a": "tag:a", "other": "tag:a"}


def test_query_for_thousands_of_keys(store: Store) -> None:
    commit(store, *(entry(str(n)) for n in range(1200)))
    keys = [str(n) for n in range(40_000)]
    assert len(store.aliases("world", keys)) == len(store.item_states("world", keys)) == 1200


def test_update_times_and_slugs_in_use(store: Store) -> None:
    commit(store, entry("a", slug="a-story"), entry("b", published=NOW - DAY), entry("c"))
    found = store.related_entries("world", (), (), NOW - DAY)
    assert found.update_times == {NOW, NOW - DAY}
    assert store.related_entries("world", (), (), NOW).update_times == {NOW}
    assert store.slugs("world") == {"a-story"}


def test_failed_commit_changes_nothing(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.commit_entries(
            "world",
            entries=[entry("a")],
            aliases={"k": "tag:none"},
            item_states=[ItemState("k", "", "stored")],
            now=NOW,
        )
    assert store.feeds() == ()


@pytest.mark.parametrize(
    "stored",
    [
        replace(entry("a"), title="\ud800"),
        replace(entry("a"), summary="\ud800"),
        replace(entry("a"), html="\ud800"),
        replace(entry("a"), text="\ud800"),
    ],
    ids=["title", "summary", "html", "text"],
)
def test_lone_surrogate_is_an_error_but_not_corruption(store: Store, stored: Entry) -> None:
    with pytest.raises(StoreError, match="surrogates not allowed") as caught:
        store.commit_entries("world", entries=[stored], aliases={}, item_states=[], now=NOW)
    assert "damaged" not in str(caught.value)
    assert store.count("world") == 0


def test_naive_time_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="offset-naive"):
        commit(store, entry("a", published=datetime(2024, 1, 1)))  # noqa: DTZ001 -- the subject of the test


# --- documents, sources, runs ---


def test_cached_document_belongs_to_its_settings(store: Store) -> None:
    store.commit_run(run(), documents=[document(config="a"), document(config="b")])
    assert store.cached_document("https://example.org/", "a") == document(config="a")
    assert store.cached_document("https://example.org/", "b") == document(config="b")
    assert store.cached_document("https://example.org/", "c") is None


def test_source_states_are_sorted_by_key(store: Store) -> None:
    first, second = (SourceState("world", key, NOW, NOW, 3) for key in ("a", "b"))
    failed = SourceState("world", "b", NOW + DAY, NOW, 3, failure="gone", failing_since=NOW + DAY)
    store.commit_run(run(), sources=[second, first])
    store.commit_run(run(), sources=[failed])
    assert store.sources("world") == (first, failed)


def test_runs_are_sorted_by_number(store: Store) -> None:
    starts = [NOW, NOW + DAY, NOW - DAY, NOW - DAY]
    for number, started in enumerate(starts):
        store.commit_run(run(started=started, new=number))
    store.commit_run(run("local"))
    assert [r.outcome.new for r in store.runs("world")] == [3, 2, 1, 0]
    assert [r.outcome.new for r in store.runs("world", limit=2)] == [3, 2]
    assert store.last_run("world") == run(started=NOW - DAY, new=3)


def test_number_of_runs_is_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedpub.store.store.MAX_RUNS", 5)
    feeds = [f"feed-{n}" for n in range(10)]
    for number in range(8):
        for feed in feeds:
            store.commit_run(run(feed, new=number))
    store.commit_run(run("local"))
    kept = {tuple(r.outcome.new for r in store.runs(feed)) for feed in feeds}
    assert kept == {(7, 6, 5, 4, 3)}
    assert len(store.runs("local")) == 1


# --- forgetting ---


def test_entries_that_are_not_listed_any_more_are_pruned(store: Store) -> None:
    commit(store, entry("old"), now=NOW - DAY)
    commit(store, entry("new"), now=NOW)
    store.prune(NOW, keep={})
    assert [e.title for e in store.entries("world")] == ["new"]
    assert store.aliases("world", ["old", "new"]) == {"new": "tag:new"}
    assert set(store.item_states("world", ["old", "new"])) == {"new"}


def test_live_entry_is_kept_however_old(store: Store) -> None:
    commit(store, entry("old"), now=NOW - DAY)
    commit(store, entry("old"), feed="local", now=NOW - DAY)
    store.prune(NOW, keep={"world": ["tag:old"]})
    assert (store.count("world"), store.count("local")) == (1, 0)
    assert store.aliases("world", ["old"]) == {"old": "tag:old"}
    assert set(store.item_states("world", ["old"])) == {"old"}
    assert store.item_states("local", ["old"]) == {}


def test_unchanged_listed_entry_is_kept(store: Store) -> None:
    commit(store, entry("by-alias"), entry("by-seen"), entry("not"), now=NOW - DAY)
    store.commit_entries(
        "world",
        entries=[],
        aliases={"again": "tag:by-alias"},
        item_states=[ItemState("by-seen", "", "stored")],
        now=NOW,
    )
    store.prune(NOW, keep={})
    assert {e.title for e in store.entries("world")} == {"by-alias", "by-seen"}


def test_old_item_states_without_an_entry_are_pruned(store: Store) -> None:
    for key, now in (("old", NOW - DAY), ("new", NOW)):
        store.commit_entries(
            "world", entries=[], aliases={}, item_states=[ItemState(key, "", "excluded")], now=now
        )
    store.prune(NOW, keep={})
    assert set(store.item_states("world", ["old", "new"])) == {"new"}


def test_old_documents_sources_runs_and_robots_files_are_pruned(store: Store) -> None:
    for days, name in ((2, "old"), (0, "new")):
        then = NOW - days * DAY
        store.commit_run(
            run(name, started=then),
            documents=[document(f"https://{name}.example/", fetched=then)],
            sources=[SourceState(name, "a", then, None, 0)],
        )
        store.robots_cache.save(
            f"https://{name}.example", CachedRobots(f"https://{name}.example", "", 200, then)
        )
    store.prune(NOW, keep={})
    assert store.feeds() == ("new",)
    assert [
        store.cached_document(f"https://{name}.example/", "a") is None for name in ("old", "new")
    ] == [True, False]
    assert [
        store.robots_cache.load(f"https://{name}.example") is None for name in ("old", "new")
    ] == [True, False]


def test_unused_site_memories_are_pruned(store: Store) -> None:
    old, hour = NOW - 400 * DAY, DAY / 24
    for site in ("gone.example", "used.example", "learned.example"):
        store.save_memories({site: b"old"}, old)
    store.save_memories({"used.example": None}, NOW)
    store.save_memories({"learned.example": b"new"}, NOW)
    store.save_memories({"today.example": b"new"}, NOW - hour)
    store.save_memories({"today.example": None}, NOW)  # less than a day later: nothing is written
    store.prune(NOW - hour / 2, keep={})
    known = {
        name: store.site_memory(f"{name}.example") for name in ("gone", "used", "learned", "today")
    }
    assert known == {"gone": None, "used": b"old", "learned": b"new", "today": None}


def test_old_schedules_messages_and_summaries_are_pruned(store: Store) -> None:
    commit(store, entry("new"), feed="full")
    for name, then in (("old", NOW - 2 * DAY), ("new", NOW)):
        store.schedule.save(ScheduledRun(name, then, "why"))
        store.outbox.add([OutboxMessage("ping", name, b"", then)])
    for feed in ("gone", "empty", "full"):
        store.summaries.save(StoredSummary(feed, "a", 0, None, None, "en"))
        store.summaries.save_rendered({feed: b"record"})
    store.summaries.save_rendered({"*index": b"old"})
    store.summaries.save_rendered({"*index": b"record"})
    store.prune(NOW - DAY, keep={"empty": ()})
    assert set(store.schedule.load()) == {"new"}
    assert [message.target for message in store.outbox.load_all()] == ["new"]
    assert set(store.summaries.load()) == {"empty", "full"}
    assert store.summaries.load_rendered("gone") is None
    for name in ("empty", "full", "*index"):
        assert store.summaries.load_rendered(name) == b"record"


def test_record_of_rendered_files_outlives_the_summary(store: Store) -> None:
    store.summaries.save(StoredSummary("world", "a", 0, None, None, "en"))
    store.summaries.save_rendered({"world": b"record"})
    commit(store, entry("new"))
    assert store.summaries.get("world") is None
    assert store.summaries.load_rendered("world") == b"record"


def test_number_of_incidents_is_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_INCIDENTS >= 50  # that health.rss shows
    monkeypatch.setattr("feedpub.store.store.MAX_INCIDENTS", 3)
    for number in range(5):
        store.incidents.add(
            Incident("world", "s", "broken", NOW + number * DAY, NOW, str(number)), lambda _: ()
        )
    store.prune(NOW - DAY, keep={})
    assert [notice.reason for notice in store.incidents.newest()] == ["4", "3", "2"]


def test_every_table_is_pruned_except_for_permanent_ones(store: Store) -> None:
    fill_all_tables(store)
    store.leases.acquire("turn", "somebody", -7 * 86400.0)
    store.prune(NOW + 1000 * DAY, keep={})
    store.leases.prune(())
    with store._database.read_transaction() as connection:
        left = {
            t.name
            for t in schema.metadata.sorted_tables
            if connection.execute(select(t).limit(1)).first()
        }
    assert left == {"archives", "backfills", "open_incidents"}


# --- copies ---


def test_changes_of_a_copy_do_not_reach_the_state(store: Store, place: StatePlace) -> None:
    commit(store, entry("a"))
    with Store.open(place, copy=True) as copy:
        commit(copy, entry("b"))
        assert copy.count("world") == 2
        where = copy._database.path  # type: ignore[attr-defined]
    assert store.count("world") == 1
    assert not where.parent.exists()


def test_copy_of_a_missing_state_creates_nothing(folder: Path) -> None:
    with Store.open(folder, copy=True) as copy:
        assert copy.feeds() == ()
    assert not folder.exists()
