"""Cache when each feed runs next, so that a request for a feed does not wait for the state."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from feedpub.core.errors import FeedpubError
from feedpub.store import ScheduledRun

_log = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
MAX_WAIT_SECONDS = 0.5  # that a request waits for the state
MIN_REST_FACTOR = 20  # `invalidate` waits for that many times the duration of a reload


class NextRunCache:
    """The next run of each feed.

    Args:
        load: Returns each feed's next run. Called in a separate thread, except the first time.
    """

    def __init__(self, load: Callable[[], Mapping[str, ScheduledRun]]) -> None:
        self._load = load
        self._times: Mapping[str, float] = {}  # by feed, in seconds since 1970
        self._last_load = 0.0
        self._load_seconds = 0.0
        self.reload()

    @property
    def is_fresh(self) -> bool:
        """Return True if the cache is recent enough."""
        return time.monotonic() - self._last_load < REFRESH_SECONDS

    def seconds_until_run(self, feed: str | None) -> float | None:
        """Return the time until a feed's next run, or the first of all; None if unknown."""
        due = self._times.get(feed) if feed else min(self._times.values(), default=None)
        return None if due is None else due - time.time()

    async def refresh(self) -> None:
        """Reload the cache if it is outdated. Do not wait long for a busy state."""
        if not self.is_fresh:
            self._last_load = time.monotonic()  # so that concurrent requests do not reload too
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(self.reload), MAX_WAIT_SECONDS)

    def reload(self) -> None:
        """Reload the cache now. Thread-safe."""
        self._last_load = began = time.monotonic()
        try:
            runs = self._load()
        except FeedpubError as error:  # the old times are still a good estimate
            _log.warning("cannot read when feeds run next: %s", error)
        else:
            self._times = {feed: run.next_run.timestamp() for feed, run in runs.items()}
        self._load_seconds = time.monotonic() - began

    def invalidate(self) -> None:
        """Reload the cache, unless that was just done: thousands of runs may end at once."""
        if time.monotonic() - self._last_load > MIN_REST_FACTOR * self._load_seconds:
            self.reload()
