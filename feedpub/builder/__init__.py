"""Build feeds: articles become entries, entries become RSS, Atom, JSON Feed, OPML and HTML.

    ids              the ids of new entries
    matching, merge  which entry an item is, and whether it has changed
    assemble         from stored entries to the files of a feed
    rss_atom, json_feed, opml, html
                     the documents
    documents        their parts: a head, a fragment for each entry, a tail
    reuse            take unchanged parts from the published files
    parse_published  read published documents back after the state is lost

The documents are pure functions of `Feed`: the same feed always gives the same bytes.
"""

from typing import TYPE_CHECKING

from feedpub.core.loading import lazy_exports

if TYPE_CHECKING:
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

__getattr__ = lazy_exports(
    __name__,
    {
        "html": ("render_article", "render_index", "render_page"),
        "json_feed": ("render_json",),
        "opml": ("render_opml", "render_source_opml", "unsupported_settings"),
        "rss_atom": ("render_atom", "render_rss"),
    },
)
