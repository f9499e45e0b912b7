"""Pages that stand where an article should.

Errors, walls, consent. Owns the reading of their titles from data.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from feedpub.core.data_files import load_toml

_BOUNDARY = re.compile(r"[|–—·:»!.…?]+|\s-\s")


@dataclass(frozen=True, slots=True)
class Interstitials:
    """What such pages are called, and what is said of them.

    Attributes:
        titles: in lower case, each with what a page of that title is.
        longest: words of text; a page with more is an article about them.
    """

    titles: dict[str, str]
    longest: int

    def find(self, titles: Iterable[str], size: int) -> str | None:
        """What a page is, by its titles and the number of words of its text.

        None for one that may be an article.
        """
        if size > self.longest:
            return None
        parts = (
            " ".join(part.split()).casefold() for title in titles for part in _BOUNDARY.split(title)
        )
        return next((self.titles[part] for part in parts if part in self.titles), None)


@cache
def load_interstitials() -> Interstitials:
    """The titles that feedpub ships."""
    listed = load_toml("feedpub.cleaner", "data/stand_ins.toml")
    longest = listed.pop("longest")
    titles = {
        title.casefold(): kind["says"] for kind in listed.values() for title in kind["titles"]
    }
    return Interstitials(titles, longest)
