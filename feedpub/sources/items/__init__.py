"""Read the entries of one page: changelogs, notices, events, tables, one-page blogs.

`detect` finds the items by headings, dates and repeated blocks, `fields` reads the fields of one
item, and `read` applies the selectors of the config and identifies each item.
"""
