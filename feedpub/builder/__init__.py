"""Articles → entries → documents: who an entry is, what changed, and how a feed is written.

The documents are pure functions of `Feed`: the same feed gives the same bytes, wherever and whenever.
"""

from feedpub.builder.jsonfeed import render_json
from feedpub.builder.opml import render_opml
from feedpub.builder.pages import render_article, render_index, render_page
from feedpub.builder.source_opml import render_source_opml, unsaid
from feedpub.builder.xmlfeed import render_atom, render_rss

__all__ = [
    "render_article",
    "render_atom",
    "render_index",
    "render_json",
    "render_opml",
    "render_page",
    "render_rss",
    "render_source_opml",
    "unsaid",
]
