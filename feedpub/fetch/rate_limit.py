"""Manners: one request at a time to a server, a pause after each, and none before the time that it asked for.

Different servers are asked in parallel, from the caller's threads. Nothing here sends anything.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from feedpub.core.budget import new_owner_name
from feedpub.core.errors import RetryLaterError
from feedpub.fetch.clock import Clock

LONGEST_TURN = (
    45.0  # seconds that one request may take, more than its deadline; after them others may ask
)
LONGEST_WAIT = 120.0  # seconds that one machine waits for the others
_GLANCE = 1.0  # seconds between two looks at whether a turn was given back early
REMEMBERED = 1800.0  # seconds that a server is remembered, longer than any delay
MANY = 1000  # servers
LONGEST_PAUSE = 24 * 3600.0  # a Retry-After beyond this is an accident, or malice


class HostLeases(Protocol):
    """Whose turn it is among several machines: a claim on a server, which ends by itself."""

    def acquire(self, name: str, holder: str, seconds: float) -> float:
        """Claim a turn for so many seconds.

        0 where it is ours now, else in how many seconds it may be.
        """

    def release(self, name: str, holder: str, seconds: float = 0.0) -> None:
        """Give a turn back; others may have it in so many seconds."""


@dataclass(slots=True)
class _Server:
    """What is remembered of one server; times are the monotonic clock's."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    rested: float = float("-inf")  # when the last request ended
    closed_until: float = float("-inf")
    named: float = float("-inf")  # when somebody last wanted to ask it
    status: int | None = None  # the answer that closed it

    def idle(self, now: float) -> bool:
        """Nobody asks it, and nothing that is known of it matters any more."""
        return (
            not self.turn.locked()
            and self.closed_until <= now
            and max(self.named, self.rested) < now - REMEMBERED
        )


class RateLimiter:
    """Whose turn it is. Thread-safe.

    Args:
        delay: seconds between the end of one request to a server and the start of the next.
        turns: of several machines; None where there is one.
    """

    def __init__(self, delay: float, clock: Clock, turns: HostLeases | None = None) -> None:
        self._delay = delay
        self._clock = clock
        self._turns = turns
        self._me = new_owner_name()
        self._lock = threading.Lock()
        self._servers: dict[str, _Server] = {}
        self._most = MANY  # of them, before those that are idle are forgotten

    @contextmanager
    def slot(self, server: str, delay: float = 0.0, *, pause: bool = True) -> Iterator[None]:
        """Wait for this server to be free and rested; it counts as asked while the block runs.

        Args:
            server: its name, as `Target.server` has it.
            delay: what the server itself wishes for, in seconds; the longer of the two holds.
            pause: False for the parts of a page: they follow it, and each other, at once.

        Raises:
            RetryLaterError: it asked to be left alone for longer (Retry-After).
        """
        known = self._server(server)
        with known.turn:
            self._refuse_while_closed(server, known)
            wait = known.rested + max(delay, self._delay) - self._clock.monotonic()
            if pause and wait > 0:
                self._clock.sleep(wait)
            with self._among_machines(server, max(delay, self._delay) if pause else 0.0):
                try:
                    yield
                finally:
                    known.rested = self._clock.monotonic()

    def pause_host(self, server: str, seconds: float, status: int | None) -> None:
        """Leave this server alone for so long, as its answer with this status asked."""
        known = self._server(server)
        known.closed_until = self._clock.monotonic() + min(seconds, LONGEST_PAUSE)
        known.status = status

    @contextmanager
    def _among_machines(self, server: str, delay: float) -> Iterator[None]:
        """Be the only machine that asks this server."""
        if self._turns is None:
            yield
            return
        name, began = f"ask {server}", self._clock.monotonic()
        while wait := self._turns.acquire(name, self._me, LONGEST_TURN):
            if self._clock.monotonic() - began > LONGEST_WAIT:
                raise RetryLaterError(
                    f"not asked: other machines kept asking {server}", retry_after=LONGEST_WAIT
                )
            self._clock.sleep(min(wait, _GLANCE))
        try:
            yield
        finally:
            self._turns.release(name, self._me, delay)

    def _server(self, name: str) -> _Server:
        now = self._clock.monotonic()
        with self._lock:
            if len(self._servers) >= self._most:
                self._servers = {
                    name: known for name, known in self._servers.items() if not known.idle(now)
                }
                self._most = max(MANY, 2 * len(self._servers))
            known = self._servers.setdefault(name, _Server())
            known.named = now
        return known

    def _refuse_while_closed(self, name: str, server: _Server) -> None:
        left = server.closed_until - self._clock.monotonic()
        if left > 0:
            reason = f"not asked: {name} answered HTTP {server.status} and wants to be left alone for {left:.0f} s more"
            raise RetryLaterError(reason, status=server.status, retry_after=left)
