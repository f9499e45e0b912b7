"""Translate the texts of published pages; the translations are in data/translations.toml."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from feedpub.core.data_files import load_toml
from feedpub.core.languages import text_direction

_FALLBACK = "en"


@dataclass(frozen=True)
class Translations:
    """The texts of one language.

    Attributes:
        language: its code.
        texts: its table in data/translations.toml.
    """

    language: str
    texts: dict[str, Any]

    @property
    def direction(self) -> str:
        return text_direction(self.language)

    def format_count(self, articles: int) -> str:
        """Format a number of articles: "1 article", "2 articles"."""
        text = self.texts["one"] if articles == 1 else self.texts["many"]
        return str(text).format(n=articles)

    def missing_page(self, number: int) -> str:
        """Return the text that replaces a page of an article that could not be read."""
        return str(self.texts["missing_page"]).format(n=number)

    def removed(self, text: str) -> str:
        """Return the title of a change that only removed some words."""
        return str(self.texts["removed"]).format(text=text)

    def format_date(self, when: datetime) -> str:
        """Format a time in UTC as is usual in the language, with Western digits."""
        month = self.texts["months"][when.month - 1]
        return str(self.texts["date"]).format(
            day=when.day, month=month, year=when.year, time=f"{when:%H:%M}"
        )


@cache
def _load_languages() -> dict[str, dict[str, Any]]:
    return load_toml("feedpub.core", "data/translations.toml")


def translations_for(language: str | None) -> Translations:
    """Return the texts for a language tag, or the English texts if there are none."""
    code = (language or "").partition("-")[0]
    languages = _load_languages()
    if code not in languages:
        code = _FALLBACK
    return Translations(code, languages[code])


def month_names() -> frozenset[str]:
    """Return the names of the months in all languages."""
    return frozenset(month for texts in _load_languages().values() for month in texts["months"])
