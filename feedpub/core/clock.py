"""Return the current time; clocks are collaborators, so that tests need not wait."""

import time
from datetime import UTC, datetime
from typing import Protocol


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class Clock(Protocol):
    """The time functions that the HTTP client uses."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The system's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return utc_now()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
