"""How long a run may go on: its time, whether anybody still waits for it, and what is said where its process died.

A thread cannot be ended from outside. So a run asks its lease before everything that takes long or
that others would see: when its time is up it fetches nothing more and finishes with what it has;
when it has been given up it changes nothing at all, however late it wakes up.
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
    """The time of one run. Thread-safe.

    Args:
        seconds: after which nothing more is fetched; None for no end.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._revoked = threading.Event()
        self._counts_until = math.inf

    def cancel(self) -> None:
        """Give the run up: it fetches nothing more, and nothing that it brings counts."""
        self._revoked.set()

    def extend(self, until: float) -> None:
        """Let the run count until then, unless this is said again before; what ran out once stays given up.

        Args:
            until: by the monotonic clock.
        """
        if not self.cancelled:
            self._counts_until = until

    @property
    def cancelled(self) -> bool:
        """True once the run has been given up."""
        return self._revoked.is_set() or time.monotonic() > self._counts_until

    @property
    def expired(self) -> bool:
        """True once there is time for nothing more."""
        return self.remaining() <= 0

    def remaining(self) -> float:
        """Seconds until there is time for nothing more; infinite where the run has no end."""
        if self.cancelled:
            return 0.0
        return math.inf if self._until is None else self._until - time.monotonic()

    def check_time_left(self, url: str) -> None:
        """Ask whether there is time for another document.

        Raises:
            FetchError: there is none.
        """
        if self.expired:
            raise FetchError("not asked: the time for this look was up; the next one goes on", url)

    def check_not_cancelled(self) -> None:
        """Ask whether the run still counts, before something of it is kept.

        Raises:
            RunCancelledError: it was given up.
        """
        if self.cancelled:
            raise RunCancelledError("the run was given up: it took too long")


def this_process() -> str:
    """Return a name for this process, by which `is_running` can tell whether it is still there."""
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"


def is_holder_alive(process: str) -> bool:
    """Return True if the process of a name runs on this machine.

    One of another machine is not known to.
    """
    host, pid, started = process.rsplit(" ", 2)
    return host == socket.gethostname() and started == _started(int(pid))


def holder_died(crashes: int) -> str:
    """Return what is said of a feed in the middle of whose runs processes died, so many times in a row."""
    times = "" if crashes == 1 else f" {crashes} times in a row"
    return f"feedpub ended in the middle of its run{times}: it is run after all others, alone"


def _started(pid: int) -> str:
    """Return when a process started, in the system's ticks, so that its number alone need not tell.

    "" for none.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19].decode()
    except OSError:
        return ""


def new_holder() -> str:
    """A name for whoever has something for itself among several machines, which nobody else has.

    Machines may have one name, and their processes one number; a process may be several.
    """
    return f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
