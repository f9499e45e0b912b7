"""Addresses of feedpub's own files in the text of an entry: a picture beside a saved article.

The store holds them under a placeholder. They get the `base_url` of the day when the entry is
published, so that a feed can move to another host.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from html import escape, unescape
from urllib.parse import urldefrag

from feedpub.core.models import Entry

_ADDRESS = re.compile(r'="(https?://[^"<>\s]+)"')

PLACEHOLDER = "https://feedpub.invalid/"
"""Stands for `base_url` in stored entries; no real host has a name under .invalid (RFC 2606)."""


def move_addresses(entry: Entry, old: str, new: str) -> Entry:
    """Return the entry with each address that begins with `old` beginning with `new` instead."""
    if escape(old) not in entry.html and old not in (entry.image or ""):
        return entry
    return change_addresses(
        entry, lambda a: f"{new}{a.removeprefix(old)}" if a.startswith(old) else a
    )


def change_addresses(entry: Entry, change: Callable[[str], str]) -> Entry:
    """Return the entry with the web addresses of its lead image and of its HTML changed.

    Args:
        entry: its HTML is as the cleaner writes it, attributes in double quotes.
        change: returns the new address for an old one. If they are equal, no byte changes.
    """

    def changed(found: re.Match[str]) -> str:
        old = unescape(found[1])
        new = change(old)
        return found[0] if new == old else f'="{escape(new)}"'

    image = change(entry.image) if entry.image else entry.image
    return replace(entry, html=_ADDRESS.sub(changed, entry.html), image=image)


# SECTION: Links from an entry to itself, such as those of footnotes: "#fn1" in our pages, a whole
# address in feeds.
#
# Most readers drop ids, and complete "#fn1" with the address of the feed, or of whatever page
# shows the entry. A whole
# address leads to the footnote on the article's page, and stays inside the entry in readers that
# keep ids and show it
# under the article's address. It is also what the W3C validator asks for.

_LINK = re.compile(
    r'(<a(?: (?!href=)[a-z]+="[^"]*")*+ href=")([^"#]*)#([^"]+)"'
)  # as the sanitiser writes them


def complete_fragments(html: str, page: str) -> str:
    """Return an entry's HTML with the address of its page before each "#fn1"."""
    if 'href="#' not in html:
        return html
    address = escape(urldefrag(page).url)
    return _LINK.sub(lambda link: f'{link[1]}{link[2] or address}#{link[3]}"', html)


def shorten_fragments(html: str, page: str) -> str:
    """Undo `complete_fragments`: links to what is in the entry itself begin with "#" again."""
    if "#" not in html:
        return html
    address = urldefrag(page).url

    def shorten(link: re.Match[str]) -> str:
        is_inside = unescape(link[2]) == address and f' id="{link[3]}"' in html
        return f'{link[1]}#{link[3]}"' if is_inside else link[0]

    return _LINK.sub(shorten, html)
