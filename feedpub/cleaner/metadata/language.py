"""The language of a page: as it says, else as its text shows."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.core.languages import normalize_language

ENOUGH = 2_000  # characters of text to tell a language by


def declared_language(tags: Iterable[str]) -> str | None:
    """The first tag that is a language."""
    return next((found for tag in tags if (found := normalize_language(tag))), None)


def add_country(language: str | None, url: str | None) -> str | None:
    """A language with the country that the page's host ends in.

    En → en-GB under .uk. For how numbers are written.
    """
    country = (urlsplit(url or "").hostname or "").rpartition(".")[2]
    if language is None or "-" in language or len(country) != 2:  # noqa: PLR2004 -- letters of a country's domain
        return language
    return f"{language}-{country.upper()}"


def detect_language(tree: HtmlElement) -> str | None:
    """The language of a page's paragraphs, where they have enough text to tell."""
    text = ""
    for paragraph in tree.iter("p"):
        text += " " + " ".join(paragraph.text_content().split())
        if len(text) > ENOUGH:
            break
    return language_of_text(text)


def language_of_text(text: str) -> str | None:
    """The language of a text, or None where it is too short to tell."""
    if len(text) < 40:  # noqa: PLR2004 -- characters: less is a guess
        return None
    # here, since its model costs more to load than most pages to read; it has no type hints
    from py3langid import classify  # type: ignore[import-untyped]  # noqa: PLC0415

    language, _ = classify(text[:ENOUGH])
    return str(language)
