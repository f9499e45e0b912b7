"""One get under way: how long it may still take, how much it may still read, and the sockets that end with it.

A socket's timeout bounds one read, not a body that drips one byte at a time. So when a call's time
is up, a timer shuts down every socket that the call uses, and whatever waits on them ends at once.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from feedpub.core.errors import FetchError
from feedpub.fetch.body_budget import SMALL_BODY_BYTES, BodyBudget, Reservation
from feedpub.fetch.connect import Connector

_LAST_MOMENT_SECONDS = 0.3  # before the deadline: then it can still be said what was waited for
_HEADROOM = 1 << 20  # bytes of headers and chunk framing that may come with a body

# urllib3 makes and reuses connections out of our sight; this tells them for which call they work,
# thread by thread.
_current: ContextVar["RequestDeadline"] = ContextVar("call")


def current_deadline() -> "RequestDeadline":
    """The call that this thread is working on."""
    return _current.get()


class RequestDeadline:
    """The deadline and the size cap of one get, over all its requests. It runs in one thread.

    Args:
        seconds: for everything inside `running` blocks together; what happens between them takes no
            time.
        max_bytes: of one answer's body, before and after decompression.
        room: for large bodies.
    """

    def __init__(self, dialer: Connector, seconds: float, max_bytes: int, room: BodyBudget) -> None:
        self.max_bytes = max_bytes
        self._room = room
        self._place: Reservation | None = None
        self.dialled = False  # whether the request under way has opened a connection of its own
        self.peer = ""  # the address that the last request went to
        self._dialer = dialer
        self._seconds = seconds
        self._left = seconds
        self._started = 0.0
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._expired = False

    @contextmanager
    def is_running(self) -> Iterator[None]:
        """The time runs inside the block; past the deadline every guarded socket is shut down.

        Raises:
            FetchError: the deadline has passed, whatever else came of it.
        """
        self._started = time.monotonic()
        self.dialled = False
        timer = threading.Timer(self._left, self._expire)
        timer.daemon = True
        token = _current.set(self)
        timer.start()
        try:
            yield
        except Exception as error:
            if (
                time.monotonic() - self._started >= self._left
            ):  # the timer may be late: the machine is busy
                self._expire()
            self._refuse_if_expired(error)
            raise
        finally:
            timer.cancel()
            _current.reset(token)
            self._left = self.remaining()
            self._release()
            if self._place:  # nobody took the body over
                self._place.release()
                self._place = None
        self._refuse_if_expired(None)

    def remaining(self) -> float:
        """Seconds until the deadline, while running."""
        return max(self._left - (time.monotonic() - self._started), 0.001)

    def connect(self, host: str, port: int, *, checked: bool) -> socket.socket:
        """A new connection that ends with this call's deadline.

        Raises:
            FetchError, DisallowedError: as `Dialer.connect`.
        """
        connection = self._dialer.connect(host, port, self.remaining, checked=checked)
        connection.settimeout(self.remaining())
        self.dialled = True
        self.guard(connection)
        return connection

    def guard(self, connection: socket.socket) -> None:
        """Shut this connection down when the time is up."""
        # A duplicate: it stays valid when TLS wraps the socket, and cannot name another connection
        # once it is closed.
        twin = socket.socket(fileno=os.dup(connection.fileno()))
        self.peer = _peer(twin)
        with self._lock:
            self._sockets.append(twin)
            if self._expired:
                _shut_down(twin)

    def count_bytes(self, received: int) -> None:
        """Check the bytes received so far for one answer, framing included.

        Raises:
            FetchError: they are too many.
        """
        if received > self.max_bytes + _HEADROOM:
            raise too_large_error(self.max_bytes)

    def reserve_body(self, size: int) -> None:
        """See to it that a body of so many bytes has a place; one is enough, and small ones need none.

        Raises:
            FetchError: there is none before the deadline.
        """
        if self._place is None and size > SMALL_BODY_BYTES:
            self._place = self._room.reserve(size, self.remaining() - _LAST_MOMENT_SECONDS)

    def take_reservation(self, size: int) -> Reservation | None:
        """Return the place of a body that is there now, with so many bytes.

        None where it has none.
        """
        place, self._place = self._place, None
        if place:
            place.shrink(size if size > SMALL_BODY_BYTES else 0)
        return place

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            for twin in self._sockets:
                _shut_down(twin)

    def _release(self) -> None:
        with self._lock:
            for twin in self._sockets:
                twin.close()
            self._sockets.clear()

    def _refuse_if_expired(self, cause: Exception | None) -> None:
        if self._expired:
            raise FetchError(f"no complete answer within {self._seconds:.3g} s") from cause


def too_large_error(max_bytes: int) -> FetchError:
    """The error of a body over the cap."""
    return FetchError(f"the answer is larger than {max_bytes} bytes")


def _peer(connection: socket.socket) -> str:
    try:
        return str(connection.getpeername()[0])
    except OSError:  # the other side was faster
        return ""


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
