"""The articles that chosen elements lead to."""

from collections.abc import Mapping, Sequence

from lxml.html import HtmlElement

from feedpub.model import Item
from feedpub.sources.html import Document
from feedpub.sources.listing.cards import Cards, Link
from feedpub.sources.listing.items import items_of, links_of
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.listing.structured import listed
from feedpub.sources.listing.text import HEADINGS, is_button, text_of


def select(document: Document, elements: Sequence[HtmlElement]) -> tuple[Item, ...]:
    """One article an element: its own link's, that of the link around it, or that of the main link in it.

    Returns:
        The articles in the page's order, each address once; elements without a link count for nothing.
    """
    links = {link.element: link for link in links_of(document)}
    cards = Cards(list(links.values()), document.base)
    direct = [link for element in elements if (link := _around(element, links))]
    pieces = [
        (element, link) for element in elements if not _around(element, links) and (link := _main(element, links))
    ]
    read = [cards.read(link, [element]) for element, link in pieces]
    return items_of([*cards.of(direct), *read], document, listed(document.data, document.base))


def _around(element: HtmlElement, links: Mapping[HtmlElement, Link]) -> Link | None:
    return next((links[e] for e in (element, *element.iterancestors()) if e in links), None)


def _main(element: HtmlElement, links: Mapping[HtmlElement, Link]) -> Link | None:
    """The link of a piece of page: in a heading before others, one that says where it leads before a button."""
    inside = [links[anchor] for anchor in element.iter("a") if anchor in links]
    return max(inside, key=_worth, default=None)


def _worth(link: Link) -> tuple[bool, bool, bool]:
    headed = any(e.tag in HEADINGS for e in (*link.element.iterancestors(), *link.element.iter()))
    text = text_of(link.element)
    return headed, may_be_article(link.url), bool(text) and not is_button(text)
