"""The line that feeds wait in, for those who put them there and look at it."""

import multiprocessing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from feedpub.core.errors import StoreError
from feedpub.scheduler.queue import FeedQueue
from feedpub.scheduler.queue.queue import SCHEMA_NAME, connection_info

FORKS = multiprocessing.get_context("spawn")
_JOBS = f"SELECT task_name, lock, priority, args FROM {SCHEMA_NAME}.procrastinate_jobs ORDER BY priority DESC, id"  # noqa: S608


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


def test_feeds_stand_in_turn(address: str, line: FeedQueue) -> None:
    """As they were put there; who stands in it stays where it is, once."""
    put(address, line, "b", "a")
    put(address, line, "a", "c")
    assert standing(address) == [("b", False), ("a", False), ("c", False)]
    assert line.count_waiting() == 3
    assert line.queued_feeds() == {"a", "b", "c"}


def test_what_is_rolled_back_is_not_there(address: str, line: FeedQueue) -> None:
    """The transaction is the caller's."""
    with psycopg.connect(address) as connection:
        line.enqueue(connection, ["a"])
        connection.rollback()
    assert standing(address) == []


def test_first_of_all(address: str, line: FeedQueue) -> None:
    """Somebody waits for it; with all sources; once."""
    put(address, line, "a", "b")
    assert line.enqueue_urgent("b")
    assert not line.enqueue_urgent("b")
    assert standing(address) == [("b", True), ("a", False), ("b", False)]


def test_who_is_being_run(address: str, line: FeedQueue) -> None:
    """Is busy, waits no more, and may stand in the line anew."""
    put(address, line, "a", "b")
    take(address, "a")
    (busy,) = line.running_feeds().items()
    assert busy[0] == "a"
    assert abs(datetime.now(UTC) - busy[1]) < timedelta(minutes=1)
    assert line.count_waiting() == 1
    put(address, line, "a")
    assert line.count_waiting() == 2
    assert line.enqueue_urgent("a")


def test_tables_of_another_version_are_made_anew(address: str, line: FeedQueue) -> None:
    """What stood in them is lost; tables that are right stay as they are."""
    put(address, line, "a")
    with FeedQueue(address):
        assert line.count_waiting() == 1
    with psycopg.connect(address) as connection:
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA_NAME} IS 'another'")
    with FeedQueue(address):
        assert line.count_waiting() == 0


def test_several_open_it_at_once(address: str) -> None:
    """One of them makes the tables."""
    openers = [FORKS.Process(target=open_and_close, args=(address,)) for _ in range(3)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(60)
    assert [opener.exitcode for opener in openers] == [0, 0, 0]


def test_tables_that_somebody_dropped(address: str, line: FeedQueue) -> None:
    """Are an error of ours, in a transaction of the caller's, too; then they are made anew."""
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


def test_no_server() -> None:
    """Is an error of ours."""
    line = FeedQueue("postgresql://nobody@127.0.0.1:1/nothing")
    line._connector._pool_args["timeout"] = 0.5
    with pytest.raises(StoreError, match="cannot query the job queue"):
        line.open()
    line.close()
