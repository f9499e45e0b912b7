"""The queue and its tables."""

import multiprocessing
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from feedpub.core.errors import StoreError
from feedpub.scheduler.queue import FeedQueue
from feedpub.scheduler.queue.queue import SCHEMA_NAME, connection_info

FORKS = multiprocessing.get_context("spawn")
_JOBS = f"SELECT args FROM {SCHEMA_NAME}.procrastinate_jobs ORDER BY priority DESC, id"  # noqa: S608


def put(address: str, queue: FeedQueue, *feeds: str) -> None:
    """Queue each feed in a job of its own."""
    put_batches(address, queue, *[[feed] for feed in feeds])


def put_batches(address: str, queue: FeedQueue, *batches: Sequence[str]) -> None:
    with psycopg.connect(address) as connection:
        queue.enqueue(connection, batches)


def queued_jobs(address: str) -> list[tuple[str, bool]]:
    """Return the feeds of the queued jobs in order, and if all sources are checked."""
    with psycopg.connect(address) as connection:
        jobs = [args for (args,) in connection.execute(_JOBS)]
    return [(" ".join(args["feeds"]), args["all"]) for args in jobs]


def take(address: str, feed: str) -> None:
    """Begin to work on a job that begins with a feed, as a worker does."""
    with psycopg.connect(connection_info(address)) as connection:
        connection.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE args->'feeds'->>0 = %s", (feed,)
        )


def open_and_close(address: str) -> None:
    with FeedQueue(address) as queue:
        queue.count_waiting()


def test_feeds_are_queued_once_in_order(address: str, queue: FeedQueue) -> None:
    put(address, queue, "b", "a")
    put(address, queue, "a", "c")
    assert queued_jobs(address) == [("b", False), ("a", False), ("c", False)]
    assert queue.count_waiting() == 3
    assert queue.queued_feeds() == {"a", "b", "c"}


def test_batches_are_queued_without_feeds_that_wait(address: str, queue: FeedQueue) -> None:
    put_batches(address, queue, ["b", "a"], ["c"])
    put_batches(address, queue, ["a", "d", "c"], ["b"], ["e"])
    assert queued_jobs(address) == [("b a", False), ("c", False), ("d", False), ("e", False)]
    assert queue.count_waiting() == 5
    assert queue.queued_feeds() == {"a", "b", "c", "d", "e"}


def test_enqueue_is_part_of_the_callers_transaction(address: str, queue: FeedQueue) -> None:
    with psycopg.connect(address) as connection:
        queue.enqueue(connection, [["a"]])
        connection.rollback()
    assert queued_jobs(address) == []


def test_urgent_feed_is_queued_first(address: str, queue: FeedQueue) -> None:
    put(address, queue, "a", "b")
    assert queue.enqueue_urgent("b")
    assert not queue.enqueue_urgent("b")
    assert queued_jobs(address) == [("b", True), ("a", False), ("b", False)]


def test_running_feeds_are_reported(address: str, queue: FeedQueue) -> None:
    put(address, queue, "a", "b")
    take(address, "a")
    (busy,) = queue.running_feeds().items()
    assert busy[0] == "a"
    assert abs(datetime.now(UTC) - busy[1]) < timedelta(minutes=1)
    assert queue.count_waiting() == 1
    put(address, queue, "a")
    assert queue.count_waiting() == 2
    assert queue.enqueue_urgent("a")


def test_all_feeds_of_a_running_batch_are_reported(address: str, queue: FeedQueue) -> None:
    put_batches(address, queue, ["a", "b"], ["c"])
    take(address, "a")
    assert queue.running_feeds().keys() == {"a", "b"}


def test_tables_of_another_version_are_rebuilt(address: str, queue: FeedQueue) -> None:
    put(address, queue, "a")
    with FeedQueue(address):
        assert queue.count_waiting() == 1
    with psycopg.connect(address) as connection:
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA_NAME} IS 'another'")
    with FeedQueue(address):
        assert queue.count_waiting() == 0


def test_concurrent_opens_create_the_tables_once(address: str) -> None:
    openers = [FORKS.Process(target=open_and_close, args=(address,)) for _ in range(3)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(60)
    assert [opener.exitcode for opener in openers] == [0, 0, 0]


def test_dropped_tables_are_created_again(address: str, queue: FeedQueue) -> None:
    with psycopg.connect(address) as connection:
        connection.execute(f"DROP SCHEMA {SCHEMA_NAME} CASCADE")
    with pytest.raises(StoreError, match="cannot query the job queue"):
        queue.count_waiting()
    with (
        pytest.raises(StoreError, match="cannot query the job queue"),
        psycopg.connect(address) as connection,
    ):
        queue.enqueue(connection, [["a"]])
    queue.create_tables()
    put(address, queue, "a")
    assert queue.count_waiting() == 1


def test_unreachable_server_raises_store_error() -> None:
    queue = FeedQueue("postgresql://nobody@127.0.0.1:1/nothing")
    queue._connector._pool_args["timeout"] = 0.5
    with pytest.raises(StoreError, match="cannot query the job queue"):
        queue.open()
    queue.close()
