"""What helps to read an entry, put into its text when it is published: its picture, and how long it takes.

Nothing of it is stored, and what is there already is not put in again.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape

from feedpub.core.i18n import translations_for
from feedpub.core.models import Entry
from feedpub.core.text import split_length

# of silent reading in languages with spaces (Brysbaert 2019: 238 in English, fewer in others)
WORDS_A_MINUTE = 230
SIGNS_A_MINUTE = 400  # in scripts that write none
_PICTURE = re.compile("<img[ >]")
_TIME = re.compile(r"<p><small>[^<]{1,40}</small></p>")


def with_lead_image(entry: Entry) -> Entry:
    """The entry with its lead image on top, where its text has no picture at all.

    One that is there is not repeated.
    """
    if not entry.image or not entry.html or _PICTURE.search(entry.html):
        return entry
    return replace(entry, html=f"{_picture(entry.image)}{entry.html}")


def undecorated_versions(entry: Entry) -> Iterator[Entry]:
    """What the entry may have been before anything was put into it, the barest first.

    At last as it is.
    """
    timeless = _TIME.sub("", entry.html, count=1) if _TIME.match(entry.html) else entry.html
    picture = _picture(entry.image or "")
    for html in dict.fromkeys(
        (timeless.removeprefix(picture), timeless, entry.html.removeprefix(picture), entry.html)
    ):
        yield replace(entry, html=html)


def _picture(image: str) -> str:
    return f'<p><img src="{escape(image)}" alt=""></p>'


def with_reading_time(entry: Entry) -> Entry:
    """The entry with a first line that says how long it takes, in its language: "4 min read"."""
    if not entry.html or _TIME.match(entry.html):
        return entry
    line = str(translations_for(entry.language).texts["reading"]).format(
        n=reading_minutes(entry.text)
    )
    return replace(entry, html=f"<p><small>{escape(line, quote=False)}</small></p>{entry.html}")


def reading_minutes(text: str) -> int:
    """How long a text takes to read, in whole minutes, at least one."""
    words, signs = split_length(text)
    return max(1, round(words / WORDS_A_MINUTE + signs / SIGNS_A_MINUTE))
