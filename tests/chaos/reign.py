"""Measure the longest time without a leader while PostgreSQL was available."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from tests.chaos.meanwhile import repeating

_QUERY = "SELECT holder, until FROM leases WHERE name = 'lead'"
POLL_SECONDS = 0.5  # seconds between two checks


class LeaderMonitor:
    """The leader according to the database.

    Attributes:
        leaders: all leaders, in order.
        gaps: seconds from the last sign of a leader to the first of the next.
        longest: the most seconds without a sign of any leader.
    """

    def __init__(self, address: str, server_back: Callable[[], float]) -> None:
        self._address = address
        self._server_back = server_back
        self._last: tuple[str, float] = ("", 0.0)
        self._sign = time.monotonic()
        self.leaders: list[str] = []
        self.gaps: list[float] = []
        self.longest = 0.0

    def poll(self) -> None:
        """Query the database. Raises psycopg.Error."""
        with psycopg.connect(self._address, connect_timeout=2) as connection:
            row = connection.execute(_QUERY).fetchone()
        now = time.monotonic()
        gap = now - max(self._sign, self._server_back())
        if row is None or not row[0] or (row[0], row[1]) == self._last:
            self.longest = max(self.longest, gap)
            return
        if row[0] != self._last[0]:
            self.leaders.append(row[0])
            if self._last[0]:
                self.gaps.append(gap)
        self._last, self._sign = (row[0], row[1]), now


@contextmanager
def measuring(reign: LeaderMonitor) -> Iterator[None]:
    """Query continuously while the block runs."""

    def measure() -> None:
        with suppress(psycopg.Error):
            reign.poll()

    with repeating(measure, POLL_SECONDS):
        yield
