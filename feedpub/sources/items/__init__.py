"""Read entries that stand on one page: changelogs, notices, events, tables, one-page blogs.

`detect` finds the items by headings, dates and repeated blocks, `fields` reads the fields of one
item, and `read` applies the selectors of the config and identifies each item.
"""

from feedpub.sources.items.read import read_items_page

__all__ = ["read_items_page"]
