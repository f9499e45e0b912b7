"""What is put into the store comes out of it, and the questions that it answers."""

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
from feedpub.store.database import StatePlace
from feedpub.store.store import MAX_INCIDENTS
from tests.store import examples
from tests.store.examples import DAY, NOW, document, entry, run
from tests.store.test_copy import fill as fill_all_tables


def commit(store: Store, *entries: Entry, feed: str = "world", now: datetime = NOW) -> None:
    """Entries with the alias and the seen article that go with them."""
    store.commit_entries(
        feed,
        entries=entries,
        aliases={e.title: e.id for e in entries},
        item_states=[ItemState(e.title, "", "stored") for e in entries],
        now=now,
    )


# --- round trips
# ----------------------------------------------------------------------------------------------------


@given(examples.entries)
def test_an_entry_comes_back(shared_store: Store, stored: Entry) -> None:
    """Every field of an entry, whatever it holds."""
    shared_store.commit_entries("world", entries=[stored], aliases={}, item_states=[], now=NOW)
    assert shared_store.entry("world", stored.id) == stored


@given(examples.seen_articles)
def test_a_seen_article_comes_back(shared_store: Store, stored: ItemState) -> None:
    """Every field of what is remembered of an article."""
    shared_store.commit_entries("world", entries=[], aliases={}, item_states=[stored], now=NOW)
    assert shared_store.item_states("world", [stored.key]) == {stored.key: stored}


@given(examples.documents)
def test_a_document_comes_back(shared_store: Store, stored: CachedDocument) -> None:
    """Every field of a source's document, its body byte for byte."""
    shared_store.commit_run(run(), documents=[stored])
    assert shared_store.cached_document(stored.url, stored.config_digest) == stored


@given(examples.source_states)
def test_the_state_of_a_source_comes_back(shared_store: Store, stored: SourceState) -> None:
    """Every field of a source's state."""
    shared_store.commit_run(run(), sources=[stored])
    assert stored in shared_store.sources("world")


@given(examples.runs)
def test_a_run_comes_back(shared_store: Store, stored: RunRecord) -> None:
    """Every field of an outcome, with its problems."""
    shared_store.commit_run(stored)
    assert shared_store.last_run("world") == stored


@given(examples.robots)
def test_robots_come_back(shared_store: Store, stored: CachedRobots) -> None:
    """What an origin's robots.txt said."""
    shared_store.robots_cache.save(stored.origin, stored)
    assert shared_store.robots_cache.load(stored.origin) == stored


@given(st.text(), st.binary())
def test_a_memory_comes_back(shared_store: Store, site: str, memory: bytes) -> None:
    """What was learned about a site, byte for byte."""
    shared_store.save_memory(site, memory, NOW)
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
def test_moments_of_all_times_and_zones(store: Store, moment: datetime) -> None:
    """A moment comes back as the same moment in UTC."""
    commit(store, entry("a", published=moment))
    (back,) = store.entries("world")
    assert back.published == moment
    assert back.published.tzinfo is UTC


# --- entries
# --------------------------------------------------------------------------------------------------------


def test_newest_entries_come_first(store: Store) -> None:
    """By date, then by their order in the listing, then by id."""
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


def test_feeds_are_apart(store: Store) -> None:
    """The same ids and keys in two feeds are two things."""
    commit(store, entry("a"), feed="world")
    commit(store, entry("a", summary="other"), entry("b"), feed="local")
    assert (store.count("world"), store.count("local"), store.count("none")) == (1, 2, 0)
    assert [
        e.summary for feed in ("world", "local") for e in store.entries(feed) if e.title == "a"
    ] == ["", "other"]
    assert store.aliases("world", ["a", "b"]) == {"a": "tag:a"}
    assert store.feeds() == ("local", "world")


def test_the_articles_to_be_looked_at_again(store: Store) -> None:
    """Those whose moment has come, the longest waiting first.

    The next moment is known before it comes.
    """
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


def test_an_article_that_is_to_be_looked_at_again_in_years(store: Store) -> None:
    """The clock was ahead when that was planned: it is due."""
    seen = [
        ItemState("near", "", "stored", recheck_at=NOW + DAY),
        ItemState("far", "", "stored", recheck_at=NOW + 729 * DAY),
    ]
    store.commit_entries("world", aliases={}, item_states=seen, now=NOW)
    assert store.next_recheck("world", NOW) == NOW
    assert [s.key for s in store.rechecks("world", NOW, 9)] == ["far"]


def test_what_is_unknown(store: Store) -> None:
    """An empty state answers every question."""
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
    assert store.update_times("world") == set()
    assert store.slugs("world") == set()
    assert store.feeds() == ()


