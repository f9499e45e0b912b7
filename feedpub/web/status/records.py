"""What there is to know of everything, as frozen data.

Times are aware; texts are for everybody to read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from feedpub.core.models import RunResult
from feedpub.core.text import pluralize
from feedpub.fetch import RequestCounts
from feedpub.notify.alert_text import ProposalText
from feedpub.store import RemovalStat

SHOWN_DAYS = 30  # that entries are counted by
_DEAD_AFTER = timedelta(minutes=1)  # without a heartbeat


class Health(StrEnum):
    """How a feed or a source is; the worst first."""

    BROKEN = "broken"
    LATE = "late"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """What only the running service knows.

    Attributes:
        heartbeat: when the scheduler last showed that it lives.
        busy: feed → since when it is being looked at.
        config_problem: why the config file as it stands now is not in force.
        hung: feed → since when a run of it is lost.
        requests: how many were sent, by feed and status.
    """

    started: datetime
    heartbeat: datetime
    busy: Mapping[str, datetime] = field(default_factory=dict)
    config_problem: str | None = None
    hung: Mapping[str, datetime] = field(default_factory=dict)
    requests: RequestCounts = field(default_factory=dict)

    def alive(self, now: datetime) -> bool:
        """True while the scheduler's heart beats."""
        return now - self.heartbeat < _DEAD_AFTER


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source is.

    Attributes:
        address: its address or folder; no two of a feed have the same.
        kind: page, feed, sitemap or folder.
        reason: why it is not healthy, and what was tried; "" where it is.
        since: since when it fails.
        failures: how often it failed in a row.
        last_look, last_success: when it was asked, and when it could be read.
        items: how many articles it listed then.
        next_look: when it is asked next; None where nobody has decided that.
        why: the reason for that moment.
        proposal: how the config could be changed so that it is read again; None where nothing is
            known of that.
    """

    address: str
    kind: str
    health: Health
    reason: str = ""
    since: datetime | None = None
    failures: int = 0
    last_look: datetime | None = None
    last_success: datetime | None = None
    items: int = 0
    next_look: datetime | None = None
    why: str = ""
    proposal: ProposalText | None = None


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a feed is.

    Attributes:
        health: its own, or that of its worst source.
        reasons: why it is not healthy, beside what its sources say themselves.
        outcome: how the last run went.
        last_run: when that began.
        last_success: when the last run began that published what there was.
        next_run: when it runs next; None where nobody has decided that.
        why: the reason for that moment.
        busy, hung: since when a run of it is under way, or lost.
        overdue: it should have run by now.
        entries: how many are in the live document.
        newest: when the newest of them was published.
        days: how many were published on each of the last `DAYS` days (UTC), today's last.
        requests: HTTP status, or "error", → how many requests since the service started.
        removals: what the cleaner began to remove last.
        documents: the names of its files.
    """

    name: str
    title: str
    health: Health
    reasons: tuple[str, ...] = ()
    outcome: RunResult | None = None
    last_run: datetime | None = None
    last_success: datetime | None = None
    next_run: datetime | None = None
    why: str = ""
    busy: datetime | None = None
    hung: datetime | None = None
    overdue: bool = False
    entries: int = 0
    newest: datetime | None = None
    days: tuple[int, ...] = (0,) * SHOWN_DAYS
    requests: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[SourceStatus, ...] = ()
    removals: tuple[RemovalStat, ...] = ()
    documents: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Everything that is wrong with it, on one line; "" where nothing is."""
        told = [f"{source.address}: {source.reason}" for source in self.sources if source.reason]
        return "; ".join((*self.reasons, *told))


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """How everything is at one moment.

    Attributes:
        running: None where no service was asked.
        feeds: in the config's order.
    """

    now: datetime
    running: ProcessStatus | None
    feeds: tuple[FeedStatus, ...]

    def count(self, health: Health) -> int:
        """How many feeds are like this."""
        return sum(feed.health is health for feed in self.feeds)

    @property
    def summary(self) -> str:
        """One line: "12 feeds: 10 healthy, 1 late, 1 broken"."""
        counts = [
            f"{self.count(health)} {health}" for health in reversed(Health) if self.count(health)
        ]
        return ": ".join(
            [pluralize(len(self.feeds), "feed"), *([", ".join(counts)] if counts else [])]
        )
