"""The time, and waiting, as a collaborator: what must wait can be tested without waiting."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the fetcher asks about time."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        ...

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""
        ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
