"""Limit how long a run may take, and name the process that runs it.

A thread cannot be stopped from outside. A run therefore checks its budget before each slow step
and before each step that others can see. When its time is up, the run fetches nothing more and
finishes with the articles that it has. After it was cancelled, it changes nothing at all.
"""

import math
import os
import secrets
import socket
import threading
import time
from pathlib import Path

from feedpub.core.errors import FetchError, RunCancelledError


class RunBudget:
    """The time limit of one run. Thread-safe.

    Args:
        seconds: the run stops fetching after this time; None for no limit.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._cancelled = threading.Event()
        self._valid_until = math.inf

    def cancel(self) -> None:
        """Cancel the run: it fetches nothing more, and its results are discarded."""
        self._cancelled.set()

    def extend(self, until: float) -> None:
        """Keep the run valid until the given time; a run that has expired stays cancelled.

        Args:
            until: a time of the monotonic clock.
        """
        if not self.cancelled:
            self._valid_until = until

    @property
    def cancelled(self) -> bool:
        """Return True once the run was cancelled."""
        return self._cancelled.is_set() or time.monotonic() > self._valid_until

    @property
    def expired(self) -> bool:
        """Return True once the time is up."""
        return self.remaining() <= 0

    def remaining(self) -> float:
        """Return the seconds until the time is up; infinity if there is no limit."""
        if self.cancelled:
            return 0.0
        if self._end is None:
            return math.inf
        return self._end - time.monotonic()

    def check_time_left(self, url: str) -> None:
        """Check that there is time to fetch another document.

        Raises:
            FetchError: the time is up.
        """
        if self.expired:
            raise FetchError("not fetched: the run's time is up; the next run continues", url)

    def check_not_cancelled(self) -> None:
        """Check that the run may still save its results.

        Raises:
            RunCancelledError: it was cancelled.
        """
        if self.cancelled:
            raise RunCancelledError("the run was cancelled: it took too long")


def current_process_name() -> str:
    """Return a name for this process that `is_process_alive` recognises."""
    return f"{socket.gethostname()} {os.getpid()} {_read_start_time(os.getpid())}"


def is_process_alive(name: str) -> bool:
    """Return True if the named process runs on this machine.

    Returns False for a process of another machine.
    """
    host, pid, started = name.rsplit(" ", 2)
    return host == socket.gethostname() and started == _read_start_time(int(pid))


def _read_start_time(pid: int) -> str:
    """Return when a process started, in clock ticks; "" if there is no such process.

    Process numbers are reused, so the number alone does not identify a process.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    return stat.rpartition(b")")[2].split()[19].decode()


def describe_crashes(crashes: int) -> str:
    """Return the message for a feed during whose runs the process died.

    Args:
        crashes: how many runs in a row.
    """
    times = "" if crashes == 1 else f" {crashes} times in a row"
    return f"feedpub ended in the middle of its run{times}: it runs after all others, alone"


def new_owner_name() -> str:
    """Return a unique name for the owner of a lease.

    A random part is necessary: machines can share a host name, processes a number, and one
    process can own several leases.
    """
    return f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
