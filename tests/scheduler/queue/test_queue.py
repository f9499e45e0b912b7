"""The line that feeds wait in, for those who put them there and look at it."""

import multiprocessing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from feedpub.core.errors import StoreError
from feedpub.scheduler.queue import FeedQueue
from feedpub.scheduler.queue.queue import SCHEMA_NAME, connection_info

FORKS = multiprocessing.get_context("spawn")
_JOBS = (
    "SELECT task_name, lock, priority, args "  # noqa: S608
    f"FROM {SCHEMA_NAME}.procrastinate_jobs ORDER BY priority DESC, id"
)


def put(address: str, line: FeedQueue, *feeds: str) -> None:
    with psycopg.connect(address) as connection:
        line.enqueue(connection, feeds)


def standing(address: str) -> list[tuple[str, bool]]:
    """Who stands in the line, in turn, and whether all their sources are to be looked at."""
    with psycopg.connect(address) as connection:
        return [(row[1], row[3]["all"]) for row in connection.execute(_JOBS)]


def take(address: str, feed: str) -> None:
    """Begin to work on a feed, as a worker does."""
    with psycopg.connect(connection_info(address)) as connection:
        connection.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = %s", (feed,)
        )


def open_and_close(address: str) -> None:
    with FeedQueue(address) as line:
        line.count_waiting()


def test_feeds_are_queued_once_in_order(address: str, line: FeedQueue) -> None:
    put(address, line, "b", "a")
    put(address, line, "a", "c")
    assert standing(address) == [("b", False), ("a", False), ("c", False)]
    assert line.count_waiting() == 3
    assert line.queued_feeds() == {"a", "b", "c"}


def test_enqueue_is_part_of_the_callers_transaction(address: str, line: FeedQueue) -> None:
    with psycopg.connect(address) as connection:
        line.enqueue(connection, ["a"])
        connection.rollback()
    assert standing(address) == []


def test_urgent_feed_is_queued_first(address: str, line: FeedQueue) -> None:
    put(address, line, "a", "b")
    assert line.enqueue_urgent("b")
    assert not line.enqueue_urgent("b")
    assert standing(address) == [("b", True), ("a", False), ("b", False)]


def test_running_feeds_are_reported(address: str, line: FeedQueue) -> None:
    put(address, line, "a", "b")
    take(address, "a")
    (busy,) = line.running_feeds().items()
    assert busy[0] == "a"
    assert abs(datetime.now(UTC) - busy[1]) < timedelta(minutes=1)
    assert line.count_waiting() == 1
    put(address, line, "a")
    assert line.count_waiting() == 2
    assert line.enqueue_urgent("a")


def test_tables_of_another_version_are_rebuilt(address: str, line: FeedQueue) -> None:
    put(address, line, "a")
    with FeedQueue(address):
        assert line.count_waiting() == 1
    with psycopg.connect(address) as connection:
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA_NAME} IS 'another'")
    with FeedQueue(address):
        assert line.count_waiting() == 0


def test_concurrent_opens_create_the_tables_once(address: str) -> None:
    openers = [FORKS.Process(target=open_and_close, args=(address,)) for _ in range(3)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(60)
    assert [opener.exitcode for opener in openers] == [0, 0, 0]


def test_dropped_tables_are_created_again(address: str, line: FeedQueue) -> None:
    with psycopg.connect(address) as connection:
        connection.execute(f"DROP SCHEMA {SCHEMA_NAME} CASCADE")
    with pytest.raises(StoreError, match="cannot query the job queue"):
        line.count_waiting()
    with (
        pytest.raises(StoreError, match="cannot query the job queue"),
        psycopg.connect(address) as connection,
    ):
        line.enqueue(connection, ["a"])
    line.create_tables()
    put(address, line, "a")
    assert line.count_waiting() == 1


def test_unreachable_server_raises_store_error() -> None:
    line = FeedQueue("postgresql://nobody@127.0.0.1:1/nothing")
    line._connector._pool_args["timeout"] = 0.5
    with pytest.raises(StoreError, match="cannot query the job queue"):
        line.open()
    line.close()
