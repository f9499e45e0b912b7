"""Notify systemd of the service's state over its socket (sd_notify(3)), if there is one."""

import os
import socket
import time
from collections.abc import Mapping

_MICROSECONDS = 1_000_000


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
