"""Who may be at work on an open database: transactions together, or one renewal alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Lets many threads in together, or one alone. Thread-safe.

    Who waits to be alone keeps nobody out: a thread that is in may come in once more. The thread that is alone may come
    in as if it were with others.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: dict[int, int] = {}  # thread → how often it is in
        self._alone: int | None = None

    @property
    def is_inside(self) -> bool:
        """Whether this thread is in, with others or alone."""
        me = threading.get_ident()
        with self._changed:
            return me in self._inside or self._alone == me

    @contextmanager
    def together(self) -> Iterator[None]:
        """Be in while others may be, too."""
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._alone in (None, me))
            self._inside[me] = self._inside.get(me, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._inside[me] -= 1
                if not self._inside[me]:
                    del self._inside[me]
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be in while nobody else is; a thread that is in already must not ask for it."""
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: not self._inside and self._alone is None)
            self._alone = me
        try:
            yield
        finally:
            with self._changed:
                self._alone = None
                self._changed.notify_all()
