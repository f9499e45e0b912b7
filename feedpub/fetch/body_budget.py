"""One budget of bytes for the large bodies that this process holds, whoever asked for them.

Most bodies are small and ask nobody. A large one needs a place for all that it may become, at once,
before it is read or unpacked; once it is there, the place shrinks to its size. The place is given
back when the last page that holds the body is gone.

Whoever waits for a place holds none: a thread that holds one already gets another at once or an
error. So those that
hold places never wait for each other, and what they read comes to its end.
"""

import threading
from collections import Counter, deque

from feedpub.core.errors import FetchError

SMALL_BODY_BYTES = 1 << 20  # a body up to this size needs no place
MAX_BODIES_BYTES = 48_000_000  # of all large bodies together


class Reservation:
    """Bytes that belong to one body until `give_back`, or until nobody holds it any more."""

    def __init__(self, room: "BodyBudget", size: int) -> None:
        self._room = room
        self._thread = threading.get_ident()
        self._size = size

    def shrink(self, size: int) -> None:
        """Give back all but so many bytes."""
        self._room.release(max(self._size - size, 0))
        self._size = min(self._size, size)

    def release(self) -> None:
        """Give all of it back; once is enough."""
        size, self._size = self._size, 0
        if size:
            self._room.release(size, self._thread)

    def __del__(self) -> None:
        self.release()

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()  # in another process a page has no place in this one's budget


class BodyBudget:
    """The budget. Thread-safe.

    Args:
        total: bytes. A larger body than that is let in alone.
    """

    def __init__(self, total: int = MAX_BODIES_BYTES) -> None:
        self._total = total
        self._used = 0
        self._places: Counter[int] = Counter()  # by the thread that took them
        self._waiting: deque[object] = deque()  # who came first goes first, however much it needs
        # Reentrant: the interpreter may drop a page, and with it a place, at any moment.
        self._changed = threading.Condition(threading.RLock())

    @property
    def used(self) -> int:
        """Return how many bytes are taken."""
        return self._used

    def reserve(self, size: int, seconds: float) -> Reservation:
        """Wait for a place, and take it.

        Args:
            size: bytes.
            seconds: how long to wait at most; a thread that holds a place does not wait.

        Raises:
            FetchError: there is none in that time. The URL of the error is not set.
        """
        me, ticket = threading.get_ident(), object()
        size = min(size, self._total)
        with self._changed:
            waits = not self._places[me]
            self._waiting.insert(len(self._waiting) if waits else 0, ticket)
            try:
                if not self._changed.wait_for(
                    lambda: self._fits(ticket, size), max(seconds, 0.0) if waits else 0.0
                ):
                    raise FetchError(
                        f"it is larger than {SMALL_BODY_BYTES >> 20} MB, and others that are being read fill the "
                        f"{self._total // 1_000_000} MB that there are for large ones"
                    )
                self._used += size
                self._places[me] += 1
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
        return Reservation(self, size)

    def _fits(self, ticket: object, size: int) -> bool:
        return self._waiting[0] is ticket and self._used + size <= self._total

    def release(self, size: int, thread: int | None = None) -> None:
        """Take bytes back, and with a thread its place."""
        with self._changed:
            self._used -= size
            if thread is not None:
                self._places[thread] -= 1
                self._places += Counter()  # forgets the threads that hold none
            self._changed.notify_all()
