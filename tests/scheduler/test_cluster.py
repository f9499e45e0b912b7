"""Leader election, and what the leader queues."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from feedpub.config import Config
from feedpub.core.clock import utc_now
from feedpub.core.errors import StoreError
from feedpub.pipeline.context import RunContext, open_fetcher
from feedpub.publisher import open_output
from feedpub.scheduler.cluster import (
    MIN_BATCH_FEEDS,
    SHARES,
    ClusterScheduler,
    LeaderTimings,
    group_by_host,
)
from feedpub.scheduler.queue import FeedQueue
from feedpub.scheduler.queue.queue import SCHEMA_NAME, connection_info
from feedpub.store import ScheduledRun, Store
from tests.support.newsroom import configure, feed
from tests.support.service import eventually

FORKS = multiprocessing.get_context("spawn")
FAST = LeaderTimings(lease=2.0, renew=0.3, poll=0.1, repair=0.5)
A, B, C = (feed(name, f"page http://127.0.0.1:1/{name}") for name in "abc")


@contextmanager
def open_context(config: Config, address: str) -> Iterator[RunContext]:
    with Store.open(address) as store, open_fetcher(config.feedpub) as fetcher:
        yield RunContext(
            config.feedpub, store, fetcher, open_output(config.feedpub.output, config.s3)
        )


@contextmanager
def service(
    config: Config, address: str, changed: list[int] | None = None
) -> Iterator[ClusterScheduler]:
    """Run a scheduler while the block runs."""
    changes = [] if changed is None else changed
    with open_context(config, address) as context, FeedQueue(address) as own:
        jobs = ClusterScheduler(config, context, own, lambda: changes.append(1), FAST)
        jobs.start()
        try:
            yield jobs
        finally:
            jobs.stop(5)


def lead_for_long(folder: Path, address: str, leads: Path) -> None:
    """Run a scheduler in its own process. A file exists while it is the leader."""
    with service(configure(folder, A), address) as jobs:
        while True:
            with suppress(FileNotFoundError):
                leads.touch() if jobs.is_leader else leads.unlink()
            time.sleep(0.05)


@contextmanager
def other_service(folder: Path, address: str) -> Iterator[tuple[int, Path]]:
    """Start another leader, and yield its pid and the file."""
    leads = folder / "leads"
    process = FORKS.Process(target=lead_for_long, args=(folder, address, leads))
    process.start()
    try:
        assert eventually(leads.exists)
        assert process.pid
        yield process.pid, leads
    finally:
        process.kill()
        process.join()


def test_due_feed_is_queued_once(address: str, queue: FeedQueue, tmp_path: Path) -> None:
    with service(configure(tmp_path, A, B), address):
        assert eventually(lambda: queue.queued_feeds() == {"a", "b"})
        time.sleep(1)
        assert queue.count_waiting() == 2
        with psycopg.connect(connection_info(address)) as connection:
            connection.execute("DELETE FROM procrastinate_jobs")
        with Store.open(address) as store:
            for name in "ab":
                store.schedule.save(ScheduledRun(name, utc_now(), "x"))
        assert eventually(lambda: queue.queued_feeds() == {"a", "b"})


def test_only_one_service_leads(address: str, queue: FeedQueue, tmp_path: Path) -> None:
    config = configure(tmp_path, A)
    with service(config, address) as second:
        assert eventually(lambda: second.is_leader)
        with service(config, address) as first:
            time.sleep(2 * FAST.renew)
            assert (first.is_leader, second.is_leader) == (False, True)
            second.stop(5)
            assert not second.is_leader
            assert eventually(lambda: first.is_leader, 2)
    assert queue.count_waiting() == 1


@pytest.mark.usefixtures("queue")
def test_dead_leader_is_replaced(address: str, tmp_path: Path) -> None:
    with (
        other_service(tmp_path, address) as (pid, _),
        service(configure(tmp_path, A), address) as jobs,
    ):
        time.sleep(1)
        assert not jobs.is_leader
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        assert eventually(lambda: jobs.is_leader)
        assert time.monotonic() - killed < FAST.lease + 1


@pytest.mark.usefixtures("queue")
def test_resumed_leader_with_expired_lease_stops_leading(address: str, tmp_path: Path) -> None:
    with (
        other_service(tmp_path, address) as (pid, leads),
        service(configure(tmp_path, A), address) as jobs,
    ):
        os.kill(pid, signal.SIGSTOP)
        assert eventually(lambda: jobs.is_leader)
        os.kill(pid, signal.SIGCONT)
        assert eventually(lambda: not leads.exists(), 2)
        time.sleep(2 * FAST.renew)
        assert jobs.is_leader
        assert not leads.exists()


def test_changed_config_reschedules_changed_feeds(
    address: str, queue: FeedQueue, tmp_path: Path
) -> None:
    config = configure(tmp_path, A, B)
    with open_context(config, address) as context, service(config, address) as jobs:
        assert eventually(lambda: queue.count_waiting() == 2)
        later = utc_now() + timedelta(hours=1)
        for name in "ab":
            context.store.schedule.save(ScheduledRun(name, later, "x"))
        other = configure(tmp_path, A.replace("The a feed", "Another"), C)
        changes = jobs.apply(other, replace(context, settings=other.feedpub))
        assert changes == {"added": ["c"], "changed": ["a"], "removed": ["b"]}
        moments = context.store.schedule.next_times()
        assert moments.keys() == {"a", "c"}
        assert timedelta() < moments["a"] - utc_now() < timedelta(seconds=8)
        assert eventually(lambda: queue.queued_feeds() == {"a", "b", "c"})
    with service(config, address):
        assert eventually(lambda: tools_planned(address) == {"a", "b"})


def tools_planned(address: str) -> set[str]:
    with Store.open(address) as store:
        return set(store.schedule.next_times())


def test_lost_queue_is_filled_again(
    address: str, queue: FeedQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedpub.scheduler.cluster.ENQUEUE_DELAY", timedelta())
    with service(configure(tmp_path, A, B), address):
        assert eventually(lambda: queue.count_waiting() == 2)
        with psycopg.connect(address) as connection:
            connection.execute(f"DROP SCHEMA {SCHEMA_NAME} CASCADE")
        assert eventually(lambda: count_waiting(queue) == 2)


def count_waiting(queue: FeedQueue) -> int:
    try:
        return queue.count_waiting()
    except StoreError:
        return 0


def test_run_now_queues_the_feed_first(address: str, queue: FeedQueue, tmp_path: Path) -> None:
    with service(configure(tmp_path, A), address) as jobs:
        assert jobs.run_now("a")
        assert not jobs.run_now("a")
        assert not jobs.run_now("z")
        assert eventually(lambda: queue.count_waiting() == 2)


def test_feeds_of_a_host_stay_together() -> None:
    hosts = {}
    for number in range(60):
        hosts[f"feed{number}"] = frozenset([f"host{number % 20}"])
    batches = group_by_host(hosts)
    assert sorted(feed for batch in batches for feed in batch) == sorted(hosts)
    assert max(map(len, batches)) <= MIN_BATCH_FEEDS
    for host in set(hosts.values()):
        having = [batch for batch in batches if any(hosts[feed] == host for feed in batch)]
        assert len(having) == 1


def test_batches_are_bounded_and_begin_with_the_most_overdue_feed() -> None:
    one_host = {f"feed{number}": frozenset(["host"]) for number in range(250)}
    batches = group_by_host(one_host)
    assert [len(batch) for batch in batches] == [100, 100, 50]
    assert batches[0][0] == "feed0"
    many = {f"feed{number}": frozenset([f"host{number}"]) for number in range(500)}
    assert len(group_by_host(many)) == SHARES
