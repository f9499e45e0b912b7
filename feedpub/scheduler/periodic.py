"""Small things that have to be done again and again, each in a thread of its own, so that none waits for another."""

import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from feedpub.core.errors import FeedpubError

_log = logging.getLogger(__name__)


class PeriodicTask:
    """Does something every so many seconds until it is stopped; what goes wrong is logged, and tried again next time.

    What takes long is done more rarely, so that it never takes more than a tenth of the time,
    unless that is too rare.

    Args:
        name: for the log.
        seconds: between the end of one time and the start of the next.
        do: what to do.
        longest: seconds between two times, however long one takes.
    """

    def __init__(
        self, name: str, seconds: float, do: Callable[[], object], *, longest: float = math.inf
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._do = do
        self._longest = longest
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"feedpub-{name}", daemon=True)

    def start(self) -> None:
        """Begin, with a pause."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Do it no more; wait so long for the last time to end."""
        self._ended.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = self._seconds
        while not self._ended.wait(pause):
            began = time.monotonic()
            try:
                self._do()
            except FeedpubError as error:
                _log.error("%s failed; it is tried again: %s", self._name, error)
            except Exception:  # noqa: BLE001 -- a chore that fails once must be done the next time all the same
                _log.exception("%s failed; it is tried again", self._name)
            pause = min(max(self._seconds, 9 * (time.monotonic() - began)), self._longest)


class ClockJumpDetector:
    """Notices that the wall clock was put forward or back: it went otherwise than the clock that only grows.

    Args:
        wall: the wall clock.
        steady: seconds that only grow.
    """

    LEAST = timedelta(seconds=30)

    def __init__(self, wall: Callable[[], datetime], steady: Callable[[], float]) -> None:
        self._wall = wall
        self._steady = steady
        self._last = (wall(), steady())

    def detect_jump(self) -> timedelta | None:
        """By how much the clock jumped since the last call; None where it did not."""
        before, now = self._last, (self._wall(), self._steady())
        self._last = now
        jump = (now[0] - before[0]) - timedelta(seconds=now[1] - before[1])
        return jump if abs(jump) > self.LEAST else None
