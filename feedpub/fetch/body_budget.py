"""Limit the memory for large bodies in this process, across all threads.

Most bodies are small and need no reservation. A large one reserves the maximum that it may need
before it is read or decompressed. Once it is complete, the reservation shrinks to its size. It is
released with the last page that holds the body.

A thread that waits for a reservation holds none: one that holds a reservation gets another
immediately, or an error. Threads with reservations therefore never wait for each other, and always
finish.
"""

import threading
from collections import Counter, deque

from feedpub.core.errors import FetchError

SMALL_BODY_BYTES = 1 << 20  # up to this size no reservation is needed
MAX_BODIES_BYTES = 48_000_000  # of all large bodies together


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
