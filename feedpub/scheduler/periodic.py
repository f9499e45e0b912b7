"""Run small recurring tasks, each in its own thread, and detect jumps of the wall clock."""

import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from feedpub.core.errors import FeedpubError

_log = logging.getLogger(__name__)


class PeriodicTask:
    """Run an action periodically until stopped. Errors are logged, and the next run follows.

    A slow action runs less often, so that it takes at most a tenth of the time.

    Args:
        name: For the log and the thread.
        interval_seconds: Time between the end of one run and the start of the next.
        action: Called without arguments.
        max_pause_seconds: Longest pause between two runs, however slow the action is.
    """

    def __init__(
        self,
        name: str,
        interval_seconds: float,
        action: Callable[[], object],
        *,
        max_pause_seconds: float = math.inf,
    ) -> None:
        self._name = name
        self._interval_seconds = interval_seconds
        self._action = action
        self._max_pause_seconds = max_pause_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"feedpub-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread. The first run follows after one interval."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Start no more runs, and wait up to `seconds` for the current one."""
        self._stopped.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = self._interval_seconds
        while not self._stopped.wait(pause):
            began = time.monotonic()
            try:
                self._action()
            except FeedpubError as error:
                _log.error("%s failed and will be retried: %s", self._name, error)
            except Exception:  # noqa: BLE001 -- one failed run must not end the task
                _log.exception("%s failed and will be retried", self._name)
            took = time.monotonic() - began
            pause = min(max(self._interval_seconds, 9 * took), self._max_pause_seconds)


class ClockJumpDetector:
    """Detect jumps of the wall clock by comparing it with a monotonic clock.

    Args:
        now: Returns the wall clock's time.
        monotonic: Returns monotonic seconds.
    """

    MIN_JUMP = timedelta(seconds=30)

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._now = now
        self._monotonic = monotonic
        self._last = (now(), monotonic())

    def detect_jump(self) -> timedelta | None:
        """Return how far the wall clock jumped since the last call; None if it did not."""
        last_time, last_seconds = self._last
        self._last = time, seconds = self._now(), self._monotonic()
        jump = (time - last_time) - timedelta(seconds=seconds - last_seconds)
        return jump if abs(jump) > self.MIN_JUMP else None
