"""Chores, and jumps of the clock."""

import math
import threading
import time
from datetime import timedelta

import pytest

from feedpub.core.errors import StoreError
from feedpub.scheduler.periodic import ClockJumpDetector, PeriodicTask
from tests.support.clock import FakeClock


def test_a_chore_that_fails_is_done_again(caplog: pytest.LogCaptureFixture) -> None:
    """And its failure is logged."""
    done = threading.Event()
    times: list[int] = []

    def do() -> None:
        times.append(1)
        if len(times) == 1:
            raise ValueError("the first time")
        done.set()

    chore = PeriodicTask("sweep", 0.01, do)
    chore.start()
    assert done.wait(5)
    chore.stop(5)
    assert "sweep failed" in caplog.text
    stopped = len(times)
    assert not chore._thread.is_alive()
    assert len(times) == stopped


def test_an_error_of_ours_is_logged_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """It is no bug that anybody would look for in the code."""
    done = threading.Event()

    def do() -> None:
        done.set()
        raise StoreError("no room on the disk")

    chore = PeriodicTask("sweep", 0.01, do)
    chore.start()
    assert done.wait(5)
    chore.stop(5)
    assert "sweep failed and will be retried: no room on the disk" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(("longest", "times"), [(0.01, 3), (math.inf, 1)])
def test_what_takes_long(longest: float, times: int) -> None:
    """Is done more rarely, unless it is as urgent as ever."""
    done: list[int] = []

    def do() -> None:
        done.append(1)
        time.sleep(0.1)

    chore = PeriodicTask("sweep", 0.01, do, max_pause_seconds=longest)
    chore.start()
    time.sleep(0.6)
    chore.stop(5)
    assert (len(done) >= times) if times > 1 else (len(done) == times)


def test_time_that_passes_is_no_jump() -> None:
    """However long it takes."""
    clock = FakeClock()
    jump = ClockJumpDetector(clock.now, clock.monotonic)
    clock.pass_time(10_000)
    assert jump.detect_jump() is None


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_jump_is_noticed_once(seconds: int) -> None:
    """Forward and back; what is corrected by a second now and then is none."""
    clock = FakeClock()
    jump = ClockJumpDetector(clock.now, clock.monotonic)
    clock.jump(1)
    assert jump.detect_jump() is None
    clock.jump(seconds)
    clock.pass_time(5)
    assert jump.detect_jump() == timedelta(seconds=seconds)
    assert jump.detect_jump() is None
