"""A strict judge of published documents: everything the W3C feed validator calls an error or a warning, and the RFCs.

`CHECKS[suffix](body, now=…, address=…)` lists complaints; an empty list is a clean document. Rules
for elements that feedpub does not publish are left out: such elements are complaints themselves.
"""

from tests.support.feedcheck import atom, json, opml, rss

CHECKS = {"rss": rss.check, "atom": atom.check, "json": json.check}

__all__ = ["CHECKS", "atom", "json", "opml", "rss"]
