"""Limit the time and size of one call, and the memory for the bodies of all calls.

The timeout of a socket limits one read, not a body that arrives one byte at a time. So one thread
for all calls shuts down every socket of a call at its deadline, and whatever waits for them ends
immediately.

Most bodies are small and need no reservation. A large one reserves the maximum that it may need
before it is read or decompressed. Once it is complete, the reservation shrinks to its size. It is
released with the last page that holds the body.

A thread that waits for a reservation holds none: one that holds a reservation gets another
immediately, or an error. Threads with reservations therefore never wait for each other, and always
finish.
"""

import math
import os
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from feedpub.core.errors import FetchError
from feedpub.fetch.connect import Connector

SMALL_BODY_BYTES = 1 << 20  # up to this size no reservation is needed
MAX_BODIES_BYTES = 48_000_000  # of all large bodies together
_RESERVE_MARGIN_SECONDS = 0.3  # before the deadline, so that the error names the budget
_MAX_FRAMING_BYTES = 1 << 20  # of headers and chunk framing, in addition to a body

# urllib3 creates and reuses connections internally. They find the call that they work for here.
_current: ContextVar["RequestDeadline"] = ContextVar("deadline")


class Reservation:
    """The memory of one body, until it is released or garbage-collected."""

    def __init__(self, budget: "BodyBudget", size: int) -> None:
        self._budget = budget
        self._thread = threading.get_ident()
        self._size = size

    def shrink(self, size: int) -> None:
        """Release all but the given number of bytes."""
        self._budget.release(max(self._size - size, 0))
        self._size = min(self._size, size)

    def release(self) -> None:
        """Release all of it. Further calls do nothing."""
        size, self._size = self._size, 0
        if size:
            self._budget.release(size, self._thread)

    def __del__(self) -> None:
        self.release()

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()  # in another process a page is outside this budget


class BodyBudget:
    """The memory for large bodies. Thread-safe.

    Args:
        total: the number of bytes. A body that is larger than that is admitted alone.
    """

    def __init__(self, total: int = MAX_BODIES_BYTES) -> None:
        self._total = total
        self._used = 0
        self._reservations: Counter[int] = Counter()  # by thread
        self._queue: deque[object] = deque()  # first come, first served, whatever the size
        # Reentrant: the interpreter may delete a page, and with it a reservation, at any moment.
        self._changed = threading.Condition(threading.RLock())

    @property
    def used(self) -> int:
        """Return the number of reserved bytes."""
        return self._used

    def reserve(self, size: int, seconds: float) -> Reservation:
        """Wait for memory and reserve it.

        Args:
            size: the number of bytes.
            seconds: the time limit; a thread that holds a reservation does not wait.

        Raises:
            FetchError: there is not enough in that time. The URL of the error is not set.
        """
        thread, ticket = threading.get_ident(), object()
        size = min(size, self._total)
        with self._changed:
            may_wait = not self._reservations[thread]
            self._queue.insert(len(self._queue) if may_wait else 0, ticket)
            timeout = max(seconds, 0.0) if may_wait else 0.0
            try:
                if not self._changed.wait_for(lambda: self._fits(ticket, size), timeout):
                    raise FetchError(
                        f"it is larger than {SMALL_BODY_BYTES >> 20} MB, and other pages use the "
                        f"{self._total // 1_000_000} MB that are available for large ones"
                    )
                self._used += size
                self._reservations[thread] += 1
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
        return Reservation(self, size)

    def _fits(self, ticket: object, size: int) -> bool:
        return self._queue[0] is ticket and self._used + size <= self._total

    def release(self, size: int, thread: int | None = None) -> None:
        """Release memory; with a thread, also count its reservation as ended."""
        with self._changed:
            self._used -= size
            if thread is not None:
                self._reservations[thread] -= 1
                self._reservations += Counter()  # removes threads without a reservation
            self._changed.notify_all()


