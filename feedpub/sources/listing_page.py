"""Read the articles of a listing page: by a selector, or by the page's structure."""

import re
from dataclasses import replace

from feedpub.config import HOW_TO_RENDER, PageSource
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item, Page
from feedpub.core.selectors import select_elements
from feedpub.core.text import pluralize
from feedpub.sources.document import DocumentReader, HtmlDocument, parse_document
from feedpub.sources.items.fields import card_content, digest_texts
from feedpub.sources.listing import find_items, select_cards
from feedpub.sources.listing.card_fields import CardFields
from feedpub.sources.listing.cards import ReadContent, card_links
from feedpub.sources.listing.text import (
    CONSENT_TITLES,
    ERROR_TITLES,
    count_text_words,
    element_text,
)
from feedpub.sources.markup import absolutize_links
from feedpub.sources.next_pages import ListedPage, find_next_url, follow_pages

TRIED = (
    "tried JSON-LD lists, JSON state, <article>, and repeated blocks with a heading or a long link"
)
HOW_TO_SELECT = 'set links to a CSS selector, or to "xpath:" and an XPath expression'
MIN_VISIBLE_WORDS = 50  # a page with fewer is rendered by its scripts
_MAX_TITLE_CHARS = 80
_TITLE_PARTS = re.compile(r"(?<!\s)\s++(?:[|·»\N{EN DASH}\N{EM DASH}-]++\s+|\|\s*)|:\s+|\|\s*")


def read_listing(source: PageSource, documents: DocumentReader, pages: int = 1) -> tuple[Item, ...]:
    """Return the articles that the pages of a listing link to, in their order.

    Args:
        source: the source.
        documents: gets the pages.
        pages: how many pages to read at most.

    Raises:
        FetchError: the page cannot be fetched.
        ExtractError: it is not HTML, or `links` cannot be evaluated on it.
        NoContentError: it is empty, an error page, or lists no articles.
    """

    def read_page(url: str, number: int) -> ListedPage:
        return documents.read(
            url, parse_listing, source.links, number, headlines_only=not source.fetch
        )

    return follow_pages(source.url, read_page, pages)


def parse_listing(
    page: Page, selector: str | None, number: int = 1, *, headlines_only: bool = False
) -> ListedPage:
    """Return one page of a listing.

    Args:
        page: the page.
        selector: of the links; None finds them by the page's structure.
        number: the page's number in the listing.
        headlines_only: read the listing's own content of each article, because its page is not
            fetched.

    Raises:
        ExtractError: as `read_listing` does.
    """
    document = parse_document(page)
    content = _read_card if headlines_only else None
    if selector is None:
        items = listing_items(document, content)
    else:
        items = _select_items(document, selector, content)
    if headlines_only:
        items = tuple(replace(item, version=digest_texts(item.title, item.html)) for item in items)
    return ListedPage(items, find_next_url(document, number))


def _read_card(card: CardFields, document: HtmlDocument) -> str:
    """Return the HTML of a card without its title and date."""
    html = card_content(card.parts, card.title, card.url, document)
    return absolutize_links(html, document.base)


def items_in(page: Page, selector: str | None = None) -> tuple[Item, ...]:
    """Return the articles that a page links to. Raises ExtractError as `read_listing` does."""
    return parse_listing(page, selector).items


def listing_items(
    document: HtmlDocument, read_content: ReadContent | None = None
) -> tuple[Item, ...]:
    """Return the articles that a page links to, by its structure. Raises NoContentError."""
    if (interstitial := describe_interstitial(document)) is not None:
        raise NoContentError(f"the site answered with {interstitial}", document.url)
    items = find_items(document, read_content)
    if not items:
        raise NoContentError(_why_nothing(document), document.url)
    return items


def _select_items(
    document: HtmlDocument, selector: str, read_content: ReadContent | None
) -> tuple[Item, ...]:
    try:
        elements = select_elements(document.tree, selector)
    except ValueError as error:
        message = f'links = "{selector}" cannot be evaluated on this page: {error}'
        raise ExtractError(message, document.url) from error
    if items := select_cards(document, elements, read_content):
        return items
    matched = "matches nothing in the page"
    if elements:
        matched = f"matches {pluralize(len(elements), 'element')} without a link"
    raise NoContentError(
        f'links = "{selector}" {matched}; {_alternative_to_selector(document)}', document.url
    )


def _alternative_to_selector(document: HtmlDocument) -> str:
    if count := len(find_items(document)):
        verb = "is" if count == 1 else "are"
        articles = pluralize(count, "article")
        return f"left out, {articles} {verb} found by the page's structure"
    links = pluralize(sum(1 for _ in card_links(document)), "link")
    return f"of the {links} that the page has, none looks like an article's"


def describe_interstitial(document: HtmlDocument) -> str | None:
    """Describe an error or consent page by its title; None if it is neither."""
    for part in (document.title, *_TITLE_PARTS.split(document.title)):
        if part.lower() in ERROR_TITLES:
            return f'an error page, "{part}"'
        if part.lower() in CONSENT_TITLES:
            return f'a page that asks for consent, "{part}"'
    return None


def _why_nothing(document: HtmlDocument) -> str:
    count = sum(1 for _ in card_links(document))
    body = document.tree.find("body")
    words = 0 if body is None else count_text_words(element_text(body))
    if document.scripts and words < MIN_VISIBLE_WORDS:
        reason = "the page shows nothing without JavaScript"
        hint = HOW_TO_RENDER
    else:
        links = pluralize(count, "link")
        title = document.title[:_MAX_TITLE_CHARS]
        reason = f'no article links found among the {links} of the page "{title}": {TRIED}'
        hint = HOW_TO_SELECT if count else ""
    if document.feeds:
        hint = f'the page names a feed, use it: type = "feed", url = "{document.feeds[0]}"'
    return f"{reason}; {hint}" if hint else reason
