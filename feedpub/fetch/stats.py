"""How many requests were answered how, by whom they were sent for."""

import threading
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus

NO_ANSWER = "error"
_STATUSES = frozenset(HTTPStatus)

RequestCounts = Mapping[tuple[str, str], int]
"""(feed, status) → how many requests.

The status as HTTP numbers it, "error" if there was no complete response.
"""


class RequestCounter:
    """Counts requests.

    Thread-safe; as large as there are feeds and statuses, whatever servers answer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, feed: str, status: int | None) -> None:
        """Count one request of a feed; None where it was not answered."""
        with self._lock:
            self._counts[feed, _label(status)] += 1

    @property
    def totals(self) -> RequestCounts:
        """The figures so far."""
        with self._lock:
            return dict(self._counts)


def _label(status: int | None) -> str:
    if status is None:
        return NO_ANSWER
    return str(status) if status in _STATUSES else f"{status // 100}xx"
