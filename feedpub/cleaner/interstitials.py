"""Pages that a site serves in place of an article: errors, challenges, consent and login pages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from feedpub.core.data_files import load_toml

_STATUS = re.compile(r"\A(?:(?:http|error)\s)*[45]\d\d\s")
_SEPARATOR = re.compile(r"[|–—·:»!.…?]+|\s-\s")


@dataclass(frozen=True, slots=True)
class Interstitials:
    """The titles of such pages.

    Attributes:
        titles: in lower case, each with a message about the page. A page's title may have the
            number of the status before one of them.
        max_words: a page with more text is an article about such pages.
    """

    titles: dict[str, str]
    max_words: int

    def find(self, titles: Iterable[str], words: int) -> str | None:
        """Return a message about a page that is not an article, or None.

        Args:
            titles: the page's title and first-level headings.
            words: number of words of its text.
        """
        if words > self.max_words:
            return None
        for title in titles:
            for part in _SEPARATOR.split(title):
                folded = " ".join(part.split()).casefold()
                for text in (folded, _STATUS.sub("", folded)):
                    if found := self.titles.get(text):
                        return found
        return None


@cache
def load_interstitials() -> Interstitials:
    """Load the titles that feedpub ships."""
    listed = load_toml("feedpub.cleaner", "data/interstitials.toml")
    max_words = listed.pop("max_words")
    titles: dict[str, str] = {}
    for kind in listed.values():
        for title in kind["titles"]:
            titles[title.casefold()] = kind["message"]
    return Interstitials(titles, max_words)
