"""When each feed runs next, as it was known some seconds ago.

Nobody who wants a feed waits long for the state.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from feedpub.core.errors import FeedpubError
from feedpub.store import ScheduledRun

REFRESH_SECONDS = 5.0  # seconds between two looks at the plans
MAX_LOAD_SHARE = 20  # looks that nobody waits for take one of so many parts of the time
MAX_WAIT_SECONDS = 0.5  # seconds that a request waits for a look

_log = logging.getLogger(__name__)


class NextRunCache:
    """The next runs.

    Args:
        ask: feed → what is planned; called in a thread of its own, but for the first time.
    """

    def __init__(self, ask: Callable[[], Mapping[str, ScheduledRun]]) -> None:
        self._ask = ask
        self._known: Mapping[str, float] = {}  # seconds since 1970
        self._asked = 0.0
        self._took = 0.0
        self.reload()

    @property
    def is_fresh(self) -> bool:
        """Whether what is known is good enough."""
        return time.monotonic() - self._asked < REFRESH_SECONDS

    def seconds_until_run(self, feed: str | None) -> float | None:
        """How long until a feed runs, or the first of all; None where that is not known."""
        due = self._known.get(feed) if feed else min(self._known.values(), default=None)
        return None if due is None else due - time.time()

    async def refresh(self) -> None:
        """Look again where it is time to; a state that is busy is not waited for."""
        if not self.is_fresh:
            self._asked = time.monotonic()  # whoever comes meanwhile does not look as well
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(self.reload), MAX_WAIT_SECONDS)

    def reload(self) -> None:
        """Look now; from any thread."""
        self._asked = began = time.monotonic()
        try:
            self._known = {
                feed: planned.next_run.timestamp() for feed, planned in self._ask().items()
            }
        except FeedpubError as error:  # what was known still holds, more or less
            _log.warning("the next runs of feeds cannot be read: %s", error)
        self._took = time.monotonic() - began

    def invalidate(self) -> None:
        """Look now, unless that was done just now.

        When thousands of runs end, looks are not made for each.
        """
        if time.monotonic() - self._asked > MAX_LOAD_SHARE * self._took:
            self.reload()
