"""Find the articles that a page lists: by its structure alone, or by elements that someone chose.

Links that stand at the same place of the structure form a group; each link's card is read; groups are scored by what
their cards have (headings, dates, teasers) and by where they stand; the best group and those like it are the listing.
Knows nothing of the network, of feeds, and of single sites.
"""

from feedpub.sources.listing.detect import find
from feedpub.sources.listing.select import select
from feedpub.sources.listing.selectors import selectors_of

__all__ = ["find", "select", "selectors_of"]
