"""How everything is: one look at the state, as data that pages, metrics and the command line show in their own ways.

    records     what there is to know of everything, of a feed, of a source
    judgement   healthy, late or broken, and why
    collect     out of the config, the state and the running process
    words       how long ago, how soon

Nothing here is secret: addresses have lost passwords and tokens.
"""

from feedpub.overview.collect import of
from feedpub.overview.judgement import GRACE
from feedpub.overview.records import DAYS, FeedOverview, Health, Overview, Running, SourceOverview
from feedpub.overview.words import ago, relative

__all__ = [
    "DAYS",
    "GRACE",
    "FeedOverview",
    "Health",
    "Overview",
    "Running",
    "SourceOverview",
    "ago",
    "of",
    "relative",
]
