"""Add a lead image and the reading time to the HTML of an entry when it is published.

The additions are not stored, and are not repeated if the HTML has them already.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape

from feedpub.core.i18n import translations_for
from feedpub.core.models import Entry
from feedpub.core.text import split_length

# Silent reading in languages with spaces (Brysbaert 2019: 238 in English, fewer in others).
WORDS_PER_MINUTE = 230
CHARACTERS_PER_MINUTE = 400  # in scripts without spaces
_IMAGE = re.compile("<img[ >]")
_READING_TIME = re.compile(r"<p><small>[^<]{1,40}</small></p>")


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


def undecorated_versions(entry: Entry) -> Iterator[Entry]:
    """Yield what a published entry may have been without additions, the shortest version first.

    The last version is the entry itself.
    """
    without_time = entry.html
    if _READING_TIME.match(entry.html):
        without_time = _READING_TIME.sub("", entry.html, count=1)
    image = _lead_image_html(entry.image or "")
    versions = (
        without_time.removeprefix(image),
        without_time,
        entry.html.removeprefix(image),
        entry.html,
    )
    for html in dict.fromkeys(versions):
        yield replace(entry, html=html)


def _lead_image_html(image: str) -> str:
    return f'<p><img src="{escape(image)}" alt=""></p>'


def reading_minutes(text: str) -> int:
    """Return the time to read a text in minutes, at least one."""
    words, characters = split_length(text)
    return max(1, round(words / WORDS_PER_MINUTE + characters / CHARACTERS_PER_MINUTE))
