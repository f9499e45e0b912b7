"""A listing page → the articles that it links to: by a CSS selector, or by the page's structure."""

import re

from feedpub.config import HOW_TO_RENDER, PageSource
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item, Page
from feedpub.core.selectors import select_elements
from feedpub.core.text import pluralize
from feedpub.sources.base import DocumentReader
from feedpub.sources.document import HtmlDocument, parse_document
from feedpub.sources.listing import find_items, select_cards
from feedpub.sources.listing.cards import card_links
from feedpub.sources.listing.text import (
    CONSENT_TITLES,
    ERROR_TITLES,
    count_text_words,
    element_text,
)

TRIED = (
    "tried JSON-LD lists, JSON state, <article>, and repeated blocks with a heading or a long link"
)
FEW_WORDS = 50  # a page that shows fewer shows nothing
_TITLE_PARTS = re.compile(r"(?<!\s)\s++(?:[|·»\N{EN DASH}\N{EM DASH}-]++\s+|\|\s*)|:\s+|\|\s*")


def read_listing(source: PageSource, documents: DocumentReader) -> tuple[Item, ...]:
    """The articles that a listing page links to, in its order.

    Raises:
        FetchError: the page cannot be had.
        ExtractError: it is not HTML; as NoContentError: it is empty, an error page, or lists no
            articles.
    """
    return documents.read(source.url, items_in, source.links)


def items_in(page: Page, selector: str | None = None) -> tuple[Item, ...]:
    """The articles that a page links to. Raises ExtractError, most often as NoContentError."""
    document = parse_document(page)
    return listing_items(document) if selector is None else _selected(document, selector)


def listing_items(document: HtmlDocument) -> tuple[Item, ...]:
    """The articles that a parsed page links to, by its structure. Raises NoContentError."""
    if (instead := _stand_in(document)) is not None:
        raise NoContentError(f"the site answered with {instead}", document.url)
    items = find_items(document)
    if not items:
        raise NoContentError(_why_nothing(document), document.url)
    return items


def _selected(document: HtmlDocument, selector: str) -> tuple[Item, ...]:
    try:
        elements = select_elements(document.tree, selector)
    except ValueError as error:
        message = f'links = "{selector}" cannot be evaluated on this page: {error}'
        raise ExtractError(message, document.url) from error
    items = select_cards(document, elements)
    if not items:
        matched = (
            f"matches {pluralize(len(elements), 'element')} without a link"
            if elements
            else "matches nothing in the page"
        )
        raise NoContentError(f'links = "{selector}" {matched}; {_instead(document)}', document.url)
    return items


def _instead(document: HtmlDocument) -> str:
    """What to do about a selector that finds nothing."""
    if found := len(find_items(document)):
        return f"left out, {pluralize(found, 'article')} {'is' if found == 1 else 'are'} found by the page's structure"
    return f"of the {pluralize(sum(1 for _ in card_links(document)), 'link')} that the page has, none looks like an article's"


def _stand_in(document: HtmlDocument) -> str | None:
    """What was sent instead of the page asked for, by its title.

    None where that says nothing of the kind.
    """
    for part in (document.title, *_TITLE_PARTS.split(document.title)):
        if part.lower() in ERROR_TITLES:
            return f'an error page, "{part}"'
        if part.lower() in CONSENT_TITLES:
            return f'a page that asks for consent, "{part}"'
    return None


def _why_nothing(document: HtmlDocument) -> str:
    count = sum(1 for _ in card_links(document))
    shown = document.tree.find("body")
    if document.scripts and (shown is None or count_text_words(element_text(shown)) < FEW_WORDS):
        reason, instead = "the page shows nothing without JavaScript", HOW_TO_RENDER
    else:
        instead = (
            'set links to a CSS selector, or to "xpath:" and an XPath expression' if count else ""
        )
        reason = f'no article links found among the {pluralize(count, "link")} of the page "{document.title[:80]}": {TRIED}'
    if document.feeds:
        return (
            f'{reason}; the page names a feed, use it: type = "feed", url = "{document.feeds[0]}"'
        )
    return f"{reason}; {instead}" if instead else reason
