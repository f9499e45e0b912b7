"""Find candidates for a source at an address, the best first.

`inspect` and `json_lists` read the given document, `probes` finds candidates, `rank` sorts them
without fetching anything, and `discover` combines them and reads a few articles. Each request goes
through a `DiscoverySession`, which limits their number and records failures.
"""

from feedpub.sources.discovery.candidate import ArticleSample, Candidate, DiscoveryOptions
from feedpub.sources.discovery.discover import Discovery, discover_sources, try_articles
from feedpub.sources.discovery.inspect import without_tagline
from feedpub.sources.discovery.rank import RankedCandidate
from feedpub.sources.discovery.session import DiscoverySession

__all__ = [
    "ArticleSample",
    "Candidate",
    "Discovery",
    "DiscoveryOptions",
    "DiscoverySession",
    "RankedCandidate",
    "discover_sources",
    "try_articles",
    "without_tagline",
]
