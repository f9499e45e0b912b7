"""Define the status records. `feedpub status --json` writes their fields by name.

Times are aware. Texts contain no secrets.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from feedpub.core.models import RunResult
from feedpub.notify.alert_text import ProposalText
from feedpub.store import RemovalStat

if TYPE_CHECKING:
    from feedpub.fetch import RequestCounts

SHOWN_DAYS = 30  # for which entries are counted per day
_DEAD_AFTER = timedelta(minutes=1)  # without a heartbeat


class Health(StrEnum):
    """The health of a feed or a source, the worst first."""

    BROKEN = "broken"
    LATE = "late"
    PARTIAL = "partial"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """Values that only the running service has.

    Attributes:
        heartbeat: Time of the scheduler's last heartbeat.
        busy: For each running feed, since when it has been running.
        config_problem: Why the current config file is not in use.
        hung: For each feed with a stuck run, when the run was cancelled.
        requests: Number of requests by feed and status.
    """

    started: datetime
    heartbeat: datetime
    busy: Mapping[str, datetime] = field(default_factory=dict)
    config_problem: str | None = None
    hung: Mapping[str, datetime] = field(default_factory=dict)
    requests: "RequestCounts" = field(default_factory=dict)

    def alive(self, now: datetime) -> bool:
        """Return True if the scheduler's last heartbeat is recent."""
        return now - self.heartbeat < _DEAD_AFTER


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The status of a source.

    Attributes:
        address: Its URL or folder, unique within the feed.
        kind: page, feed, sitemap or folder.
        reason: Why it is not healthy; "" if it is.
        since: Since when it has been failing.
        failures: Consecutive failed checks.
        last_look, last_success: Time of the last check, and of the last successful one.
        items: Number of items that it listed at the last successful check.
        next_look: Time of the next check; None if it is not planned.
        why: Reason for that time.
        proposal: A config change that would repair it; None if there is none.
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
    """The status of a feed.

    Attributes:
        health: Its own health, or that of its worst source.
        reasons: Why it is not healthy, without the reasons of its sources.
        outcome: Result of the last run.
        last_run: Start of the last run.
        last_success: Start of the last successful run.
        next_run: Start of the next run; None if it is not planned.
        why: Reason for that time.
        busy, hung: Start of the current run, and cancellation time of a stuck one.
        overdue: It should have run by now.
        entries: Number of entries in the live document.
        newest: Publication time of the newest of them.
        days: Entries published on each of the last `SHOWN_DAYS` days (UTC), today last.
        requests: Requests since the service started, by HTTP status or "error".
        removals: Recent changes in what the cleaner removes.
        documents: Names of the feed's files.
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
        """Return all reasons why the feed is not healthy, on one line."""
        failing = [source for source in self.sources if source.reason]
        source_reasons = [f"{source.address}: {source.reason}" for source in failing]
        return "; ".join((*self.reasons, *source_reasons))


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The status of all feeds at one moment.

    Attributes:
        running: The service's process; None if none was asked.
        feeds: In the config's order.
    """

    now: datetime
    running: ProcessStatus | None
    feeds: tuple[FeedStatus, ...]

    @property
    def counts(self) -> Mapping[Health, int]:
        """Return the number of feeds by health."""
        return Counter([feed.health for feed in self.feeds])


def describe_counts(counts: Mapping[Health, int]) -> str:
    """Describe the number of feeds in each state: "12 feeds: 10 healthy, 1 late, 1 broken"."""
    number = sum(counts.values())
    total = f"{number:,} feed" if number == 1 else f"{number:,} feeds"
    parts = [f"{counts[health]:,} {health}" for health in reversed(Health) if counts.get(health)]
    return f"{total}: {', '.join(parts)}" if parts else total
