"""The consumer: runs, retries and lost jobs."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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
from tests.scheduler.queue.test_queue import put, put_batches
from tests.support.postgres import temporary_server
from tests.support.service import eventually

FORKS = multiprocessing.get_context("spawn")
FAST = WorkerTimings(
    grace=0.5, drain=1.0, first_retry=1, last_retry=2, heartbeat=0.3, lost_after=2.0, poll=0.2
)
# On a busy machine, a slow worker must not be considered dead.
PATIENT = replace(FAST, lost_after=3600.0)
# On a busy machine, a run that ends at once may take some seconds.
ROOMY = replace(FAST, drain=5.0, lost_after=60.0)


@dataclass
class Bench:
    """Record the runs of a consumer.

    Attributes:
        does: Called in each run.
        done: The feeds that have run already.
        most: The highest number of concurrent runs, of all feeds and of each.
    """

    does: Callable[[str, RunBudget], object] = lambda _feed, _budget: None
    done: set[str] = field(default_factory=set)
    runs: list[str] = field(default_factory=list)
    everything: list[bool] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    now: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, feeds: Sequence[str]) -> Sequence[str]:
        return [feed for feed in feeds if feed not in self.done]

    def end(self) -> None:
        pass

    def time_out(self, feed: str) -> None:
        self.lost.append(feed)

    def run_feed(self, feed: str, everything: bool, budget: RunBudget) -> None:  # noqa: FBT001 -- the consumer passes it
        with self._lock:
            self.runs.append(feed)
            self.everything.append(everything)
            for key in (feed, "all of them"):
                self.now[key] += 1
                self.most[key] = max(self.most[key], self.now[key])
        try:
            self.does(feed, budget)
        finally:
            with self._lock:
                self.now.subtract((feed, "all of them"))


@contextmanager
def running_consumer(
    address: str,
    bench: Bench,
    *,
    concurrency: int = 4,
    timeout_seconds: Callable[[], float] = lambda: 30.0,
    timings: WorkerTimings = FAST,
) -> Iterator[QueueConsumer]:
    """Run a consumer while the block runs."""
    consumer = QueueConsumer(
        address,
        bench,
        concurrency=concurrency,
        timeout_seconds=timeout_seconds,
        is_rescuer=lambda: True,
        timings=timings,
    )
    thread = threading.Thread(target=consumer.run_until, args=(bench.ended,))
    thread.start()
    try:
        yield consumer
    finally:
        bench.ended.set()
        thread.join(60)
        assert not thread.is_alive()


def count_running(address: str) -> int:
    """Return the number of jobs that are marked as running."""
    with psycopg.connect(connection_info(address)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"
        ).fetchone()
        return int(row[0]) if row else 0


def empty(address: str, queue: FeedQueue) -> bool:
    return not queue.count_waiting() and not count_running(address)


def test_queued_feeds_are_run(address: str, queue: FeedQueue) -> None:
    three = threading.Barrier(3)
    bench = Bench(lambda _feed, _budget: three.wait(30))
    names = [f"feed{number}" for number in range(12)]
    put(address, queue, *names)
    with running_consumer(address, bench, concurrency=3):
        assert eventually(lambda: len(bench.runs) == 12 and empty(address, queue))
    assert sorted(bench.runs) == sorted(names)
    assert bench.most["all of them"] == 3


def test_feed_never_runs_twice_at_once(address: str, queue: FeedQueue) -> None:
    bench = Bench(lambda _feed, _budget: time.sleep(0.3))
    put(address, queue, "a", "b")
    queue.enqueue_urgent("b")
    with running_consumer(address, bench, concurrency=1):
        assert eventually(lambda: len(bench.runs) == 3 and empty(address, queue))
    assert bench.runs == ["b", "a", "b"]
    assert bench.everything == [True, False, False]
    bench = Bench(bench.does)
    put(address, queue, "a")
    queue.enqueue_urgent("a")
    with running_consumer(address, bench), running_consumer(address, bench):
        assert eventually(lambda: len(bench.runs) == 2 and empty(address, queue))
    assert bench.most["a"] == 1


def test_feeds_of_a_batch_run_one_after_the_other(address: str, queue: FeedQueue) -> None:
    bench = Bench(lambda _feed, _budget: time.sleep(0.02))
    put_batches(address, queue, ["a", "b", "c"], ["d", "e"])
    with running_consumer(address, bench, concurrency=2):
        assert eventually(lambda: len(bench.runs) == 5 and empty(address, queue))
    assert [feed for feed in bench.runs if feed in "abc"] == ["a", "b", "c"]
    assert bench.most["all of them"] <= 2


def test_batches_with_the_same_feed_never_run_at_once(address: str, queue: FeedQueue) -> None:
    bench = Bench(lambda _feed, _budget: time.sleep(0.2))
    put_batches(address, queue, ["a", "b", "c"])
    for feed in "abc":
        queue.enqueue_urgent(feed)
    with running_consumer(address, bench), running_consumer(address, bench):
        assert eventually(lambda: len(bench.runs) == 6 and empty(address, queue))
    assert max(bench.most[feed] for feed in "abc") == 1


def test_failed_feed_is_retried_without_the_others_of_its_batch(
    address: str, queue: FeedQueue
) -> None:
    bench = Bench()

    def fail_once(feed: str, _budget: RunBudget) -> None:
        if feed == "b" and bench.runs.count("b") == 1:
            raise StoreError("the disk is full")
        bench.done.add(feed)

    bench.does = fail_once
    put_batches(address, queue, ["a", "b", "c"])
    with running_consumer(address, bench, concurrency=1):
        assert eventually(lambda: len(bench.runs) == 4 and empty(address, queue))
    assert bench.runs == ["a", "b", "c", "b"]


def test_batch_that_takes_long_is_shared(address: str, queue: FeedQueue) -> None:
    free = threading.Event()
    bench = Bench(lambda feed, _budget: free.wait(30) if feed == "slow" else None)
    names = [f"feed{number}" for number in range(25)]
    put_batches(address, queue, ["first", "slow", *names])
    timings = replace(FAST, share=0.3, lost_after=60.0)
    with running_consumer(address, bench, concurrency=2, timings=timings):
        assert eventually(lambda: len(bench.runs) == 27)
        assert eventually(lambda: queue.queued_feeds() == {"slow"})
        free.set()
        assert eventually(lambda: empty(address, queue))
    assert sorted(bench.runs) == sorted(["first", "slow", *names])
    assert not bench.lost


def test_failed_feed_of_a_shared_batch_is_retried(address: str, queue: FeedQueue) -> None:
    bench = Bench()

    def run(feed: str, _budget: RunBudget) -> None:
        if feed == "a" and bench.runs.count("a") == 1:
            raise StoreError("the disk is full")
        if feed == "b" and bench.runs.count("b") == 1:
            time.sleep(1)
        bench.done.add(feed)

    bench.does = run
    put_batches(address, queue, ["a", "b", "c"])
    with running_consumer(address, bench, timings=replace(FAST, share=0.3)):
        assert eventually(lambda: len(bench.runs) == 4 and empty(address, queue))
    assert sorted(bench.runs) == ["a", "a", "b", "c"]


def test_stuck_feed_does_not_hold_its_batch(address: str, queue: FeedQueue) -> None:
    free = threading.Event()
    bench = Bench(lambda feed, _budget: free.wait(30) if feed == "b" else None)
    put_batches(address, queue, ["a", "b", "c"])
    with running_consumer(
        address, bench, concurrency=1, timeout_seconds=lambda: 30.0 if bench.lost else 0.2
    ):
        assert eventually(lambda: bench.runs == ["a", "b", "c"] and empty(address, queue))
        assert bench.lost == ["b"]
        free.set()
        time.sleep(0.3)
    assert bench.runs == ["a", "b", "c"]


def test_failed_job_is_retried(address: str, queue: FeedQueue) -> None:
    tries: list[str] = []

    def fail(feed: str, _budget: RunBudget) -> None:
        tries.append(feed)
        if len(tries) < 3:
            raise StoreError("the disk is full")

    put(address, queue, "a")
    with running_consumer(address, Bench(fail)):
        assert eventually(lambda: len(tries) == 3 and empty(address, queue))


def test_retry_waits_increase() -> None:
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


def test_stuck_run_is_cancelled(address: str, queue: FeedQueue) -> None:
    leases: list[RunBudget] = []
    free = threading.Event()

    def hang(feed: str, budget: RunBudget) -> None:
        if feed == "a":
            leases.append(budget)
            free.wait(30)

    bench = Bench(hang)
    put(address, queue, "a", "b")
    # Only the first run has too little time.
    with running_consumer(
        address, bench, concurrency=1, timeout_seconds=lambda: 30.0 if bench.lost else 0.2
    ) as consumer:
        assert eventually(
            lambda: bench.lost == ["a"] and bench.runs == ["a", "b"] and empty(address, queue)
        )
        assert leases[0].cancelled
        assert len(consumer.stuck_threads) == 1
        free.set()


def test_stop_waits_for_current_runs(address: str, queue: FeedQueue) -> None:
    leases: dict[str, RunBudget] = {}
    free = threading.Event()

    def take_time(feed: str, budget: RunBudget) -> None:
        leases[feed] = budget
        (free if feed == "long" else bench.ended).wait(30)

    put(address, queue, "long", "short")
    bench = Bench(take_time)
    with running_consumer(address, bench, timings=ROOMY):
        assert eventually(lambda: len(leases) == 2)
    assert queue.count_waiting() == 1
    assert queue.queued_feeds() == {"long"}
    assert leases["long"].cancelled
    assert not leases["short"].cancelled
    free.set()
    bench = Bench()
    with running_consumer(address, bench):
        assert eventually(lambda: bench.runs == ["long"] and empty(address, queue))


def work_until_killed(address: str, signals: Path) -> None:
    """Run a consumer in its own process. Files start its runs and record how they end."""

    def run(_feed: str, budget: RunBudget) -> None:
        (signals / "began").touch()
        assert eventually((signals / "go").exists, 300)
        (signals / ("refused" if budget.cancelled else "counted")).touch()

    logging.disable()
    consumer = QueueConsumer(
        address,
        Bench(run),
        concurrency=1,
        timeout_seconds=lambda: 60.0,
        is_rescuer=lambda: False,
        timings=FAST,
    )
    consumer.run_until(threading.Event())
    sys.exit()


@contextmanager
def other_worker(address: str, signals: Path) -> Iterator[int]:
    """Start another worker that runs a feed, and yield its pid."""
    process = FORKS.Process(target=work_until_killed, args=(address, signals))
    process.start()
    try:
        assert eventually((signals / "began").exists)
        assert process.pid
        yield process.pid
    finally:
        process.kill()
        process.join()


def is_silent(address: str) -> None:
    """Set the last heartbeat of all workers to long ago.

    Live workers send the next one at once.
    """
    with psycopg.connect(connection_info(address)) as connection:
        connection.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - %s", (timedelta(days=1),)
        )


def kill(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)


def test_job_of_a_dead_worker_is_requeued(address: str, queue: FeedQueue, tmp_path: Path) -> None:
    put(address, queue, "a")
    bench = Bench()
    with other_worker(address, tmp_path) as pid, running_consumer(address, bench, timings=PATIENT):
        kill(pid, signal.SIGKILL)
        time.sleep(3 * FAST.heartbeat)
        assert bench.runs == []
        is_silent(address)
        assert eventually(lambda: bench.runs == ["a"] and empty(address, queue))


def test_feeds_of_a_dead_workers_batch_are_requeued_alone(
    address: str, queue: FeedQueue, tmp_path: Path
) -> None:
    put_batches(address, queue, ["a", "b", "c"])
    bench = Bench(done={"c"})
    with other_worker(address, tmp_path) as pid:
        kill(pid, signal.SIGKILL)
        with running_consumer(address, bench, timings=PATIENT, concurrency=1):
            is_silent(address)
            assert eventually(lambda: len(bench.runs) == 2 and empty(address, queue))
    assert sorted(bench.runs) == ["a", "b"]


def test_job_that_crashes_workers_waits_longer_each_time() -> None:
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


def test_lost_job_is_dropped_if_the_feed_already_waits(
    address: str, queue: FeedQueue, tmp_path: Path
) -> None:
    queue.enqueue_urgent("a")
    bench = Bench()
    with other_worker(address, tmp_path) as pid:
        assert queue.enqueue_urgent("a")
        kill(pid, signal.SIGKILL)
        with running_consumer(address, bench, timings=PATIENT):
            is_silent(address)
            assert eventually(lambda: bool(bench.runs) and empty(address, queue))
            time.sleep(3 * FAST.heartbeat)
    assert bench.runs == ["a"]


def test_worker_that_lost_its_job_can_neither_finish_nor_retry_it(
    address: str, queue: FeedQueue, tmp_path: Path
) -> None:
    put(address, queue, "a")
    free = threading.Event()
    bench = Bench(lambda _feed, _budget: free.wait(30))
    with other_worker(address, tmp_path) as pid:
        kill(pid, signal.SIGSTOP)
        with running_consumer(address, bench, timings=PATIENT):
            is_silent(address)
            assert eventually(lambda: bench.runs == ["a"])
            time.sleep(FAST.lost_after)  # the budget of the other one's run ends, by its own clock
            (tmp_path / "go").touch()
            kill(pid, signal.SIGCONT)
            assert eventually((tmp_path / "refused").exists)
            time.sleep(3 * FAST.heartbeat)
            assert count_running(address) == 1
            free.set()
            assert eventually(lambda: empty(address, queue))


def test_worker_reconnects_to_a_restarted_server() -> None:
    with temporary_server(synchronous_commit="on") as server:  # commits survive its crash
        address = server.create_database()
        gate = threading.Event()
        bench = Bench(lambda feed, _budget: gate.wait(30) if feed == "a" else None)
        with FeedQueue(address) as queue, running_consumer(address, bench):
            put(address, queue, "a")
            assert eventually(lambda: bench.runs == ["a"])
            server.stop(signal.SIGQUIT)
            gate.set()
            time.sleep(1)
            server.start()
            assert eventually(lambda: _empty_again(address, queue), 40)
            put(address, queue, "b")
            assert eventually(lambda: bench.runs[-1] == "b")


def _empty_again(address: str, queue: FeedQueue) -> bool:
    try:
        return empty(address, queue)
    except (StoreError, psycopg.Error):
        return False


def test_worker_stops_while_the_server_is_down() -> None:
    with temporary_server() as server:
        address = server.create_database()
        with FeedQueue(address):
            pass
        with running_consumer(address, Bench()):
            time.sleep(1)
            server.stop()
        server.start()
