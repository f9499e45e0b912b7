"""What systemd is told over its socket (sd_notify(3)); nothing where there is none."""

import os
import socket
import time
from collections.abc import Mapping

_USECONDS = 1_000_000


class SystemdNotifier:
    """Tells systemd how the service is.

    Args:
        environ: NOTIFY_SOCKET names the socket; WATCHDOG_USEC how often a sign of life is due, for
            WATCHDOG_PID.

    Attributes:
        watchdog: seconds between two signs of life; None where nobody waits for them.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        waited = environ.get("WATCHDOG_USEC", "") if meant else ""
        self.watchdog = int(waited) / _USECONDS / 3 if waited.isdecimal() else None

    def ready(self, status: str) -> None:
        """Started, or done with reloading."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A changed config is being read."""
        self._tell(
            "RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
        )

    def stopping(self) -> None:
        """On the way out."""
        self._tell("STOPPING=1")

    def status(self, status: str) -> None:
        """How it is, in one line."""
        self._tell(f"STATUS={status}")

    def ping_watchdog(self) -> None:
        """A sign of life."""
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.sendto("\n".join(lines).encode(), address)
