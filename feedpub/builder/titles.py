"""Make a title for an entry without one, as posts of social networks have none.

RSS and Atom require a title. JSON Feed does not, so its items have none then.
"""

import posixpath
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote, urlsplit

from feedpub.builder.text_compare import significant_words
from feedpub.core.models import Entry
from feedpub.core.text import shorten

MAX_MADE_TITLE_CHARS = 80
_ALTERNATIVE_TEXT = re.compile(r'<img [^<>]*?\balt="([^"<>]+)"')


def display_title(entry: Entry) -> str:
    """Return an entry's title on one line, at last one that is made of its address or id.

    Without a title, the entry has the first words of its text or summary, else the alternative
    text of its picture, else the name of its file.
    """
    if title := " ".join(entry.title.split()):
        return title
    for text in _texts(entry):
        if significant_words(text):
            return shorten(" ".join(text.split()), MAX_MADE_TITLE_CHARS)
    return entry.url or entry.id


def _texts(entry: Entry) -> Iterator[str]:
    yield entry.text
    yield entry.summary
    yield from map(unescape, _ALTERNATIVE_TEXT.findall(entry.html))
    addresses = [enclosure.url for enclosure in entry.enclosures]
    if entry.image and not entry.url:
        addresses.append(entry.image)
    for address in addresses:
        yield unquote(posixpath.basename(urlsplit(address).path))
