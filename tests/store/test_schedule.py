"""Due feeds are put into the queue once, in the transaction that changes the schedule."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from feedpub.store import ScheduledRun, Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Queue:
    """A queue that remembers its feeds."""

    def __init__(self) -> None:
        self.feeds: list[str] = []

    def put(self, connection: object, feeds: Collection[str]) -> None:
        del connection
        self.feeds += feeds


def broken_queue(connection: object, feeds: Collection[str]) -> None:
    """Fail, as a queue that is broken."""
    raise ZeroDivisionError(connection, feeds)


@pytest.fixture
def store_with_plan(store: Store) -> Store:
    """Return a state with three feeds, of which two are due."""
    store.schedule.reschedule({"a": NOW - MINUTE, "b": NOW - 2 * MINUTE, "c": NOW + MINUTE}, "x")
    return store


def test_due_feed_is_queued_once_per_scheduled_run(store_with_plan: Store) -> None:
    queue = Queue()
    assert store_with_plan.schedule.dispatch_due(NOW, 10, queue.put) == ("b", "a")
    assert store_with_plan.schedule.dispatch_due(NOW + 30 * MINUTE, 10, queue.put) == ("c",)
    store_with_plan.schedule.save(ScheduledRun("a", NOW, "x"))
    assert store_with_plan.schedule.dispatch_due(NOW, 10, queue.put) == ("a",)
    assert queue.feeds == ["b", "a", "c", "a"]


def test_dispatch_stops_at_its_limit(store_with_plan: Store) -> None:
    queue = Queue()
    assert [store_with_plan.schedule.dispatch_due(NOW, 1, queue.put) for _ in range(3)] == [
        ("b",),
        ("a",),
        (),
    ]


def test_feed_is_not_marked_if_the_queue_fails(store_with_plan: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        store_with_plan.schedule.dispatch_due(NOW, 10, broken_queue)
    assert store_with_plan.schedule.dispatch_due(NOW, 10, Queue().put) == ("b", "a")


def test_feed_that_the_queue_has_lost_is_queued_again(store_with_plan: Store) -> None:
    store_with_plan.schedule.dispatch_due(NOW, 10, Queue().put)
    assert store_with_plan.schedule.requeue_lost(NOW, queued=[]) == ()
    assert store_with_plan.schedule.requeue_lost(NOW + MINUTE, queued=["b"]) == ("a",)
    assert store_with_plan.schedule.dispatch_due(NOW, 10, Queue().put) == ("a",)


def test_feed_that_was_queued_by_a_clock_ahead_is_queued_again(store_with_plan: Store) -> None:
    store_with_plan.schedule.dispatch_due(NOW + timedelta(days=729), 1, Queue().put)
    assert store_with_plan.schedule.requeue_lost(NOW, []) == ("b",)
