"""What could be published of a site: from one address to candidates for a source, the best first.

One module a way of finding candidates, each with its evidence; `rank` judges them and fetches
nothing; `trial` reads a few articles for real. Every request goes through `Looks`, which bounds how
many there are and names what failed.
"""

from feedpub.sources.discovery.candidate import ArticleSample, Candidate
from feedpub.sources.discovery.discover import Discovery, discover_sources, try_articles
from feedpub.sources.discovery.rank import RankedCandidate
from feedpub.sources.discovery.session import DiscoverySession

__all__ = [
    "ArticleSample",
    "Candidate",
    "Discovery",
    "DiscoverySession",
    "RankedCandidate",
    "discover_sources",
    "try_articles",
]
