"""Strict validation of published documents.

The rules are the errors and warnings of the W3C feed validator, and the RFCs. `CHECKS[suffix](body,
now=…, address=…)` lists complaints; an empty list is a valid document. There are no rules for
elements that feedpub does not publish: such elements are complaints themselves.
"""

from tests.support.feedcheck import atom, json, opml, rss

CHECKS = {"rss": rss.check, "atom": atom.check, "json": json.check}

__all__ = ["CHECKS", "atom", "json", "opml", "rss"]
