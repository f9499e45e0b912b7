"""When each feed runs next, as it was known some seconds ago: nobody who wants a feed waits for the state."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from feedpub.errors import FeedpubError
from feedpub.store import Planned

OFTEN = 5.0  # seconds between two looks at the plans

_log = logging.getLogger(__name__)


class Upcoming:
    """The next runs.

    Args:
        ask: feed → what is planned; called in a thread of its own, but for the first time.
    """

    def __init__(self, ask: Callable[[], Mapping[str, Planned]]) -> None:
        self._ask = ask
        self._known: Mapping[str, datetime] = {}
        self._asked = time.monotonic()
        self._look()

    def seconds(self, feed: str | None) -> float | None:
        """How long until a feed runs, or the first of all; None where that is not known. In the event loop."""
        now = time.monotonic()
        if now - self._asked > OFTEN:
            self._asked = now
            asyncio.get_running_loop().run_in_executor(None, self._look)
        known = self._known
        due = known.get(feed) if feed else min(known.values(), default=None)
        return (due - datetime.now(UTC)).total_seconds() if due else None

    def _look(self) -> None:
        try:
            self._known = {feed: planned.next_run for feed, planned in self._ask().items()}
        except FeedpubError as error:  # what was known still holds, more or less
            _log.warning("the next runs of feeds cannot be read: %s", error)
