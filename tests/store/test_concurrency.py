"""Threads, processes and SIGKILL: no committed transaction is lost, and none is stored in part."""

import multiprocessing
import random
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from feedpub.store import Incident, ItemState, OutboxMessage, Store
from feedpub.store.files import FILE_NAME, StatePlace
from tests.store.examples import NOW, document, entry, run

# A server that has imported the store and forks from there: thirty processes cost what one does.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["feedpub.store", "feedpub.store.migrations", "tests.store.examples"])
PARTS = ("a", "b", "c")


def commit(store: Store, feed: str, number: int) -> None:
    """Commit three entries, each with an alias and an item state, in one transaction."""
    entries = [entry(f"{number}-{part}", html="<p>text</p>" * 200) for part in PARTS]
    store.commit_entries(
        feed,
        entries=entries,
        aliases={e.title: e.id for e in entries},
        item_states=[ItemState(e.title, "", "stored") for e in entries],
        now=NOW,
    )


def keys(numbers: Sequence[int]) -> set[str]:
    return {f"{number}-{part}" for number in numbers for part in PARTS}


def write_forever(place: StatePlace, start: int, acknowledge: Connection) -> None:
    with Store.open(place) as store:
        for number in range(start, start + 1_000_000):
            commit(store, "world", number)
            store.commit_run(run(new=number), documents=[document()])
            acknowledge.send(number)


def write_some(place: StatePlace, feed: str, numbers: range, barrier: Barrier) -> None:
    barrier.wait(60)
    with Store.open(place) as store:
        for number in numbers:
            commit(store, feed, number)


def stay_alone(place: StatePlace, say: Connection) -> None:
    with Store.open(place) as store, store.feed_lock("world"):
        say.send("alone")
        time.sleep(600)


def kill_a_writer(place: StatePlace, start: int, delay: float) -> int:
    """Kill a writing process at a random time; return the last number that it committed."""
    receiver, sender = FORKS.Pipe(duplex=False)
    writer = FORKS.Process(target=write_forever, args=(place, start, sender))
    writer.start()
    sender.close()
    last = int(receiver.recv())
    time.sleep(delay)
    writer.kill()
    writer.join()
    while True:
        try:
            last = int(receiver.recv())
        except EOFError:
            receiver.close()
            return last


def check(place: StatePlace, acknowledged: int) -> int:
    """Check that all committed rows are stored, without partial ones; return the last number."""
    with Store.open(place) as store:
        found = {e.title for e in store.entries("world")}
        last = max(int(title.split("-")[0]) for title in found)
        assert last in (
            acknowledged,
            acknowledged + 1,
        )  # committed, and killed before it reported that
        assert (
            found
            == keys(range(last + 1))
            == set(store.aliases("world", found))
            == set(store.item_states("world", found))
        )
        newest = store.last_run("world")
        assert newest is not None
        assert acknowledged <= newest.outcome.new <= last
    if isinstance(place, Path):
        with closing(sqlite3.connect(place / FILE_NAME)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return last


def kill_often(place: StatePlace, times: int) -> None:
    randomly, last = random.Random(20240517), -1  # noqa: S311 -- an instant, not a secret
    for _ in range(times):
        last = check(place, kill_a_writer(place, last + 1, delay=randomly.uniform(0, 0.02)))


def test_sigkill_loses_no_committed_transaction(place: StatePlace) -> None:
    kill_often(place, 30)


@pytest.mark.slow
def test_many_sigkills_lose_no_committed_transaction(place: StatePlace) -> None:
    kill_often(place, 40)


def test_two_processes_create_and_write_a_state_concurrently(place: StatePlace) -> None:
    barrier = FORKS.Barrier(3)
    shares = (("world", range(40)), ("world", range(40, 80)), ("local", range(40)))
    writers = [FORKS.Process(target=write_some, args=(place, *share, barrier)) for share in shares]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with Store.open(place) as store:
        assert {e.title for e in store.entries("world")} == keys(range(80))
        assert {e.title for e in store.entries("local")} == keys(range(40))


def test_threads_see_only_complete_transactions(store: Store) -> None:
    def work(thread: int) -> None:
        for number in range(10):
            commit(store, "world", thread * 10 + number)
            assert store.count("world") % len(PARTS) == 0

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert {e.title for e in store.entries("world")} == keys(range(120))


def test_threads_that_write_the_same_rows_do_not_deadlock(store: Store) -> None:
    documents = [document(f"https://example.org/{n}") for n in range(40)]

    def work(thread: int) -> None:
        mixed = random.Random(thread)  # noqa: S311 -- an order, not a secret
        for _ in range(10):
            store.commit_run(
                run(f"feed-{thread}"), documents=mixed.sample(documents, k=len(documents))
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert [len(store.runs(f"feed-{thread}")) for thread in range(8)] == [10] * 8


def test_message_added_by_two_processes_is_stored_once(place: StatePlace) -> None:
    message = OutboxMessage("ping", "https://hub.example.org/", b"hub.mode=publish", NOW)
    with Store.open(place) as store, Store.open(place) as other, ThreadPoolExecutor(8) as pool:
        stores = [store, other] * 40
        list(pool.map(lambda each: each.outbox.add_once([message], NOW), stores))
        assert len(store.outbox.load_all()) == 1


def test_incident_found_by_two_processes_is_opened_and_closed_once(place: StatePlace) -> None:
    incident = Incident("world", "s", "broken", NOW, NOW, "gone")
    message = OutboxMessage("webhook", "", b"{}", NOW)
    with Store.open(place) as store, Store.open(place) as other, ThreadPoolExecutor(8) as pool:
        stores = [store, other] * 20
        opened = list(
            pool.map(lambda each: each.incidents.open(incident, lambda _: [message]), stores)
        )
        closed = list(
            pool.map(lambda each: each.incidents.close(incident, lambda _: [message]), stores)
        )
        assert (opened.count(True), closed.count(True)) == (1, 1)
        assert len(store.incidents.newest()) == len({n.at for n in store.incidents.newest()}) == 2
        assert len(store.outbox.load_all()) == 2


def test_feed_lock_excludes_threads_and_processes_but_not_other_feeds(place: StatePlace) -> None:
    with Store.open(place) as store, Store.open(place) as other, ThreadPoolExecutor(2) as pool:

        def enter(each: Store) -> float:
            with each.feed_lock("world"):
                return time.monotonic()

        with store.feed_lock("world"):
            waiting = [pool.submit(enter, each) for each in (store, other)]
            with other.feed_lock("local"):
                time.sleep(0.2)
            left = time.monotonic()
        assert all(entered.result(30) >= left for entered in waiting)


def test_feed_lock_of_a_killed_process_is_free_at_once(place: StatePlace) -> None:
    Store.open(place).close()
    receiver, sender = FORKS.Pipe(duplex=False)
    with receiver:
        first = FORKS.Process(target=stay_alone, args=(place, sender))
        first.start()
        sender.close()
        assert receiver.recv() == "alone"
        first.kill()
        first.join()
    began = time.monotonic()
    with Store.open(place) as store, store.feed_lock("world"):
        assert time.monotonic() - began < 5
