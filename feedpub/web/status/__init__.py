"""How everything is: one look at the state, as data that pages, metrics and the command line show in their own ways.

    records     what there is to know of everything, of a feed, of a source
    judgement   healthy, late or broken, and why
    collect     out of the config, the state and the running process
    words       how long ago, how soon

Nothing here is secret: addresses have lost passwords and tokens.
"""

from feedpub.core.humanize import format_age, format_relative
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
