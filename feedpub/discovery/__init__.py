"""What could be published of a site: from one address to candidates for a source, the best first.

One module a way of finding candidates, each with its evidence; `rank` judges them and fetches nothing; `trial` reads a
few articles for real. Every request goes through `Looks`, which bounds how many there are and names what failed.
"""

from feedpub.discovery.candidates import Candidate, Tried
from feedpub.discovery.discover import Discovery, discover
from feedpub.discovery.looks import Looks
from feedpub.discovery.rank import Ranked
from feedpub.discovery.trial import try_articles

__all__ = ["Candidate", "Discovery", "Looks", "Ranked", "Tried", "discover", "try_articles"]
