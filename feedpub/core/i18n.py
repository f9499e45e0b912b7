"""The words of the pages for people in one language.

Texts, dates, counts. The texts stand in data/words.toml.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from feedpub.core.data_files import load_toml
from feedpub.core.languages import text_direction

_FALLBACK = "en"


@dataclass(frozen=True)
class Translations:
    """One language's words.

    Attributes:
        language: its code.
        texts: the table in data/words.toml.
    """

    language: str
    texts: dict[str, Any]

    @property
    def direction(self) -> str:
        return text_direction(self.language)

    def format_count(self, articles: int) -> str:
        """How many articles, as people say it."""
        return str(self.texts["one"] if articles == 1 else self.texts["many"]).format(n=articles)

    def missing_page(self, number: int) -> str:
        """What stands in an article where one of its pages could not be read."""
        return str(self.texts["missing_page"]).format(n=number)

    def format_date(self, when: datetime) -> str:
        """A moment (UTC) as people write it, in the digits that stand everywhere else on the page."""
        month = self.texts["months"][when.month - 1]
        return str(self.texts["date"]).format(
            day=when.day, month=month, year=when.year, time=f"{when:%H:%M}"
        )


@cache
def _languages() -> dict[str, dict[str, Any]]:
    return load_toml("feedpub.core", "data/translations.toml")


def translations_for(language: str | None) -> Translations:
    """The words in that language (a tag), or in English where it is unknown."""
    code = (language or "").partition("-")[0]
    texts = _languages()
    return (
        Translations(code, texts[code])
        if code in texts
        else Translations(_FALLBACK, texts[_FALLBACK])
    )


def month_names() -> frozenset[str]:
    """The names of the months in all languages."""
    return frozenset(month for texts in _languages().values() for month in texts["months"])
