"""What is due is put into a queue once, in one transaction with the schedule; on both engines."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from feedpub.store import ScheduledRun, Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Queue:
    """Remembers what was put into it."""

    def __init__(self) -> None:
        self.feeds: list[str] = []

    def put(self, connection: object, feeds: Collection[str]) -> None:
        del connection
        self.feeds += feeds


def nowhere(connection: object, feeds: Collection[str]) -> None:
    """A queue that is broken."""
    raise ZeroDivisionError(connection, feeds)


@pytest.fixture
def planned(store: Store) -> Store:
    """A state with three feeds, of which two are due."""
    store.schedule.reschedule({"a": NOW - MINUTE, "b": NOW - 2 * MINUTE, "c": NOW + MINUTE}, "x")
    return store


def test_what_is_due_is_handed_over_once(planned: Store) -> None:
    """Those that wait longest first; again after their next run was planned."""
    queue = Queue()
    assert planned.schedule.dispatch_due(NOW, 10, queue.put) == ("b", "a")
    assert planned.schedule.dispatch_due(NOW + 30 * MINUTE, 10, queue.put) == ("c",)
    planned.schedule.save(ScheduledRun("a", NOW, "x"))
    assert planned.schedule.dispatch_due(NOW, 10, queue.put) == ("a",)
    assert queue.feeds == ["b", "a", "c", "a"]


def test_as_many_as_wanted(planned: Store) -> None:
    """The rest stays for the next time."""
    queue = Queue()
    assert [planned.schedule.dispatch_due(NOW, 1, queue.put) for _ in range(3)] == [
        ("b",),
        ("a",),
        (),
    ]


def test_a_queue_that_takes_nothing(planned: Store) -> None:
    """Then nothing was handed over."""
    with pytest.raises(ZeroDivisionError):
        planned.schedule.dispatch_due(NOW, 10, nowhere)
    assert planned.schedule.dispatch_due(NOW, 10, Queue().put) == ("b", "a")


def test_what_a_queue_has_lost_is_handed_over_again(planned: Store) -> None:
    """But for what stands in it, and for what was put in a moment ago."""
    planned.schedule.dispatch_due(NOW, 10, Queue().put)
    assert planned.schedule.requeue_lost(NOW, queued=[]) == ()
    assert planned.schedule.requeue_lost(NOW + MINUTE, queued=["b"]) == ("a",)
    assert planned.schedule.dispatch_due(NOW, 10, Queue().put) == ("a",)


def test_what_was_handed_over_in_the_future(planned: Store) -> None:
    """The clock was ahead then: what the queue has not is lost."""
    planned.schedule.dispatch_due(NOW + timedelta(days=729), 1, Queue().put)
    assert planned.schedule.requeue_lost(NOW, []) == ("b",)
