"""Find the articles that a page lists, by its structure or by selected elements.

Links at the same place of the page's structure form a group. A card is read around each link. A
group's score depends on the headings, dates and teasers of its cards, and on the region of the
page. The best group and those like it are the listing. No site is treated specially.
"""

from feedpub.sources.listing.cards import select_cards
from feedpub.sources.listing.detect import find_items
from feedpub.sources.listing.selectors import describe_selectors

__all__ = ["describe_selectors", "find_items", "select_cards"]
