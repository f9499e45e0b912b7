"""Add a lead image, the reading time and links to an entry's HTML when it is published.

The additions are not stored, and are not repeated if the HTML has them already.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape, unescape

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
