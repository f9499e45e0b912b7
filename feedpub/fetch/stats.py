"""Count requests by feed and status."""

import threading
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus

NO_ANSWER = "error"
_STATUSES = frozenset(HTTPStatus)

RequestCounts = Mapping[tuple[str, str], int]
"""(feed, status) → the number of requests.

The status is that of HTTP, or "error" if there was no complete response.
"""


class RequestCounter:
    """Counts requests. Thread-safe.

    Unknown statuses share a label, so that servers cannot make the counter grow.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, feed: str, status: int | None) -> None:
        """Count one request of a feed; pass None if there was no complete response."""
        if status is None:
            label = NO_ANSWER
        elif status in _STATUSES:
            label = str(status)
        else:
            label = f"{status // 100}xx"
        with self._lock:
            self._counts[feed, label] += 1

    @property
    def totals(self) -> RequestCounts:
        """Return the counts so far."""
        with self._lock:
            return dict(self._counts)