class TimerThread:
    """Runs functions at their time, in a thread that starts with the first one. Thread-safe.

    The thread sleeps until the earliest time that is known when it falls asleep. Almost every timer
    is cancelled before its time, so starting and cancelling one only changes a dict. Few are active
    at once, which makes a heap with its cancelled entries the slower choice.

    The functions must not block.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)  # a fork has no threads

    def _reset(self) -> None:
        self._times: dict[Callable[[], None], float] = {}
        self._changed = threading.Condition(threading.Lock())
        self._wakes_at = math.inf
        self._is_started = False

    def start(self, function: Callable[[], None], seconds: float) -> None:
        """Run a function after the given time, unless it is cancelled or started again."""
        at = time.monotonic() + seconds
        with self._changed:
            if not self._is_started:
                threading.Thread(target=self._run, name="fetch-timers", daemon=True).start()
                self._is_started = True
            self._times[function] = at
            if at < self._wakes_at:
                self._changed.notify()

    def cancel(self, function: Callable[[], None]) -> None:
        """Do not run a function. It may be running already."""
        with self._changed:
            self._times.pop(function, None)

    def _run(self) -> None:
        while True:
            for function in self._wait_for_due():
                function()

    def _wait_for_due(self) -> list[Callable[[], None]]:
        """Wait for the next time and return the functions that are due; there may be none."""
        with self._changed:
            self._wakes_at = min(self._times.values(), default=math.inf)
            seconds = self._wakes_at - time.monotonic()
            if seconds > 0:
                self._changed.wait(min(seconds, threading.TIMEOUT_MAX))
            now = time.monotonic()
            due = [function for function, at in self._times.items() if at <= now]
            for function in due:
                del self._times[function]
        return due


TIMERS = TimerThread()


def current_deadline() -> "RequestDeadline":
    """Return the deadline of the call that this thread is working on."""
    return _current.get()


class RequestDeadline:
    """The time and size limits of one call, for all its requests. It is used in one thread.

    Args:
        connector: opens connections.
        seconds: the time for all `is_running` blocks together; time between them does not count.
        max_bytes: the size limit of a body, compressed and decompressed.
        budget: the memory for large bodies.

    Attributes:
        has_connected: True if the current request has opened a new connection.
        peer: the address that the last request was sent to.
    """

    def __init__(
        self, connector: Connector, seconds: float, max_bytes: int, budget: BodyBudget
    ) -> None:
        self.max_bytes = max_bytes
        self.has_connected = False
        self.peer = ""
        self._connector = connector
        self._budget = budget
        self._reservation: Reservation | None = None
        self._total_seconds = seconds
        self._remaining_seconds = seconds
        self._started = 0.0
        self._lock = threading.Lock()
        self._descriptors: list[int] = []
        self._expired = False

    @contextmanager
    def is_running(self) -> Iterator[None]:
        """Count the time of the block, and shut down every guarded socket at the deadline.

        Raises:
            FetchError: the deadline has passed, even if the block succeeded.
        """
        self._started = time.monotonic()
        self.has_connected = False
        token = _current.set(self)
        TIMERS.start(self._expire, self._remaining_seconds)
        try:
            yield
        except Exception as error:
            # On a busy machine the timer may be late.
            if time.monotonic() - self._started >= self._remaining_seconds:
                self._expire()
            self._check_not_expired(error)
            raise
        finally:
            TIMERS.cancel(self._expire)
            _current.reset(token)
            self._remaining_seconds = self.remaining()
            self._close_descriptors()
            if self._reservation:  # the body was not used
                self._reservation.release()
                self._reservation = None
        self._check_not_expired(None)

    def remaining(self) -> float:
        """Return the seconds until the deadline, inside an `is_running` block."""
        return max(self._remaining_seconds - (time.monotonic() - self._started), 0.001)

    def connect(self, host: str, port: int, *, checked: bool) -> socket.socket:
        """Open a connection that is shut down at the deadline.

        Raises:
            FetchError, DisallowedError: as in `Connector.connect`.
        """
        connection = self._connector.connect(host, port, self.remaining, checked=checked)
        connection.settimeout(self.remaining())
        self.has_connected = True
        self.guard(connection)
        return connection

    def guard(self, connection: socket.socket) -> None:
        """Shut down a connection at the deadline."""
        self.peer = _get_peer(connection)
        # A duplicate stays valid when TLS wraps the socket, and its descriptor is not reused for
        # another connection when that is closed.
        descriptor = os.dup(connection.fileno())
        with self._lock:
            self._descriptors.append(descriptor)
            if self._expired:
                _shut_down(descriptor)

    def count_bytes(self, received: int) -> None:
        """Check the number of bytes received for one response, framing included.

        Raises:
            FetchError: there are too many.
        """
        if received > self.max_bytes + _MAX_FRAMING_BYTES:
            raise too_large_error(self.max_bytes)

    def reserve_body(self, size: int) -> None:
        """Reserve memory for a body of the given size, unless it is small or has a reservation.

        Raises:
            FetchError: there is not enough before the deadline.
        """
        if self._reservation is None and size > SMALL_BODY_BYTES:
            self._reservation = self._budget.reserve(
                size, self.remaining() - _RESERVE_MARGIN_SECONDS
            )

    def take_reservation(self, size: int) -> Reservation | None:
        """Return the reservation of a complete body, shrunk to its size; None if it has none."""
        reservation, self._reservation = self._reservation, None
        if reservation:
            reservation.shrink(size if size > SMALL_BODY_BYTES else 0)
        return reservation

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            for descriptor in self._descriptors:
                _shut_down(descriptor)

    def _close_descriptors(self) -> None:
        with self._lock:
            for descriptor in self._descriptors:
                os.close(descriptor)
            self._descriptors.clear()

    def _check_not_expired(self, cause: Exception | None) -> None:
        if self._expired:
            raise FetchError(f"no complete answer within {self._total_seconds:.3g} s") from cause


def too_large_error(max_bytes: int) -> FetchError:
    """Return the error for a body over the size limit."""
    return FetchError(f"the answer is larger than {max_bytes} bytes")


def _get_peer(connection: socket.socket) -> str:
    try:
        return str(connection.getpeername()[0])
    except OSError:  # the server has closed it
        return ""


def _shut_down(descriptor: int) -> None:
    with suppress(OSError):  # the server has closed it
        connection = socket.socket(fileno=descriptor)
        try:
            connection.shutdown(socket.SHUT_RDWR)
        finally:
            connection.detach()
