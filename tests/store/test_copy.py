"""A state is copied from one engine to another, completely or not at all."""

import os
import random
import signal
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import text

from feedpub.core.errors import StoreError
from feedpub.core.models import CachedRobots, Enclosure, Item, PollingHints, Removed
from feedpub.store import (
    BackfillState,
    ConfigChange,
    Incident,
    ItemState,
    OutboxMessage,
    PageSnapshot,
    ProbeState,
    Proposal,
    ScheduledRun,
    SourceObservation,
    SourceState,
    Store,
    StoredRhythm,
    StoredSummary,
    UnchangedCheck,
    UnchangedSource,
    WatchedText,
    pack_body,
    schema,
)
from feedpub.store.files import StatePlace
from tests.store.conftest import ENGINES
from tests.store.examples import NOW, document, entry, run
from tests.store.test_concurrency import FORKS
from tests.support.postgres import SKIP_REASON, Server, is_available

OF_PROCESSES = (schema.leases, schema.run_marks)
TABLES = [table for table in schema.metadata.sorted_tables if table not in OF_PROCESSES]
ODD = "Ä \0\x1b0 😀"


def fill(store: Store, feed: str = "world", entries: int = 3) -> None:
    """Add a row to every table, with values that the engines store differently."""
    new_entries = [
        entry(
            f"{feed}-{n}",
            html=f"<p>{n}</p>" * 300,
            authors=("Jane Doe", ODD),
            enclosures=(Enclosure("https://example.org/a.mp3", "audio/mpeg", 2**40),),
        )
        for n in range(entries)
    ]
    keys = {f"{e.title}{ODD}": e.id for e in new_entries}
    kept = {
        new_entries[0].id: PageSnapshot(
            Item(url="https://example.org/", title=ODD), "k", "page", NOW, body=pack_body(b"<p>")
        )
    }
    seen = [ItemState(key, ODD, "stored", first_seen=NOW) for key in keys]
    store.commit_entries(
        feed, entries=new_entries, aliases=keys, item_states=seen, snapshots=kept, now=NOW
    )
    state = SourceState(
        feed, "s", NOW, None, 3, ODD, NOW, 2, pace=PollingHints(90.5, "", (1, 2), ()), firm=True
    )
    observation = SourceObservation(feed, "s", "a", NOW, 3, lengths=(1, 2))
    for _ in range(3):
        store.commit_run(
            run(feed, seconds=0.1),
            documents=[document()],
            sources=[state],
            observations=[observation],
            watched=[WatchedText(feed, "s", "a", f"line\n{ODD}", "d", NOW)],
        )
    store.save_backfill_state(BackfillState(feed, "s", "listing", f"https://x/{ODD}", 2, NOW))
    store.schedule.save(ScheduledRun(feed, NOW, "why"))
    store.archives.add(feed, {1: [new_entries[0].id]})
    store.archives.mark_published(feed, [new_entries[1].id])
    store.outbox.add([OutboxMessage("ping", "https://hub.example.org/", b"\0\xff", NOW)] * 2)
    store.outbox.delete(store.outbox.load_all()[0])  # numbers have gaps
    store.removal_stats.add(feed, [[Removed(f"Read more {ODD}", "phrase")]], NOW)
    store.incidents.open(Incident(feed, "s", "broken", NOW, NOW, ODD), lambda _: ())
    store.proposals.save(
        feed, [Proposal(feed, "s", "a", NOW, (ConfigChange("links", None, "a.x"),), ODD)], ()
    )
    progress = CachedRobots(
        origin="https://example.org", body="User-agent: *", status=200, expires=NOW
    )
    store.robots_cache.save(progress.origin, progress)
    store.save_memories({"example.org": b"\0" * 100}, NOW)
    probe = ProbeState(feed, "s", "b", NOW, 1, f'"{ODD}"', None)
    store.commit_run(run(feed), probe_states={"s": probe})
    checked = UnchangedSource(state, probe, observes=False)
    store.checks.save([UnchangedCheck(feed, NOW, 0.1, (checked,))])
    store.summaries.save(StoredSummary(feed, "a", 3, NOW, NOW, "en"))
    store.rhythms.save([StoredRhythm(feed, "s", 2, b"\0\xff")])
    store.summaries.save_rendered({feed: b"\0\xff"})


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows by table, except for those of processes."""
    with store._database.read_transaction() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in TABLES
        }


@pytest.fixture(params=ENGINES)
def other_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StatePlace]:
    """Return the location of a second empty state, in each engine."""
    if request.param == "sqlite":
        yield tmp_path / "other"
    else:
        server: Server = request.getfixturevalue("server")
        address = server.create_database(request.getfixturevalue("template"))
        yield address
        server.drop_database(address)


def test_copy_contains_every_row_and_reports_progress(
    store: Store, other_place: StatePlace
) -> None:
    fill(store)
    fill(store, "local")
    progress: dict[str, int] = {}
    with Store.open(other_place) as other:
        copied = store.copy_to(other, progress.__setitem__)
        assert all(rows(store).values())
        assert rows(other) == rows(store)
    assert copied == sum(progress.values()) == sum(map(len, rows(store).values()))


def test_copy_continues_the_numbers_of_rows(store: Store, other_place: StatePlace) -> None:
    fill(store)
    last = store.outbox.load_all()[-1].id
    with Store.open(other_place) as other:
        store.copy_to(other)
        fill(other, "local")
        assert other.outbox.load_all()[-1].id > last
        assert len(other.runs("world")) == len(other.runs("local")) == 4


def test_copy_to_postgresql_and_back_is_identical(
    file_store: Store, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if not is_available():
        pytest.skip(SKIP_REASON)
    fill(file_store)
    with (
        Store.open(str(request.getfixturevalue("address"))) as between,
        Store.open(tmp_path / "back") as back,
    ):
        file_store.copy_to(between)
        between.copy_to(back)
        assert stored_values(back) == stored_values(file_store)


def stored_values(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store._database.read_transaction() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(text(f"SELECT * FROM {table.name} ORDER BY 1, 2"))  # noqa: S608 -- ours
            ]
            for table in TABLES
        }


def test_leases_and_queued_runs_are_not_copied(store: Store, other_place: StatePlace) -> None:
    store.schedule.save(ScheduledRun("world", NOW, "why"))
    assert store.schedule.dispatch_due(NOW, 9, lambda *_: None) == ("world",)
    store.leases.acquire("lead", "a", 60)
    with Store.open(other_place) as other:
        other.leases.acquire("service", "b", 60)
        store.copy_to(other)
        assert (other.leases.holder("lead"), other.leases.holder("service")) == (None, "b")
        assert other.schedule.dispatch_due(NOW, 9, lambda *_: None) == ("world",)


def test_copy_to_a_state_with_rows_is_refused(store: Store, other_place: StatePlace) -> None:
    fill(store)
    with Store.open(other_place) as other:
        other.schedule.save(ScheduledRun("mine", NOW, "why"))
        with pytest.raises(
            StoreError, match=r"is not empty \(it has rows in schedule\): copy to an empty one"
        ):
            store.copy_to(other)
        assert other.count("world") == 0


def test_copy_with_a_corrupt_value_fails_and_leaves_the_target_empty(
    file_store: Store, other_place: StatePlace
) -> None:
    fill(file_store)
    with file_store._database.write_transaction() as connection:
        connection.execute(text("UPDATE entries SET authors = '[' WHERE id LIKE '%1'"))
    with Store.open(other_place) as other:
        with pytest.raises(StoreError, match="a stored value is not valid Json"):
            file_store.copy_to(other)
        assert not any(rows(other).values())


def copy_slowly(source: StatePlace, target: StatePlace, say: Connection) -> None:
    with Store.open(source) as store, Store.open(target) as other:

        def wait(table: str, _: int) -> None:
            if table == "aliases":
                say.send("half")
                time.sleep(600)

        store.copy_to(other, wait)


def test_interrupted_copy_leaves_nothing_and_can_be_repeated(
    store: Store, place: StatePlace, other_place: StatePlace
) -> None:
    fill(store)
    receiver, sender = FORKS.Pipe(duplex=False)
    with receiver:
        copier = FORKS.Process(target=copy_slowly, args=(place, other_place, sender))
        copier.start()
        sender.close()
        assert receiver.recv() == "half"
        os.kill(copier.pid or 0, signal.SIGKILL)
        copier.join()
    with Store.open(other_place) as other:
        assert not any(rows(other).values())
        store.copy_to(other)
        assert rows(other) == rows(store)


def test_second_of_two_concurrent_copies_fails(
    store: Store, place: StatePlace, other_place: StatePlace
) -> None:
    fill(store)
    copiers = [FORKS.Process(target=copy_or_fail, args=(place, other_place)) for _ in range(2)]
    for copier in copiers:
        copier.start()
    for copier in copiers:
        copier.join(60)
    assert sorted(copier.exitcode or 0 for copier in copiers) == [0, 3]
    with Store.open(other_place) as other:
        assert rows(other) == rows(store)


def copy_or_fail(source: StatePlace, target: StatePlace) -> None:
    with Store.open(source) as store, Store.open(target) as other:
        try:
            store.copy_to(other)
        except StoreError as error:
            assert "is not empty" in str(error)  # noqa: PT017 -- another process
            raise SystemExit(3) from None


def test_copy_uses_little_memory(store: Store, other_place: StatePlace) -> None:
    randomly = random.Random(1)  # noqa: S311 -- incompressible bytes
    for feed in range(12):
        store.commit_run(
            run(f"feed-{feed}"),
            documents=[
                replace(
                    document(f"https://example.org/{feed}/{n}"), body=randomly.randbytes(20_000)
                )
                for n in range(40)
            ],
        )
    with Store.open(other_place) as other:
        tracemalloc.start()
        store.copy_to(other)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5_000_000  # of 9.6 MB
