"""A few articles of a candidate, read as a build would read them: what would a reader get?"""

from collections.abc import MutableMapping, Sequence

from feedpub import articles
from feedpub.discovery.candidates import Candidate, Tried
from feedpub.discovery.looks import Looks
from feedpub.errors import SourceError
from feedpub.model import Item

ARTICLES = 3


def try_articles(candidate: Candidate, tried: MutableMapping[str, Tried], looks: Looks) -> Sequence[Tried]:
    """The first articles of a candidate, read now or before; what was read is kept in `tried`, by address."""
    items = [item for item in candidate.items if item.url][:ARTICLES]
    for item in items:
        if item.url and item.url not in tried:
            tried[item.url] = _tried(item, item.url, candidate.kind == "feed", looks)
    return [tried[item.url] for item in items if item.url]


def _tried(item: Item, url: str, from_feed: bool, looks: Looks) -> Tried:  # noqa: FBT001 -- of this module alone
    try:
        article = looks.read(url, articles.first_page, item, listed_first=from_feed)
    except SourceError as error:
        return Tried(url, reason=error.reason)
    return Tried(url, article)
