"""What a worker does with the queue, and what becomes of jobs that are lost."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from procrastinate.jobs import Job

from feedpub.core.budget import RunBudget
from feedpub.core.errors import StoreError
from feedpub.scheduler.queue import FeedQueue, QueueConsumer, WorkerTimings
from feedpub.scheduler.queue.consumer import RetryStrategy, _retry_time
from feedpub.scheduler.queue.queue import connection_info
from tests.scheduler.queue.test_queue import put
from tests.support.postgres import own_server
from tests.support.service import eventually

FORKS = multiprocessing.get_context("spawn")
FAST = WorkerTimings(
    grace=0.5, drain=1.0, first_retry=1, last_retry=2, heartbeat=0.3, lost_after=2.0, poll=0.2
)
PATIENT = replace(
    FAST, lost_after=3600.0
)  # nobody is taken for dead who was only slow for a while: see `is_silent`
ROOMY = replace(
    FAST, drain=5.0, lost_after=60.0
)  # what ends at once when it is told to does so on a busy machine, too


@dataclass
class Bench:
    """A worker in a thread, and what it was told to do.

    Attributes:
        does: what happens in a run, beside its being counted.
        most: the most runs at once, of all feeds and of each.
    """

    does: Callable[[str, RunBudget], object] = lambda _feed, _lease: None
    runs: list[str] = field(default_factory=list)
    everything: list[bool] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    now: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, feed: str, everything: bool, lease: RunBudget) -> None:  # noqa: FBT001 -- as a worker is told
        with self._lock:
            self.runs.append(feed)
            self.everything.append(everything)
            for key in (feed, "all of them"):
                self.now[key] += 1
                self.most[key] = max(self.most[key], self.now[key])
        try:
            self.does(feed, lease)
        finally:
            with self._lock:
                self.now.subtract((feed, "all of them"))


@contextmanager
def working(
    address: str,
    bench: Bench,
    *,
    at_once: int = 4,
    deadline: Callable[[], float] = lambda: 30.0,
    pace: WorkerTimings = FAST,
) -> Iterator[QueueConsumer]:
    """A worker at work while the block runs."""
    taking = QueueConsumer(
        address,
        bench.run,
        on_timeout=bench.lost.append,
        concurrency=at_once,
        timeout_seconds=deadline,
        is_rescuer=lambda: True,
        timings=pace,
    )
    thread = threading.Thread(target=taking.run_until, args=(bench.ended,))
    thread.start()
    try:
        yield taking
    finally:
        bench.ended.set()
        thread.join(60)
        assert not thread.is_alive()


def doing(address: str) -> int:
    """How many jobs are said to be done by somebody."""
    with psycopg.connect(connection_info(address)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"
        ).fetchone()
        return int(row[0]) if row else 0


def empty(address: str, line: FeedQueue) -> bool:
    return not line.count_waiting() and not doing(address)


def test_feeds_are_run(address: str, line: FeedQueue) -> None:
    """Each once, so many at once, and nothing of it stays in the queue."""
    three = threading.Barrier(3)
    bench = Bench(lambda _feed, _lease: three.wait(30))
    names = [f"feed{number}" for number in range(12)]
    put(address, line, *names)
    with working(address, bench, at_once=3):
        assert eventually(lambda: len(bench.runs) == 12 and empty(address, line))
    assert sorted(bench.runs) == sorted(names)
    assert bench.most["all of them"] == 3


def test_one_feed_is_never_run_twice_at_once(address: str, line: FeedQueue) -> None:
    """Though it stands in the line twice, and two workers take from it.

    Who is waited for comes first.
    """
    bench = Bench(lambda _feed, _lease: time.sleep(0.3))
    put(address, line, "a", "b")
    line.enqueue_urgent("b")
    with working(address, bench, at_once=1):
        assert eventually(lambda: len(bench.runs) == 3 and empty(address, line))
    assert bench.runs == ["b", "a", "b"]
    assert bench.everything == [True, False, False]
    bench = Bench(bench.does)
    put(address, line, "a")
    line.enqueue_urgent("a")
    with working(address, bench), working(address, bench):
        assert eventually(lambda: len(bench.runs) == 2 and empty(address, line))
    assert bench.most["a"] == 1


def test_what_raises_is_tried_again(address: str, line: FeedQueue) -> None:
    """Until it is done."""
    tries: list[str] = []

    def fail(feed: str, _lease: RunBudget) -> None:
        tries.append(feed)
        if len(tries) < 3:
            raise StoreError("the disk is full")

    put(address, line, "a")
    with working(address, Bench(fail)):
        assert eventually(lambda: len(tries) == 3 and empty(address, line))


def test_tries_come_later_and_later() -> None:
    """Each wait is twice as long as the one before, up to the longest."""
    retry, now = RetryStrategy(WorkerTimings(first_retry=5, last_retry=60)), datetime.now(UTC)
    job = Job(id=1, status="doing", queue="feeds", lock="a", queueing_lock="a", task_name="run")
    waits = []
    for attempts in range(6):
        decision = retry.get_retry_decision(
            exception=StoreError("x"), job=job.evolve(attempts=attempts)
        )
        assert decision.retry_at is not None
        waits.append(round((decision.retry_at - now).total_seconds()))
    assert waits == [5, 10, 20, 40, 60, 60]


def test_a_run_that_hangs_is_given_up(address: str, line: FeedQueue) -> None:
    """After its time and a while.

    Its lease is revoked, somebody is told, and the worker goes on.
    """
    leases: list[RunBudget] = []
    free = threading.Event()

    def hang(feed: str, lease: RunBudget) -> None:
        if feed == "a":
            leases.append(lease)
            free.wait(30)

    bench = Bench(hang)
    put(address, line, "a", "b")
    # Only the first run has too little time.
    with working(address, bench, at_once=1, deadline=lambda: 30.0 if bench.lost else 0.2) as taking:
        assert eventually(
            lambda: bench.lost == ["a"] and bench.runs == ["a", "b"] and empty(address, line)
        )
        assert leases[0].cancelled
        assert len(taking.stuck_threads) == 1
        free.set()


def test_stopping_waits_for_what_runs(address: str, line: FeedQueue) -> None:
    """What ends in time has been done; what does not is put back, and counts no more."""
    leases: dict[str, RunBudget] = {}
    free = threading.Event()

    def take_time(feed: str, lease: RunBudget) -> None:
        leases[feed] = lease
        (free if feed == "long" else bench.ended).wait(30)

    put(address, line, "long", "short")
    bench = Bench(take_time)
    with working(address, bench, pace=ROOMY):
        assert eventually(lambda: len(leases) == 2)
    assert line.count_waiting() == 1
    assert line.queued_feeds() == {"long"}
    assert leases["long"].cancelled
    assert not leases["short"].cancelled
    free.set()
    bench = Bench()
    with working(address, bench):
        assert eventually(lambda: bench.runs == ["long"] and empty(address, line))


def work_until_killed(address: str, told: Path) -> None:
    """In a process of its own: a worker whose runs end when they are told to, and note how."""

    def run(feed: str, everything: bool, lease: RunBudget) -> None:  # noqa: FBT001
        del feed, everything
        (told / "began").touch()
        assert eventually((told / "go").exists, 300)
        (told / ("refused" if lease.cancelled else "counted")).touch()

    logging.disable()
    taking = QueueConsumer(
        address,
        run,
        on_timeout=lambda _: None,
        concurrency=1,
        timeout_seconds=lambda: 60.0,
        is_rescuer=lambda: False,
        timings=FAST,
    )
    taking.run_until(threading.Event())
    sys.exit()


@contextmanager
def other_worker(address: str, told: Path) -> Iterator[int]:
    """Another worker at work on a feed; its pid."""
    process = FORKS.Process(target=work_until_killed, args=(address, told))
    process.start()
    try:
        assert eventually((told / "began").exists)
        assert process.pid
        yield process.pid
    finally:
        process.kill()
        process.join()


def is_silent(address: str) -> None:
    """Let all workers have given their last sign of life long ago.

    Those that live give the next one at once.
    """
    with psycopg.connect(connection_info(address)) as connection:
        connection.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - %s", (timedelta(days=1),)
        )


def kill(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)


def test_a_dead_workers_job_is_taken_over(address: str, line: FeedQueue, tmp_path: Path) -> None:
    """When it has been silent for long enough, and not before."""
    put(address, line, "a")
    bench = Bench()
    with other_worker(address, tmp_path) as pid, working(address, bench, pace=PATIENT):
        kill(pid, signal.SIGKILL)
        time.sleep(3 * FAST.heartbeat)
        assert bench.runs == []
        is_silent(address)
        assert eventually(lambda: bench.runs == ["a"] and empty(address, line))


def test_a_job_that_workers_die_of_waits_longer_each_time() -> None:
    """After the first loss it is taken over at once: most workers die of something else."""
    job, now = (
        Job(id=1, status="doing", queue="feeds", lock="a", queueing_lock="a", task_name="run"),
        datetime.now(UTC),
    )
    moments = [
        _retry_time(job.evolve(attempts=lost), WorkerTimings(first_retry=5, last_retry=60))
        for lost in range(6)
    ]
    assert [round((moment - now).total_seconds()) if moment else 0 for moment in moments] == [
        0,
        10,
        20,
        40,
        60,
        60,
    ]


def test_though_the_same_waits_already(address: str, line: FeedQueue, tmp_path: Path) -> None:
    """Two of a kind may not wait.

    The one that waits does for both, and others that were lost are found, too.
    """
    line.enqueue_urgent("a")
    bench = Bench()
    with other_worker(address, tmp_path) as pid:
        assert line.enqueue_urgent("a")
        kill(pid, signal.SIGKILL)
        with working(address, bench, pace=PATIENT):
            is_silent(address)
            assert eventually(lambda: bool(bench.runs) and empty(address, line))
            time.sleep(3 * FAST.heartbeat)
    assert bench.runs == ["a"]


def test_a_worker_that_was_away_changes_nothing(
    address: str, line: FeedQueue, tmp_path: Path
) -> None:
    """It wakes up, its run counts no more, and the job that another one works on is not ended by it."""
    put(address, line, "a")
    free = threading.Event()
    bench = Bench(lambda _feed, _lease: free.wait(30))
    with other_worker(address, tmp_path) as pid:
        kill(pid, signal.SIGSTOP)
        with working(address, bench, pace=PATIENT):
            is_silent(address)
            assert eventually(lambda: bench.runs == ["a"])
            time.sleep(FAST.lost_after)  # the lease of the other one's run ends, by its own clock
            (tmp_path / "go").touch()
            kill(pid, signal.SIGCONT)
            assert eventually((tmp_path / "refused").exists)
            time.sleep(3 * FAST.heartbeat)
            assert doing(address) == 1
            free.set()
            assert eventually(lambda: empty(address, line))


def test_the_server_is_stopped_and_started() -> None:
    """The worker goes on by itself.

    A job that ended meanwhile is not stuck, nor one that began before.
    """
    with own_server(synchronous_commit="on") as server:  # what was committed outlasts its crash
        address = server.database()
        gate = threading.Event()
        bench = Bench(lambda feed, _lease: gate.wait(30) if feed == "a" else None)
        with FeedQueue(address) as line, working(address, bench):
            put(address, line, "a")
            assert eventually(lambda: bench.runs == ["a"])
            server.stop(signal.SIGQUIT)
            gate.set()
            time.sleep(1)
            server.start()
            assert eventually(lambda: _empty_again(address, line), 40)
            put(address, line, "b")
            assert eventually(lambda: bench.runs[-1] == "b")


def _empty_again(address: str, line: FeedQueue) -> bool:
    try:
        return empty(address, line)
    except (StoreError, psycopg.Error):
        return False


def test_it_ends_though_the_server_is_away() -> None:
    """Before long: `working` waits a minute for it."""
    with own_server() as server:
        address = server.database()
        with FeedQueue(address):
            pass
        with working(address, Bench()):
            time.sleep(1)
            server.stop()
        server.start()
