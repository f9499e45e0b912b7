"""Articles that say the same, word for word, though their listing tells them apart: a wall stands before them all.

A form to log in, a notice about cookies, an error page with the status 200: where the cleaner does not know it by its
words, it gives itself away by standing at several addresses. No history is needed to see that.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from feedpub.counting import counted
from feedpub.gathering import Listed
from feedpub.reading import Read

FEWEST = 3  # articles; two may be one that is listed twice


def behind_walls(items: Sequence[Listed], reads: Sequence[Read]) -> Mapping[int, str]:
    """Place in the list → why it is no article, for each page that says the same as others do."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, (listed, read) in enumerate(zip(items, reads, strict=True)):
        if read.arrival and read.by_page:
            places[listed.source, " ".join(read.arrival.article.text.split())].append(place)
    walls = (same for same in places.values() if len({_name(items[place]) for place in same}) >= FEWEST)
    return {place: _reason(len(same)) for same in walls for place in same}


def _name(listed: Listed) -> str:
    """What its source tells it from others by: its title, else the end of its address."""
    return listed.item.title or PurePosixPath(urlsplit(listed.item.url or "").path).name


def _reason(number: int) -> str:
    return f"no article: the pages of {counted(number, 'article')} say the same, as a wall does that stands before them"
