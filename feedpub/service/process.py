"""Integrate the process with its system: signals, systemd, and the memory of the C library."""

import ctypes
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_MICROSECONDS = 1_000_000
_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h
MAX_ARENAS = 2


class Signals:
    """The flags: SIGTERM and SIGINT set `ended`, SIGHUP sets `reload`."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.reload = threading.Event()

    @contextmanager
    def install(self) -> Iterator[None]:
        """Handle the signals during the block and restore the handlers. Main thread only."""
        flags = {signal.SIGTERM: self.ended, signal.SIGINT: self.ended, signal.SIGHUP: self.reload}

        def set_flag(number: int, _frame: object) -> None:
            flags[signal.Signals(number)].set()

        before = {number: signal.signal(number, set_flag) for number in flags}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class SystemdNotifier:
    """Sends notifications to systemd.

    Args:
        environ: NOTIFY_SOCKET names the socket; WATCHDOG_USEC is the longest time between two
            keep-alive messages of the process WATCHDOG_PID.

    Attributes:
        watchdog: seconds between two keep-alive messages; None if systemd expects none.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        own_pid = str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "")
        is_watched = environ.get("WATCHDOG_PID", own_pid) == own_pid and microseconds.isdecimal()
        # three times as often as systemd expects them
        self.watchdog = int(microseconds) / _MICROSECONDS / 3 if is_watched else None

    def ready(self, status: str) -> None:
        """Notify that the service has started, or has reloaded its config."""
        self._notify("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Notify that the service reloads its config."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notify("RELOADING=1", f"MONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """Notify that the service shuts down."""
        self._notify("STOPPING=1")

    def status(self, status: str) -> None:
        """Set the line that `systemctl status` shows."""
        self._notify(f"STATUS={status}")

    def ping_watchdog(self) -> None:
        """Send a keep-alive message."""
        self._notify("WATCHDOG=1")

    def _notify(self, *lines: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):  # an abstract socket
            address = f"\0{address[1:]}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.sendto("\n".join(lines).encode(), address)


def limit_malloc_arenas() -> bool:
    """Let all threads share two heaps. Call it before they start.

    glibc gives threads up to eight heaps a core, and each keeps the memory of the largest page that
    was ever parsed in it. A service that reads hostile sites would grow for hours, although it uses
    nothing.

    Returns:
        False if the C library has no such setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_ARENA_MAX, MAX_ARENAS) == 1


def release_free_memory() -> None:
    """Return memory that the process has freed to the system, if the C library can do that.

    glibc keeps what is below the last block in use, for example after thousands of feeds were
    loaded.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
