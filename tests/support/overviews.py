"""Status of made-up feeds.

They are healthy, late or broken, with names and addresses of every kind.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.store import RemovalStat
from feedpub.web import metrics, status_page
from feedpub.web.status import (
    FeedQuery,
    FeedRow,
    FeedStatus,
    Health,
    Overview,
    ProcessStatus,
    ServiceStatus,
    SourceStatus,
)

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALL_FEEDS = FeedQuery()
RATE_REASON = "publishes about 9 a day, mostly 7–18 h UTC"
DAYS = (
    0,
    3,
    9,
    8,
    11,
    7,
    1,
    0,
    9,
    12,
    8,
    9,
    10,
    2,
    1,
    8,
    9,
    14,
    9,
    7,
    0,
    2,
    9,
    11,
    8,
    10,
    9,
    1,
    0,
    4,
)


def source_status(address: str = "https://news.example.org/feed", **others: Any) -> SourceStatus:
    """Return a healthy source with the given changes."""
    healthy = SourceStatus(
        address,
        "feed",
        Health.HEALTHY,
        last_look=NOW - 6 * MINUTE,
        last_success=NOW - 6 * MINUTE,
        items=20,
        next_look=NOW + 24 * MINUTE,
        why=RATE_REASON,
    )
    return replace(healthy, **others)


def failing_source(address: str = "https://broken.example.org/feed", **others: Any) -> SourceStatus:
    """Return a source that has been failing for a while."""
    failing: dict[str, Any] = {
        "health": Health.BROKEN,
        "reason": "HTTP 404: the page is gone",
        "since": NOW - 3 * HOUR,
        "failures": 4,
        "last_success": NOW - 2 * DAY,
        "why": "failed 4 times in a row",
    }
    return replace(source_status(address), **failing | others)


def feed_status(name: str = "world", title: str = "World news", **others: Any) -> FeedStatus:
    """Return a healthy feed with the given changes."""
    healthy = FeedStatus(
        name,
        title,
        Health.HEALTHY,
        outcome=RunResult(name, RunStatus.UPDATED, new=3, kept=47, requests=5, seconds=2.14),
        last_run=NOW - 6 * MINUTE,
        last_success=NOW - 6 * MINUTE,
        next_run=NOW + 24 * MINUTE,
        why=RATE_REASON,
        entries=50,
        newest=NOW - 2 * HOUR,
        days=DAYS,
        requests={"200": 40, "304": 12, "error": 1},
        sources=(source_status(),),
        documents=tuple(f"{name}.{suffix}" for suffix in ("html", "rss", "atom", "json")),
    )
    return replace(healthy, **others)


def removal_stat(text: str = "Subscribe to our newsletter", **others: Any) -> RemovalStat:
    """Return a line that has been removed since yesterday."""
    known = RemovalStat(
        "world", text, "looks like boilerplate (class newsletter)", NOW - DAY, NOW - HOUR, 14
    )
    return replace(known, **others)


def process_status(**others: Any) -> ProcessStatus:
    """Return the state of a healthy service."""
    return replace(
        ProcessStatus(started=NOW - 12 * DAY, heartbeat=NOW - timedelta(seconds=3)), **others
    )


def service_status(*feeds: FeedStatus, **others: Any) -> ServiceStatus:
    """Return the status of these feeds and of a healthy service."""
    return replace(ServiceStatus(NOW, process_status(), feeds), **others)


def overview_of(status: ServiceStatus) -> Overview:
    """Return the overview of the feeds of a status."""
    started = status.running.started if status.running else None
    rows = [FeedRow.from_status(feed, status.now, started) for feed in status.feeds]
    return Overview.from_rows(status.now, status.running, rows)


def render_status_page(
    status: ServiceStatus, query: FeedQuery = ALL_FEEDS, *, can_run: bool = False
) -> str:
    """Return the page of the status for a query."""
    selection = overview_of(status).select(query)
    by_name = {feed.name: feed for feed in status.feeds}
    shown = replace(status, feeds=tuple(by_name[name] for name in selection.names))
    return status_page.render_status_page(shown, selection, can_run=can_run)


def render_metrics(status: ServiceStatus) -> str:
    """Return the metrics of a status."""
    if status.running:
        requests = {
            (feed.name, http_status): count
            for feed in status.feeds
            for http_status, count in feed.requests.items()
        }
        status = replace(status, running=replace(status.running, requests=requests))
    entries = {
        feed.name: (feed.entries, int(feed.newest.timestamp()) if feed.newest else None)
        for feed in status.feeds
    }
    return "".join(metrics.render_metrics(overview_of(status), entries))


def service_in_every_state() -> ServiceStatus:
    """Return twelve feeds in all states, some with texts that break layouts."""
    long_url = (
        "https://a-rather-long-name-of-a-host.news.example.org/with/a/path/"
        + "x" * 160
        + "?feed=rss2&token=…"
    )
    failed = RunResult("gone", RunStatus.FAILED, requests=1, seconds=0.4)
    article = Failure(
        "https://news.example.org/story/" + "y" * 90, "HTTP 500: the server has an error"
    )
    none_read = RunResult(
        "unread",
        RunStatus.FAILED,
        failed=20,
        problems=(Failure("unread", "none", fatal=True), *[article] * 20),
    )
    feeds = (
        feed_status(removals=(removal_stat(), removal_stat("اشترك في نشرتنا الإخبارية", count=3))),
        feed_status(
            "gone",
            "The gone gazette",
            health=Health.BROKEN,
            outcome=failed,
            sources=(failing_source(),),
        ),
        feed_status(
            "late",
            "Late edition",
            health=Health.LATE,
            overdue=True,
            next_run=NOW - 3 * HOUR,
            reasons=("its run was due 3 hours ago",),
        ),
        feed_status(
            "new",
            "Not built yet",
            health=Health.LATE,
            reasons=("not checked yet",),
            outcome=None,
            last_run=None,
            last_success=None,
            next_run=None,
            why="",
            entries=0,
            documents=(),
            newest=None,
            days=(0,) * 30,
            sources=(
                SourceStatus("https://new.example.org/", "page", Health.LATE, "not checked yet"),
            ),
        ),
        feed_status(
            "long-" + "name" * 12,
            "Unbroken" * 20,
            sources=(source_status(long_url), source_status(long_url + "&page=2")),
        ),
        feed_status("arabic", "أخبار العالم من كل مكان: صحيفة يومية مستقلة تصدر في القاهرة"),
        feed_status("hebrew", "חדשות הבוקר"),
        feed_status(
            "unread",
            "Unread pages",
            health=Health.BROKEN,
            outcome=none_read,
            reasons=("none of the 20 articles listed could be read",),
        ),
        feed_status(
            "hung",
            "Hanging gardens",
            health=Health.BROKEN,
            hung=NOW - 20 * MINUTE,
            reasons=("a stuck run was cancelled 20 minutes ago",),
        ),
        feed_status("busy", "Busy bee", busy=NOW - 2 * MINUTE),
        feed_status(
            "many",
            "Many sources",
            health=Health.BROKEN,
            sources=(
                *(source_status(f"https://site-{n}.example.org/rss") for n in range(5)),
                failing_source(
                    long_url,
                    reason="no list of articles was found on the page: tried main, section and div "
                    'with at least 3 links; name it with items = "…"',
                ),
            ),
        ),
        feed_status(
            "saved",
            "Saved articles",
            sources=(source_status("/srv/articles", kind="folder", why="a folder: every 5m"),),
        ),
    )
    problem = 'config/feedpub.toml:12: feed 2: "evry" is not a setting; did you mean "every"?'
    return service_status(*feeds, running=process_status(config_problem=problem))
