"""Find the articles that a page lists: by its structure alone, or by elements that someone chose.

Links that stand at the same place of the structure form a group; each link's card is read; groups
are scored by what their cards have (headings, dates, teasers) and by where they stand; the best
group and those like it are the listing. Knows nothing of the network, of feeds, and of single
sites.
"""

from feedpub.sources.listing.cards import select_cards
from feedpub.sources.listing.detect import find_items
from feedpub.sources.listing.selectors import describe_selectors

__all__ = ["describe_selectors", "find_items", "select_cards"]
