"""A listing page → the articles that it links to: by a CSS selector, or by the page's structure."""

import re

from feedpub.config import HOW_TO_RENDER, PageSource
from feedpub.counting import counted
from feedpub.errors import NothingFound
from feedpub.model import Item, Page
from feedpub.sources.html import Document, parse
from feedpub.sources.listing import find, select
from feedpub.sources.listing.items import links_of
from feedpub.sources.listing.text import text_of, words
from feedpub.sources.listing.words import CONSENT_TITLES, ERROR_TITLES
from feedpub.sources.protocol import Documents

TRIED = "tried JSON-LD lists, JSON state, <article>, and repeated blocks with a heading or a long link"
FEW_WORDS = 50  # a page that shows fewer shows nothing
_TITLE_PARTS = re.compile(r"(?<!\s)\s++(?:[|·»\N{EN DASH}\N{EM DASH}-]++\s+|\|\s*)|:\s+|\|\s*")


def read(source: PageSource, documents: Documents) -> tuple[Item, ...]:
    """The articles that a listing page links to, in its order.

    Raises:
        FetchError: the page cannot be had.
        ExtractError: it is not HTML; as NothingFound: it is empty, an error page, or lists no articles.
    """
    return documents.read(source.url, items_in, source.links)


def items_in(page: Page, selector: str | None = None) -> tuple[Item, ...]:
    """The articles that a page links to. Raises ExtractError, most often as NothingFound."""
    document = parse(page)
    return items_of(document) if selector is None else _selected(document, selector)


def items_of(document: Document) -> tuple[Item, ...]:
    """The articles that a parsed page links to, by its structure. Raises NothingFound."""
    if (instead := _stand_in(document)) is not None:
        raise NothingFound(f"the site answered with {instead}", document.url)
    items = find(document)
    if not items:
        raise NothingFound(_why_nothing(document), document.url)
    return items


def _selected(document: Document, selector: str) -> tuple[Item, ...]:
    elements = document.tree.cssselect(selector)
    items = select(document, elements)
    if not items:
        matched = (
            f"matches {counted(len(elements), 'element')} without a link" if elements else "matches nothing in the page"
        )
        raise NothingFound(f'links = "{selector}" {matched}; {_instead(document)}', document.url)
    return items


def _instead(document: Document) -> str:
    """What to do about a selector that finds nothing."""
    if found := len(find(document)):
        return f"left out, {counted(found, 'article')} {'is' if found == 1 else 'are'} found by the page's structure"
    return (
        f"of the {counted(sum(1 for _ in links_of(document)), 'link')} that the page has, none looks like an article's"
    )


def _stand_in(document: Document) -> str | None:
    """What was sent instead of the page asked for, by its title; None where that says nothing of the kind."""
    for part in (document.title, *_TITLE_PARTS.split(document.title)):
        if part.lower() in ERROR_TITLES:
            return f'an error page, "{part}"'
        if part.lower() in CONSENT_TITLES:
            return f'a page that asks for consent, "{part}"'
    return None


def _why_nothing(document: Document) -> str:
    count = sum(1 for _ in links_of(document))
    shown = document.tree.find("body")
    if document.scripts and (shown is None or words(text_of(shown)) < FEW_WORDS):
        reason, instead = "the page shows nothing without JavaScript", HOW_TO_RENDER
    else:
        instead = 'give links = "CSS selector"' if count else ""
        reason = (
            f'no article links found among the {counted(count, "link")} of the page "{document.title[:80]}": {TRIED}'
        )
    if document.feeds:
        return f'{reason}; the page names a feed, use it: type = "feed", url = "{document.feeds[0]}"'
    return f"{reason}; {instead}" if instead else reason
