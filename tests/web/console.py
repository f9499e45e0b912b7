"""A fake of the service behind the HTTP server."""

import threading
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from feedpub.core.errors import FeedpubError
from feedpub.web.status import FeedStatus, Health, Overview, ProcessStatus, ServiceStatus
from tests.support.overviews import overview_of

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)


class FakeControl:
    """A service with two feeds, `world` and `busy`. The second is running.

    Attributes:
        secret: The token.
        error: Raised by all methods.
        feeds: The feeds.
        heartbeat: Of the scheduler.
        asked: Number of calls of `overview`.
        ran: Feeds that were requested to run.
        may_answer: `overview` waits until this is set.
    """

    runs_feeds = True

    def __init__(self, secret: str | None = "open sesame") -> None:
        self.secret = secret
        self.error: FeedpubError | None = None
        self.feeds: tuple[FeedStatus, ...] = (
            FeedStatus("world", "The world", Health.HEALTHY),
            FeedStatus("busy", "Busy", Health.HEALTHY),
        )
        self.heartbeat = NOW
        self.asked = 0
        self.ran: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    @property
    def feed_names(self) -> Collection[str]:
        return [feed.name for feed in self.feeds]

    def overview(self, *, max_age_seconds: float = 0.0) -> Overview:
        del max_age_seconds
        self.asked += 1
        self.may_answer.wait(10)
        return overview_of(self.details(self.feed_names))

    def details(self, feeds: Collection[str], *, brief: bool = False) -> ServiceStatus:
        del brief
        if self.error:
            raise self.error
        by_name = {feed.name: feed for feed in self.feeds}
        running = ProcessStatus(started=NOW, heartbeat=self.heartbeat)
        return ServiceStatus(NOW, running, tuple(by_name[name] for name in feeds))

    def live_entries(self) -> Mapping[str, tuple[int, int | None]]:
        return {feed.name: (feed.entries, None) for feed in self.feeds}

    def run_now(self, feed: str) -> bool:
        self.ran.append(feed)
        return feed != "busy"

    def admin_token(self) -> str | None:
        if self.error:
            raise self.error
        return self.secret
