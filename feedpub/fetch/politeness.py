"""Manners: one request at a time to a server, a pause after each, and none before the time that it asked for.

Different servers are asked in parallel, from the caller's threads. Nothing here sends anything.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from feedpub.errors import PostponedError
from feedpub.fetch.clock import Clock

LONGEST_PAUSE = 24 * 3600.0  # a Retry-After beyond this is an accident, or malice


@dataclass(slots=True)
class _Server:
    """What is remembered of one server; times are the monotonic clock's."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    rested: float = float("-inf")  # when the last request ended
    closed_until: float = float("-inf")
    status: int | None = None  # the answer that closed it


class Politeness:
    """Whose turn it is. Thread-safe.

    Args:
        delay: seconds between the end of one request to a server and the start of the next.
    """

    def __init__(self, delay: float, clock: Clock) -> None:
        self._delay = delay
        self._clock = clock
        self._lock = threading.Lock()
        self._servers: dict[str, _Server] = {}

    @contextmanager
    def turn(self, server: str, delay: float = 0.0, *, pause: bool = True) -> Iterator[None]:
        """Wait for this server to be free and rested; it counts as asked while the block runs.

        Args:
            server: its name, as `Target.server` has it.
            delay: what the server itself wishes for, in seconds; the longer of the two holds.
            pause: False for the parts of a page: they follow it, and each other, at once.

        Raises:
            PostponedError: it asked to be left alone for longer (Retry-After).
        """
        known = self._server(server)
        with known.turn:
            self._refuse_while_closed(server, known)
            wait = known.rested + max(delay, self._delay) - self._clock.monotonic()
            if pause and wait > 0:
                self._clock.sleep(wait)
            try:
                yield
            finally:
                known.rested = self._clock.monotonic()

    def close(self, server: str, seconds: float, status: int | None) -> None:
        """Leave this server alone for so long, as its answer with this status asked."""
        known = self._server(server)
        known.closed_until = self._clock.monotonic() + min(seconds, LONGEST_PAUSE)
        known.status = status

    def _server(self, name: str) -> _Server:
        with self._lock:
            return self._servers.setdefault(name, _Server())

    def _refuse_while_closed(self, name: str, server: _Server) -> None:
        left = server.closed_until - self._clock.monotonic()
        if left > 0:
            reason = f"not asked: {name} answered HTTP {server.status} and wants to be left alone for {left:.0f} s more"
            raise PostponedError(reason, status=server.status, retry_after=left)
