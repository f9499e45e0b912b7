"""A fake of the service behind the HTTP server."""

import threading
from datetime import UTC, datetime

from feedpub.core.errors import FeedpubError
from feedpub.web.status import FeedStatus, Health, ProcessStatus, ServiceStatus

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)


class FakeControl:
    """A service with two feeds, `world` and `busy`. The second is running.

    Attributes:
        secret: The token.
        error: Raised by all methods.
        asked: Number of calls of `status`.
        ran: Feeds that were requested to run.
        may_answer: `status` waits until this is set.
    """

    runs_feeds = True

    def __init__(self, secret: str | None = "open sesame") -> None:
        self.secret = secret
        self.error: FeedpubError | None = None
        self.asked = 0
        self.ran: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def status(self, *, brief: bool = False) -> ServiceStatus:
        del brief
        self.asked += 1
        self.may_answer.wait(10)
        if self.error:
            raise self.error
        feeds = (
            FeedStatus("world", "The world", Health.HEALTHY),
            FeedStatus("busy", "Busy", Health.HEALTHY),
        )
        return ServiceStatus(NOW, ProcessStatus(started=NOW, heartbeat=NOW), feeds)

    def run_now(self, feed: str) -> bool:
        self.ran.append(feed)
        return feed != "busy"

    def admin_token(self) -> str | None:
        if self.error:
            raise self.error
        return self.secret
