"""Periodic tasks, and jumps of the clock."""

import math
import threading
import time
from datetime import timedelta

import pytest

from feedpub.core.errors import StoreError
from feedpub.scheduler.periodic import ClockJumpDetector, PeriodicTask
from tests.support.clock import FakeClock


def test_failed_task_is_logged_and_repeated(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    times: list[int] = []

    def do() -> None:
        times.append(1)
        if len(times) == 1:
            raise ValueError("the first time")
        done.set()

    task = PeriodicTask("sweep", 0.01, do)
    task.start()
    assert done.wait(5)
    task.stop(5)
    assert "sweep failed" in caplog.text
    stopped = len(times)
    assert not task._thread.is_alive()
    assert len(times) == stopped


def test_feedpub_error_is_logged_without_traceback(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def do() -> None:
        done.set()
        raise StoreError("disk full")

    task = PeriodicTask("sweep", 0.01, do)
    task.start()
    assert done.wait(5)
    task.stop(5)
    assert "sweep failed and will be retried: disk full" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(("max_pause", "times"), [(0.01, 3), (math.inf, 1)])
def test_slow_task_runs_less_often_unless_its_pause_is_limited(
    max_pause: float, times: int
) -> None:
    done: list[int] = []

    def do() -> None:
        done.append(1)
        time.sleep(0.1)

    task = PeriodicTask("sweep", 0.01, do, max_pause_seconds=max_pause)
    task.start()
    time.sleep(0.6)
    task.stop(5)
    assert (len(done) >= times) if times > 1 else (len(done) == times)


def test_passing_time_is_not_a_clock_jump() -> None:
    clock = FakeClock()
    jump = ClockJumpDetector(clock.now, clock.monotonic)
    clock.pass_time(10_000)
    assert jump.detect_jump() is None


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_clock_jump_is_detected_once(seconds: int) -> None:
    """Small corrections of the clock are ignored."""
    clock = FakeClock()
    jump = ClockJumpDetector(clock.now, clock.monotonic)
    clock.jump(1)
    assert jump.detect_jump() is None
    clock.jump(seconds)
    clock.pass_time(5)
    assert jump.detect_jump() == timedelta(seconds=seconds)
    assert jump.detect_jump() is None
