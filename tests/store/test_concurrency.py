"""Threads, processes and kill -9: nothing that was acknowledged is lost, and nothing is torn."""

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

from feedpub.store import Seen, Store
from feedpub.store.file import FILE_NAME
from tests.store.examples import NOW, document, entry, run

# A server that has imported the store and forks from there: thirty processes cost what one does.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["feedpub.store", "feedpub.migrations", "tests.store.examples"])
PARTS = ("a", "b", "c")


def commit(store: Store, feed: str, number: int) -> None:
    """One transaction of three entries, each with an alias and a seen article."""
    entries = [entry(f"{number}-{part}", html="<p>text</p>" * 200) for part in PARTS]
    store.commit_entries(
        feed,
        entries=entries,
        aliases={e.title: e.id for e in entries},
        seen=[Seen(e.title, "", "stored") for e in entries],
        now=NOW,
    )


def keys(numbers: Sequence[int]) -> set[str]:
    return {f"{number}-{part}" for number in numbers for part in PARTS}


def write_forever(folder: Path, start: int, acknowledge: Connection) -> None:
    with Store.open(folder) as store:
        for number in range(start, start + 1_000_000):
            commit(store, "world", number)
            store.commit_run(run(new=number), documents=[document()])
            acknowledge.send(number)


def write_some(folder: Path, feed: str, numbers: range, barrier: Barrier) -> None:
    barrier.wait(60)
    with Store.open(folder) as store:
        for number in numbers:
            commit(store, feed, number)


def kill_a_writer(folder: Path, start: int, delay: float) -> int:
    """Let a process write, kill it at some instant, and tell the last number that it acknowledged."""
    ours, theirs = FORKS.Pipe(duplex=False)
    writer = FORKS.Process(target=write_forever, args=(folder, start, theirs))
    writer.start()
    theirs.close()
    last = int(ours.recv())
    time.sleep(delay)
    writer.kill()
    writer.join()
    while True:
        try:
            last = int(ours.recv())
        except EOFError:
            ours.close()
            return last


def check(folder: Path, acknowledged: int) -> int:
    """Hold that all that was acknowledged is there, and that nothing is there in part; the last number found."""
    with Store.open(folder) as store:
        found = {e.title for e in store.entries("world")}
        last = max(int(title.split("-")[0]) for title in found)
        assert last in (acknowledged, acknowledged + 1)  # committed, and killed before it could say so
        assert found == keys(range(last + 1)) == set(store.aliases("world", found)) == set(store.seen("world", found))
        newest = store.last_run("world")
        assert newest is not None
        assert acknowledged <= newest.outcome.new <= last
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return last


def kill_often(folder: Path, times: int) -> None:
    randomly, last = random.Random(20240517), -1  # noqa: S311 -- an instant, not a secret
    for _ in range(times):
        last = check(folder, kill_a_writer(folder, last + 1, delay=randomly.uniform(0, 0.02)))


def test_kill_9_loses_nothing(folder: Path) -> None:
    """Thirty writers on one state, each killed at a random instant."""
    kill_often(folder, 30)


@pytest.mark.slow
def test_kill_9_loses_nothing_many_times(folder: Path) -> None:
    """The same a hundred times."""
    kill_often(folder, 100)


def test_two_processes_write_at_once(folder: Path) -> None:
    """Opening a new state and writing to it at once, in one feed and in two: all of it arrives."""
    barrier = FORKS.Barrier(3)
    shares = (("world", range(40)), ("world", range(40, 80)), ("local", range(40)))
    writers = [FORKS.Process(target=write_some, args=(folder, *share, barrier)) for share in shares]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with Store.open(folder) as store:
        assert {e.title for e in store.entries("world")} == keys(range(80))
        assert {e.title for e in store.entries("local")} == keys(range(40))


def test_threads_share_a_store(store: Store) -> None:
    """Many threads write and read one store: all is there, and each reader sees whole transactions."""

    def work(thread: int) -> None:
        for number in range(10):
            commit(store, "world", thread * 10 + number)
            assert store.count("world") % len(PARTS) == 0

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert {e.title for e in store.entries("world")} == keys(range(120))
