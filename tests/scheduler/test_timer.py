"""APScheduler around one callback: moments, changes of plan, and a thread that dies."""

import threading
from collections.abc import Iterator
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
def clockwork(due: list[str]) -> Iterator[Timer]:
    made = Timer(due.append, now)
    made.start()
    yield made
    made.stop()


def test_what_is_due_is_called(clockwork: Timer, due: list[str]) -> None:
    """Now, for what has passed; later, for what lies ahead."""
    clockwork.set("late", now() - HOUR)
    clockwork.set("soon", now() + timedelta(seconds=0.2))
    clockwork.set("far", now() + HOUR)
    assert eventually(lambda: due == ["late", "soon"])


def test_a_plan_may_change(clockwork: Timer, due: list[str]) -> None:
    """The last word counts; what is dropped never comes."""
    clockwork.set("a", now() + HOUR)
    clockwork.set("b", now() + timedelta(seconds=0.2))
    clockwork.drop("b")
    clockwork.drop("unknown")
    clockwork.set("a", now())
    assert eventually(lambda: due == ["a"])
    assert "b" not in clockwork.next_times


def test_thousands_at_once(clockwork: Timer, due: list[str]) -> None:
    """Each is called once, in the order of their moments; APScheduler keeps one job for all."""
    start = now()
    clockwork.set_all({f"feed-{n}": start + timedelta(milliseconds=n / 10) for n in range(5000)})
    clockwork.set_all({f"far-{n}": start + HOUR for n in range(5000)})
    assert eventually(lambda: len(due) == 5000)
    assert due == [f"feed-{n}" for n in range(5000)]
    assert len(clockwork._scheduler.get_jobs()) == 2
    assert len(clockwork.next_times) == 10_000


def test_plans_that_change_leave_nothing_behind(clockwork: Timer) -> None:
    """However often a feed far ahead is planned anew."""
    for n in range(1000):
        clockwork.set("a", now() + HOUR + timedelta(seconds=n))
    assert len(clockwork._heap) < 200


def _lives(clockwork: Timer) -> bool:
    return clockwork.is_alive


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_lives_as_long_as_its_thread(clockwork: Timer, due: list[str]) -> None:
    """A thread that has died is noticed, though the library says that all is well.

    Another takes over every plan.
    """
    assert clockwork.is_alive
    clockwork.set("a", now() + timedelta(seconds=0.5))
    scheduler = clockwork._scheduler
    thread = scheduler._thread
    scheduler._process_jobs = lambda: (_ for _ in ()).throw(
        OSError
    )  # what an error in a job store does
    scheduler.wakeup()
    thread.join(5)
    assert scheduler.running
    assert not _lives(clockwork)
    clockwork.restart()
    assert _lives(clockwork)
    assert eventually(lambda: due == ["a"])


def test_a_job_that_fails_is_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    """And the scheduler goes on."""
    called = threading.Event()

    def fail(feed: str) -> None:
        called.set()
        raise ValueError(feed)

    clockwork = Timer(fail, now)
    clockwork.start()
    try:
        clockwork.set("a", now())
        assert called.wait(5)
        assert eventually(lambda: "failed or was skipped" in caplog.text)
        assert clockwork.is_alive
    finally:
        clockwork.stop()
