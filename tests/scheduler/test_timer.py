"""The timer: changed times, many feeds, and a dead thread."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from feedpub.scheduler.timer import Timer
from tests.scheduler.test_runner import eventually

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def due() -> list[str]:
    return []


@pytest.fixture
def timer(due: list[str]) -> Iterator[Timer]:
    new_timer = Timer(due.extend, now)
    new_timer.start()
    yield new_timer
    new_timer.stop()


def test_due_feeds_are_fired(timer: Timer, due: list[str]) -> None:
    timer.set("late", now() - HOUR)
    timer.set("soon", now() + timedelta(seconds=0.2))
    timer.set("far", now() + HOUR)
    assert eventually(lambda: due == ["late", "soon"])


def test_changed_time_replaces_the_old_one(timer: Timer, due: list[str]) -> None:
    timer.set("a", now() + HOUR)
    timer.set("b", now() + timedelta(seconds=0.2))
    timer.drop("b")
    timer.drop("unknown")
    timer.set("a", now())
    assert eventually(lambda: due == ["a"])
    assert "b" not in timer.next_times


def test_thousands_of_feeds_are_fired_in_order(timer: Timer, due: list[str]) -> None:
    start = now()
    timer.set_all({f"feed-{n}": start + timedelta(milliseconds=n / 10) for n in range(5000)})
    timer.set_all({f"far-{n}": start + HOUR for n in range(5000)})
    assert eventually(lambda: len(due) == 5000)
    assert due == [f"feed-{n}" for n in range(5000)]
    assert len(timer._scheduler.get_jobs()) == 2
    assert len(timer.next_times) == 10_000


def test_heap_does_not_grow_with_changed_times(timer: Timer) -> None:
    for n in range(1000):
        timer.set("a", now() + HOUR + timedelta(seconds=n))
    assert len(timer._heap) < 200


def _lives(timer: Timer) -> bool:
    return timer.is_alive


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_timer_with_dead_thread_is_not_alive_until_restarted(timer: Timer, due: list[str]) -> None:
    assert timer.is_alive
    timer.set("a", now() + timedelta(seconds=0.5))
    scheduler = timer._scheduler
    thread = scheduler._thread
    # An error in a job store has this effect.
    scheduler._process_jobs = lambda: (_ for _ in ()).throw(OSError)
    scheduler.wakeup()
    thread.join(5)
    assert scheduler.running
    assert not _lives(timer)
    timer.restart()
    assert _lives(timer)
    assert eventually(lambda: due == ["a"])


def test_failed_job_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    called = threading.Event()

    def fail(feeds: Sequence[str]) -> None:
        called.set()
        raise ValueError(feeds)

    timer = Timer(fail, now)
    timer.start()
    try:
        timer.set("a", now())
        assert called.wait(5)
        assert eventually(lambda: "failed or was skipped" in caplog.text)
        assert timer.is_alive
    finally:
        timer.stop()


def test_timer_that_is_stopped_while_feeds_are_due_fails_in_no_thread(due: list[str]) -> None:
    """An exception in the scheduler's thread would fail this test."""
    for _ in range(50):
        timer = Timer(due.extend, now)
        timer.set("a", now())
        timer.start()
        timer.restart()
        timer.stop()