def test_an_entry_is_replaced_whole(store: Store) -> None:
    """A changed entry takes the place of the one with its id, and keeps its aliases."""
    commit(store, entry("a", text="one", authors=("A",)))
    changed = entry("a", text="two")
    store.commit_entries(
        "world", entries=[changed], aliases={"other": "tag:a"}, item_states=[], now=NOW
    )
    assert store.entries("world") == (changed,)
    assert store.aliases("world", ["a", "other", "third"]) == {"a": "tag:a", "other": "tag:a"}


def test_thousands_of_keys(store: Store) -> None:
    """A sitemap's keys are asked for at once, known or not."""
    commit(store, *(entry(str(n)) for n in range(1200)))
    keys = [str(n) for n in range(40_000)]
    assert len(store.aliases("world", keys)) == len(store.item_states("world", keys)) == 1200


def test_moments_and_stems_in_use(store: Store) -> None:
    """What the builder must not use again: every `updated`, and every stem of an own page."""
    commit(store, entry("a", slug="a-story"), entry("b", published=NOW - DAY), entry("c"))
    assert store.update_times("world") == {NOW, NOW - DAY}
    assert store.slugs("world") == {"a-story"}


def test_a_commit_is_all_or_nothing(store: Store) -> None:
    """An alias to an entry that does not exist fails, and takes what came with it along."""
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
def test_text_that_is_not_unicode(store: Store, stored: Entry) -> None:
    """A lone surrogate cannot be stored; the error says so and calls nothing damaged."""
    with pytest.raises(StoreError, match="surrogates not allowed") as caught:
        store.commit_entries("world", entries=[stored], aliases={}, item_states=[], now=NOW)
    assert "damaged" not in str(caught.value)
    assert store.count("world") == 0


def test_naive_moments_are_refused(store: Store) -> None:
    """A time without a zone is nobody's time."""
    with pytest.raises(StoreError, match="offset-naive"):
        commit(store, entry("a", published=datetime(2024, 1, 1)))  # noqa: DTZ001 -- what the test is about


# --- documents, sources, runs
# ---------------------------------------------------------------------------------------


def test_a_document_belongs_to_its_settings(store: Store) -> None:
    """Fetched under other settings, a document is not known.

    Two feeds may keep the same address apart.
    """
    store.commit_run(run(), documents=[document(config="a"), document(config="b")])
    assert store.cached_document("https://example.org/", "a") == document(config="a")
    assert store.cached_document("https://example.org/", "b") == document(config="b")
    assert store.cached_document("https://example.org/", "c") is None


def test_sources_by_key(store: Store) -> None:
    """Each source's last state, sorted by key."""
    first, second = (SourceState("world", key, NOW, NOW, 3) for key in ("a", "b"))
    failed = SourceState("world", "b", NOW + DAY, NOW, 3, failure="gone", failing_since=NOW + DAY)
    store.commit_run(run(), sources=[second, first])
    store.commit_run(run(), sources=[failed])
    assert store.sources("world") == (first, failed)


def test_runs_newest_first(store: Store) -> None:
    """Runs are ordered as they were recorded, also when the clock jumped back between them."""
    starts = [NOW, NOW + DAY, NOW - DAY, NOW - DAY]
    for number, started in enumerate(starts):
        store.commit_run(run(started=started, new=number))
    store.commit_run(run("local"))
    assert [r.outcome.new for r in store.runs("world")] == [3, 2, 1, 0]
    assert [r.outcome.new for r in store.runs("world", limit=2)] == [3, 2]
    assert store.last_run("world") == run(started=NOW - DAY, new=3)


