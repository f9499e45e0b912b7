"""Determine the language of a page: the declared one, else the one detected from its text."""

from collections.abc import Iterable

from lxml.html import HtmlElement

from feedpub.core.languages import normalize_language
from feedpub.core.urls import host_from_url

_MIN_CHARS, _MAX_CHARS = 40, 2_000  # of the text that a language is detected from
_COUNTRY_CODE_CHARS = 2


def declared_language(tags: Iterable[str]) -> str | None:
    """Return the first tag that is a language."""
    for tag in tags:
        if language := normalize_language(tag):
            return language
    return None


def add_country(language: str | None, url: str | None) -> str | None:
    """Add the country of a URL's top-level domain to a language: "en" becomes "en-GB" under .uk.

    Countries that share a language write numeric dates differently.
    """
    country = host_from_url(url).rpartition(".")[2]
    if language is None or "-" in language or len(country) != _COUNTRY_CODE_CHARS:
        return language
    return f"{language}-{country.upper()}"


def detect_language(tree: HtmlElement) -> str | None:
    """Return the language of a page's paragraphs, or None if they are too short."""
    text = ""
    for paragraph in tree.iter("p"):
        text += " " + " ".join(paragraph.text_content().split())
        if len(text) > _MAX_CHARS:
            break
    return language_of_text(text)


def language_of_text(text: str) -> str | None:
    """Return the language of a text, or None if it is too short."""
    if len(text) < _MIN_CHARS:
        return None
    # Imported here: loading its model takes longer than reading most pages.
    from py3langid import classify  # type: ignore[import-untyped]

    language, _ = classify(text[:_MAX_CHARS])
    return str(language)
