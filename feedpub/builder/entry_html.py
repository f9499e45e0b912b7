"""Change the HTML of an entry when it is published: lead image, reading time and links.

The additions are not stored, and are not repeated if the HTML has them already.

Images of saved articles are stored under a placeholder. They get the current `base_url` when the
entry is published, so that a feed can move to another host.

Links to fragments, such as those of footnotes, are relative in our pages ("#fn1") and absolute in
feeds. Most readers remove ids and resolve "#fn1" against the address of the feed, or of the page
that shows the entry. An absolute link leads to the footnote on the article's page, and stays within
the entry in readers that keep ids. The W3C validator requires absolute links too.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape, unescape
from urllib.parse import urldefrag

from feedpub.core.languages import translations_for
from feedpub.core.models import Entry, StoryLink
from feedpub.core.text import split_length

# Silent reading in languages with spaces (Brysbaert 2019: 238 in English, fewer in others).
WORDS_PER_MINUTE = 230
CHARACTERS_PER_MINUTE = 400  # in scripts without spaces
_IMAGE = re.compile("<img[ >]")
_READING_TIME = re.compile(r"<p><small>[^<]{1,40}</small></p>")
_SMALL_LINE = "<p><small>"
_STORY_LINK = re.compile(r'<a href="([^"<>]+)">([^<>]+)</a>')
PLACEHOLDER = "https://feedpub.invalid/"
"""Replaces `base_url` in stored entries; no real host has a name under .invalid (RFC 2606)."""

_ADDRESS = re.compile(r'="(https?://[^"<>\s]+)"')
_LINK = re.compile(r'(<a(?: (?!href=)[a-z]+="[^"]*")*+ href=")([^"#]*)#([^"]+)"')


def with_lead_image(entry: Entry) -> Entry:
    """Add the lead image above the text, unless the text has an image."""
    if not entry.image or not entry.html or _IMAGE.search(entry.html):
        return entry
    return replace(entry, html=f"{_lead_image_html(entry.image)}{entry.html}")


def with_reading_time(entry: Entry) -> Entry:
    """Add a first line with the reading time in the entry's language: "4 min read"."""
    if not entry.html or _READING_TIME.match(entry.html):
        return entry
    template = str(translations_for(entry.language).texts["reading"])
    line = template.format(n=reading_minutes(entry.text))
    return replace(entry, html=f"<p><small>{escape(line, quote=False)}</small></p>{entry.html}")


def with_story_links(entry: Entry) -> Entry:
    """Add a last line that links to the story elsewhere, in the entry's language: "Also at …"."""
    if not entry.html or not entry.also_at:
        return entry
    template = escape(str(translations_for(entry.language).texts["also_at"]), quote=False)
    links = [f'<a href="{escape(link.url)}">{escape(link.site)}</a>' for link in entry.also_at]
    line = f"{_SMALL_LINE}{template.format(sites=', '.join(links))}</small></p>"
    return replace(entry, html=f"{entry.html}{line}")


def without_story_links(entry: Entry) -> Entry:
    """Return a published entry without its line of links, which become its `also_at`."""
    html, _, line = entry.html.rpartition(_SMALL_LINE)
    links = [StoryLink(unescape(url), unescape(site)) for url, site in _STORY_LINK.findall(line)]
    bare = replace(entry, html=html, also_at=tuple(links))
    return bare if links and with_story_links(bare).html == entry.html else entry


def undecorated_versions(entry: Entry) -> Iterator[Entry]:
    """Yield what a published entry may have been without additions, the shortest version first.

    The last version is the entry itself.
    """
    bare = without_story_links(entry)
    without_time = bare.html
    if _READING_TIME.match(bare.html):
        without_time = _READING_TIME.sub("", bare.html, count=1)
    image = _lead_image_html(entry.image or "")
    versions = (
        without_time.removeprefix(image),
        without_time,
        bare.html.removeprefix(image),
        bare.html,
    )
    for html in dict.fromkeys(versions):
        yield replace(bare, html=html)
    if bare != entry:
        yield entry


def _lead_image_html(image: str) -> str:
    return f'<p><img src="{escape(image)}" alt=""></p>'


def reading_minutes(text: str) -> int:
    """Return the time to read a text in minutes, at least one."""
    words, characters = split_length(text)
    return max(1, round(words / WORDS_PER_MINUTE + characters / CHARACTERS_PER_MINUTE))


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