def test_runs_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the last runs of each feed are kept, in whichever order feeds take turns."""
    monkeypatch.setattr("feedpub.store.store.MAX_RUNS", 5)
    feeds = [f"feed-{n}" for n in range(10)]
    for number in range(8):
        for feed in feeds:
            store.commit_run(run(feed, new=number))
    store.commit_run(run("local"))
    kept = {tuple(r.outcome.new for r in store.runs(feed)) for feed in feeds}
    assert kept == {(7, 6, 5, 4, 3)}
    assert len(store.runs("local")) == 1


# --- forgetting
# -----------------------------------------------------------------------------------------------------


def test_forgets_what_is_no_longer_listed(store: Store) -> None:
    """Entries, aliases and seen articles go when they were last listed before the moment."""
    commit(store, entry("old"), now=NOW - DAY)
    commit(store, entry("new"), now=NOW)
    store.prune(NOW, keep={})
    assert [e.title for e in store.entries("world")] == ["new"]
    assert store.aliases("world", ["old", "new"]) == {"new": "tag:new"}
    assert set(store.item_states("world", ["old", "new"])) == {"new"}


def test_keeps_what_is_live(store: Store) -> None:
    """An entry of the live document stays however old, with what leads to it.

    Another feed's of that id goes.
    """
    commit(store, entry("old"), now=NOW - DAY)
    commit(store, entry("old"), feed="local", now=NOW - DAY)
    store.prune(NOW, keep={"world": ["tag:old"]})
    assert (store.count("world"), store.count("local")) == (1, 0)
    assert store.aliases("world", ["old"]) == {"old": "tag:old"}
    assert set(store.item_states("world", ["old"])) == {"old"}
    assert store.item_states("local", ["old"]) == {}


def test_being_listed_keeps_an_entry(store: Store) -> None:
    """An entry that is listed unchanged, under any of its keys, counts as listed."""
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


def test_forgets_what_was_excluded(store: Store) -> None:
    """Seen articles that never became entries go by their own date."""
    for key, now in (("old", NOW - DAY), ("new", NOW)):
        store.commit_entries(
            "world", entries=[], aliases={}, item_states=[ItemState(key, "", "excluded")], now=now
        )
    store.prune(NOW, keep={})
    assert set(store.item_states("world", ["old", "new"])) == {"new"}


def test_forgets_documents_sources_runs_and_robots(store: Store) -> None:
    """Everything else goes by its own date too, and a feed of which nothing is left has no name any more."""
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


def test_forgets_what_was_learned_of_sites(store: Store) -> None:
    """Sites that nobody reads any more; use alone keeps a memory, noted once a day."""
    old, hour = NOW - 400 * DAY, DAY / 24
    for site in ("gone.example", "used.example", "learned.example"):
        store.save_memory(site, b"old", old)
    store.use_memory("used.example", NOW)
    store.save_memory("learned.example", b"new", NOW)
    store.save_memory("today.example", b"new", NOW - hour)
    store.use_memory("today.example", NOW)  # less than a day later: nothing is written
    store.prune(NOW - hour / 2, keep={})
    known = {
        name: store.site_memory(f"{name}.example") for name in ("gone", "used", "learned", "today")
    }
    assert known == {"gone": None, "used": b"old", "learned": b"new", "today": None}


def test_forgets_plans_messages_and_fronts(store: Store) -> None:
    """What waits for something that never comes goes by its date.

    What is said of a feed goes with the feed.
    """
    commit(store, entry("new"), feed="full")
    for name, then in (("old", NOW - 2 * DAY), ("new", NOW)):
        store.schedule.save(ScheduledRun(name, then, "why"))
        store.outbox.add([OutboxMessage("ping", name, b"", then)])
    for feed in ("gone", "empty", "full"):
        store.summaries.save(StoredSummary(feed, "a", 0, None, None, "en"))
    store.prune(NOW - DAY, keep={"empty": ()})
    assert set(store.schedule.load()) == {"new"}
    assert [message.target for message in store.outbox.load_all()] == ["new"]
    assert set(store.summaries.load()) == {"empty", "full"}


def test_notices_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that breaks every hour for a year leaves the last of its notices."""
    assert MAX_INCIDENTS >= 50  # that health.rss shows
    monkeypatch.setattr("feedpub.store.store.MAX_INCIDENTS", 3)
    for number in range(5):
        store.incidents.add(
            Incident("world", "s", "broken", NOW + number * DAY, NOW, str(number)), lambda _: ()
        )
    store.prune(NOW - DAY, keep={})
    assert [notice.reason for notice in store.incidents.newest()] == ["4", "3", "2"]


def test_no_table_only_grows(store: Store) -> None:
    """Every row goes in the end, but for what is published for good, and breaks, which end by themselves."""
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
    assert left == {"archives", "breaks"}


# --- copies
# ---------------------------------------------------------------------------------------------------------


def test_a_copy_leaves_the_state_alone(store: Store, place: StatePlace) -> None:
    """What is done to a copy is gone with it.

    It starts from what is committed, beside an open state.
    """
    commit(store, entry("a"))
    with Store.open(place, copy=True) as copy:
        commit(copy, entry("b"))
        assert copy.count("world") == 2
        where = copy._database.path  # type: ignore[attr-defined]
    assert store.count("world") == 1
    assert not where.parent.exists()


def test_a_copy_of_nothing_makes_nothing(folder: Path) -> None:
    """Before the first build a copy is empty, and no folder is made for it."""
    with Store.open(folder, copy=True) as copy:
        assert copy.feeds() == ()
    assert not folder.exists()
