"""Collect the status of the service, its feeds and their sources.

The status page, the metrics and the command line present it. It contains no secrets: passwords and
tokens are removed from addresses.
"""

from feedpub.core.text import format_age, format_relative
from feedpub.web.status.collect import collect_status
from feedpub.web.status.health import GRACE_PERIOD
from feedpub.web.status.records import (
    SHOWN_DAYS,
    FeedStatus,
    Health,
    ProcessStatus,
    ServiceStatus,
    SourceStatus,
)

__all__ = [
    "GRACE_PERIOD",
    "SHOWN_DAYS",
    "FeedStatus",
    "Health",
    "ProcessStatus",
    "ServiceStatus",
    "SourceStatus",
    "collect_status",
    "format_age",
    "format_relative",
]
