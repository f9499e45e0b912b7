"""Adapt links in the HTML of entries: to feedpub's own files, and to fragments of the entry itself.

Images of saved articles are stored under a placeholder. They get the current `base_url` when the
entry is published, so that a feed can move to another host.

Links to fragments, such as those of footnotes, are relative in our pages ("#fn1") and absolute in
feeds. Most readers remove ids and resolve "#fn1" against the address of the feed, or of the page
that shows the entry. An absolute link leads to the footnote on the article's page, and stays within
the entry in readers that keep ids. The W3C validator requires absolute links too.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from html import escape, unescape
from urllib.parse import urldefrag

from feedpub.core.models import Entry

PLACEHOLDER = "https://feedpub.invalid/"
"""Replaces `base_url` in stored entries; no real host has a name under .invalid (RFC 2606)."""

_ADDRESS = re.compile(r'="(https?://[^"<>\s]+)"')
_LINK = re.compile(r'(<a(?: (?!href=)[a-z]+="[^"]*")*+ href=")([^"#]*)#([^"]+)"')


def move_addresses(entry: Entry, old: str, new: str) -> Entry:
    """Replace the prefix `old` of addresses in the entry by `new`."""
    if escape(old) not in entry.html and old not in (entry.image or ""):
        return entry

    def move(address: str) -> str:
        return f"{new}{address.removeprefix(old)}" if address.startswith(old) else address

    return change_addresses(entry, move)


def change_addresses(entry: Entry, change: Callable[[str], str]) -> Entry:
    """Change the web addresses of the entry's lead image and in its HTML.

    Args:
        entry: its HTML is sanitised, with attributes in double quotes.
        change: returns the new address for an old one. If they are equal, no byte changes.
    """

    def replace_attribute(found: re.Match[str]) -> str:
        old = unescape(found[1])
        new = change(old)
        return found[0] if new == old else f'="{escape(new)}"'

    image = change(entry.image) if entry.image else entry.image
    return replace(entry, html=_ADDRESS.sub(replace_attribute, entry.html), image=image)


def complete_fragments(html: str, page: str) -> str:
    """Add the address of an entry's page to links such as "#fn1"."""
    if 'href="#' not in html:
        return html
    address = escape(urldefrag(page).url)
    return _LINK.sub(lambda link: f'{link[1]}{link[2] or address}#{link[3]}"', html)


def shorten_fragments(html: str, page: str) -> str:
    """Reverse `complete_fragments`: remove the address from links to the entry itself."""
    if "#" not in html:
        return html
    address = urldefrag(page).url

    def shorten(link: re.Match[str]) -> str:
        is_inside = unescape(link[2]) == address and f' id="{link[3]}"' in html
        return f'{link[1]}#{link[3]}"' if is_inside else link[0]

    return _LINK.sub(shorten, html)
