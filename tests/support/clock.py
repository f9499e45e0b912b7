"""A clock for tests, which records waits instead of waiting."""

import threading
from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock that changes only by `sleep` and `pass_time`.

    `sleeps` are the requested waits, in seconds.
    """

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self.sleeps: list[float] = []
        self._now = now
        self._elapsed = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self._elapsed

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(round(seconds, 6))
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        with self._lock:
            self._elapsed += seconds
            self._now += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as a time service does."""
        self._now += timedelta(seconds=seconds)
