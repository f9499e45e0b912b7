"""Limit the rate of requests to each host: one at a time, with a delay, honouring Retry-After.

Different hosts are used in parallel, from the caller's threads. Nothing here sends anything.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from feedpub.core.budget import new_owner_name
from feedpub.core.clock import Clock
from feedpub.core.errors import RetryLaterError

LEASE_SECONDS = 45.0  # more than the deadline of a request; then other machines may go on
MAX_LEASE_WAIT_SECONDS = 120.0
MAX_RETRY_AFTER_SECONDS = 24 * 3600.0  # a longer Retry-After is a mistake or an attack
KEEP_HOST_SECONDS = 60.0  # at least; longer than any Crawl-delay
MAX_HOSTS = 1000  # before idle ones are forgotten
_POLL_SECONDS = 1.0  # a lease may be released early


class HostLeases(Protocol):
    """Leases of hosts that several machines share. A lease expires automatically."""

    def acquire(self, name: str, holder: str, seconds: float) -> float:
        """Acquire a lease for the given time.

        Returns:
            0 if it was acquired, else the seconds until it may be free.
        """

    def release(self, name: str, holder: str, seconds: float = 0.0) -> None:
        """Release a lease; others may acquire it after the given time."""


@dataclass(slots=True)
class _Host:
    """The state of one host. Times are the monotonic clock's.

    Attributes:
        slot: held by the thread that sends a request.
        last_request: the end of the last request.
        paused_until: the end of a pause that its server requested.
        last_used: the last time that a slot or a pause was requested.
        status: the status that came with the pause.
    """

    slot: threading.Lock = field(default_factory=threading.Lock)
    last_request: float = float("-inf")
    paused_until: float = float("-inf")
    last_used: float = float("-inf")
    status: int | None = None

    def is_idle(self, now: float, keep_seconds: float) -> bool:
        """Return True if the state no longer matters."""
        if self.slot.locked() or self.paused_until > now:
            return False
        return max(self.last_used, self.last_request) < now - keep_seconds


class RateLimiter:
    """Gives out slots for requests. Thread-safe.

    Args:
        delay: the seconds between the end of a request to a host and the start of the next.
        clock: the clock.
        leases: shared with other machines; None if there is only one.
    """

    def __init__(self, delay: float, clock: Clock, leases: HostLeases | None = None) -> None:
        self._delay = delay
        self._clock = clock
        self._leases = leases
        self._holder = new_owner_name()
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}
        self._max_hosts = MAX_HOSTS
        self._keep_seconds = max(KEEP_HOST_SECONDS, delay)

    @contextmanager
    def slot(
        self, server: str, delay: float = 0.0, *, wait_for_delay: bool = True
    ) -> Iterator[None]:
        """Wait for a host, and reserve it while the block runs.

        Args:
            server: the host, from `RequestTarget.server`.
            delay: the host's own Crawl-delay in seconds; the longer delay counts.
            wait_for_delay: False for subresources, which follow their page without a delay.

        Raises:
            RetryLaterError: the server sent a Retry-After that has not passed yet.
        """
        host = self._get_host(server)
        with host.slot:
            self._check_not_paused(server, host)
            delay = max(delay, self._delay) if wait_for_delay else 0.0
            wait = host.last_request + delay - self._clock.monotonic()
            if wait_for_delay and wait > 0:
                self._clock.sleep(wait)
            with self._lease(server, delay):
                try:
                    yield
                finally:
                    host.last_request = self._clock.monotonic()

    def pause_host(self, server: str, seconds: float, status: int | None) -> None:
        """Send no request to a host for the time in its Retry-After."""
        host = self._get_host(server)
        host.paused_until = self._clock.monotonic() + min(seconds, MAX_RETRY_AFTER_SECONDS)
        host.status = status

    @contextmanager
    def _lease(self, server: str, delay: float) -> Iterator[None]:
        """Hold the lease of a host, if there are other machines."""
        if self._leases is None:
            yield
            return
        name, began = f"ask {server}", self._clock.monotonic()
        while wait := self._leases.acquire(name, self._holder, LEASE_SECONDS):
            if self._clock.monotonic() - began > MAX_LEASE_WAIT_SECONDS:
                reason = f"not requested: other machines kept sending requests to {server}"
                raise RetryLaterError(reason, retry_after=MAX_LEASE_WAIT_SECONDS)
            self._clock.sleep(min(wait, _POLL_SECONDS))
        try:
            yield
        finally:
            self._leases.release(name, self._holder, delay)

    def _get_host(self, name: str) -> _Host:
        now = self._clock.monotonic()
        with self._lock:
            if len(self._hosts) >= self._max_hosts:
                self._hosts = {
                    name: host
                    for name, host in self._hosts.items()
                    if not host.is_idle(now, self._keep_seconds)
                }
                self._max_hosts = max(MAX_HOSTS, 2 * len(self._hosts))
            host = self._hosts.get(name)
            if host is None:
                host = self._hosts[name] = _Host()
            host.last_used = now
        return host

    def _check_not_paused(self, name: str, host: _Host) -> None:
        remaining = host.paused_until - self._clock.monotonic()
        if remaining > 0:
            reason = (
                f"not requested: {name} answered HTTP {host.status} "
                f"and asked to wait {remaining:.0f} s more"
            )
            raise RetryLaterError(reason, status=host.status, retry_after=remaining)
