"""A process to be asked, that tells what it is made to tell."""

import threading
from datetime import UTC, datetime

from feedpub.core.errors import FeedpubError
from feedpub.web.status import FeedStatus, Health, ProcessStatus, ServiceStatus

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)


class FakeControl:
    """Has two feeds, `world` and `busy`, of which the latter is being looked at.

    Attributes:
        secret: the token.
        error: raised by whatever is asked.
        asked: how often it was asked how everything is.
        ran: the feeds that were to run.
        gate: how everything is, is told only while it is open.
    """

    runs_feeds = True

    def __init__(self, secret: str | None = "open sesame") -> None:
        self.secret = secret
        self.error: FeedpubError | None = None
        self.asked = 0
        self.ran: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def status(self, *, brief: bool = False) -> ServiceStatus:
        del brief
        self.asked += 1
        self.gate.wait(10)
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
