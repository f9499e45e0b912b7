"""Collect the status of the service, its feeds and their sources.

The status page, the metrics and the command line present it. It contains no secrets: passwords and
tokens are removed from addresses.
"""

from feedpub.core.text import format_age, format_relative
from feedpub.web.status.collect import collect_live_entries, collect_status
from feedpub.web.status.health import GRACE_PERIOD
from feedpub.web.status.overview import (
    PAGE_FEEDS,
    FeedQuery,
    FeedRow,
    FeedSelection,
    Overview,
    SourceRow,
    StatusBoard,
)
from feedpub.web.status.records import (
    SHOWN_DAYS,
    FeedStatus,
    Health,
    ProcessStatus,
    ServiceStatus,
    SourceStatus,
    describe_counts,
)

__all__ = [
    "GRACE_PERIOD",
    "PAGE_FEEDS",
    "SHOWN_DAYS",
    "FeedQuery",
    "FeedRow",
    "FeedSelection",
    "FeedStatus",
    "Health",
    "Overview",
    "ProcessStatus",
    "ServiceStatus",
    "SourceRow",
    "SourceStatus",
    "StatusBoard",
    "collect_live_entries",
    "collect_status",
    "describe_counts",
    "format_age",
    "format_relative",
]
