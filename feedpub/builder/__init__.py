"""Articles → entries → documents: who an entry is, what changed, and how a feed is written.

The documents are pure functions of `Feed`: the same feed gives the same bytes, wherever and
whenever.
"""

from feedpub.builder.html import render_article, render_index, render_page
from feedpub.builder.json_feed import render_json
from feedpub.builder.opml import render_opml, render_source_opml, unsupported_settings
from feedpub.builder.rss_atom import render_atom, render_rss

__all__ = [
    "render_article",
    "render_atom",
    "render_index",
    "render_json",
    "render_opml",
    "render_page",
    "render_rss",
    "render_source_opml",
    "unsupported_settings",
]
