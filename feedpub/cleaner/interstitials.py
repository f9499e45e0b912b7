"""Pages that a site serves in place of an article: errors, challenges, consent and login pages.

They are recognised by their title, or by the first sentence of their text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from feedpub.core.data_files import load_toml

_MAX_LINES = 2  # of a text that may begin with such a sentence
_STATUS = re.compile(r"\A(?:(?:http|error)\s)*[45]\d\d\s")
_SEPARATOR = re.compile(r"[|–—·:»!.…?]+|\s-\s")


@dataclass(frozen=True, slots=True)
class Interstitials:
    """The titles and first sentences of such pages.

    Attributes:
        titles: in lower case, each with a description of the page. A page's title may have the
            number of the status before one of them.
        openings: the beginnings of first sentences, in the same form.
        max_words: a page with more text is an article about such pages.
    """

    titles: dict[str, str]
    openings: dict[str, str]
    max_words: int

    def find(self, titles: Iterable[str], words: int) -> str | None:
        """Return a description of a page that is not an article, or None.

        Args:
            titles: the page's title and first-level headings.
            words: number of words of its text.
        """
        if words > self.max_words:
            return None
        for title in titles:
            for part in _SEPARATOR.split(title):
                plain = " ".join(part.split()).casefold()
                for text in (plain, _STATUS.sub("", plain)):
                    if found := self.titles.get(text):
                        return found
        return None

    def find_in_text(self, text: str, words: int) -> str | None:
        """Return a description of a page that is not an article, by its first lines; or None.

        Args:
            text: paragraphs separated by newlines. A heading may be above the first.
            words: number of words of it.
        """
        if words > self.max_words:
            return None
        for line in text.split("\n", _MAX_LINES)[:_MAX_LINES]:
            opening = " ".join(line.split()).casefold()
            for start, description in self.openings.items():
                if opening.startswith(start):
                    return description
        return None


@cache
def load_interstitials() -> Interstitials:
    """Load the titles and sentences that feedpub ships."""
    listed = load_toml("feedpub.cleaner", "data/interstitials.toml")
    max_words = listed.pop("max_words")
    titles: dict[str, str] = {}
    openings: dict[str, str] = {}
    for kind in listed.values():
        for title in kind["titles"]:
            titles[title.casefold()] = kind["description"]
        for opening in kind.get("openings", ()):
            openings[opening.casefold()] = kind["description"]
    return Interstitials(titles, openings, max_words)
