"""Which piece of a page speaks of which article: from the links of one list to its cards."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from lxml.html import HtmlElement

from feedpub.core.models import Item
from feedpub.core.urls import resolve_link
from feedpub.sources.document import HtmlDocument
from feedpub.sources.listing.card_fields import CardFields, is_marked, read_card_fields
from feedpub.sources.listing.embedded_json import items_in_jsonld
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.listing.text import (
    HEADINGS,
    count_text_words,
    element_text,
    is_button,
    label_text,
)

ROOTS = ("html", "body", "main")
OPEN = (
    "a",
    "b",
    "strong",
    "span",
    "p",
    "dt",
    "tr",
    *HEADINGS,
)  # may be only the first part of a card
UNITS = ("article", "li", "tr", "section")  # a lone link's card goes no further
KICKER_WORDS = 3  # a linked heading with fewer names the section
TITLE_WORDS = 4  # a link of so many words may be a title
MOST_PARTS = 5
MOST_ANCHORS = 50  # to one article
MOST_LINKS = 8  # to other articles, in one card

Urls = Mapping[HtmlElement, AbstractSet[str]]
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """A link that could be an article's."""

    element: HtmlElement
    url: str


class CardFinder:
    """The cards of a page's links.

    Args:
        links: all links of the page that could be an article's, in order.
        base: what relative addresses start from.
    """

    def __init__(self, links: Sequence[Link], base: str) -> None:
        self._base = base
        self._by_url: dict[str, list[HtmlElement]] = defaultdict(list)
        for link in links:
            self._by_url[link.url].append(link.element)
        self._below = _urls_below(links)
        self._headed = _urls_below(
            link for link in links if _is_headed(link.element) and not _is_short(link.element)
        )
        self._titled = _urls_below(
            link for link in links if count_text_words(label_text(link.element)) >= TITLE_WORDS
        )

    def cards_of(self, members: Sequence[Link]) -> list[CardFields]:
        """One card for each article that links at one place of the structure lead to."""
        first: dict[str, Link] = {}
        for member in members:
            first.setdefault(member.url, member)
        lone = len(first) == 1
        rivals = (self._headed, self._titled) if lone else (self._headed, _urls_below(members))
        spans = [
            self._parts(member, rivals, UNITS if lone else ("article",))
            for member in first.values()
        ]
        usual = max(map(len, spans[:-1]), default=MOST_PARTS)
        spans[-1:] = [
            parts[:usual] for parts in spans[-1:]
        ]  # what follows the last card is not its own
        return [
            self.read_card(member, parts)
            for member, parts in zip(first.values(), spans, strict=True)
        ]

    def read_card(self, member: Link, parts: Sequence[HtmlElement]) -> CardFields:
        """The card that some elements make up around a link."""
        alike = self._by_url[member.url][:MOST_ANCHORS]
        inside = [a for a in alike if any(e in parts for e in (a, *a.iterancestors()))]
        anchors = [member.element, *(anchor for anchor in inside if anchor is not member.element)]
        return read_card_fields(parts, anchors, member.url, self._base)

    def _parts(
        self, member: Link, rivals: Sequence[Urls], units: Sequence[str]
    ) -> list[HtmlElement]:
        """The largest element around a link that speaks of nothing else, with its siblings where the list is flat."""

        def foreign(element: HtmlElement) -> bool:
            """True for an element that speaks of another article, or of many things."""
            others = (urls.get(element, _NONE) - {member.url} for urls in rivals)
            return any(others) or len(self._below.get(element, _NONE)) > MOST_LINKS

        around = takewhile(
            lambda e: e.tag not in ROOTS and not foreign(e), member.element.iterancestors()
        )
        top = (member.element, *_up_to_unit(around, units))[-1]
        if is_button(element_text(member.element)) and (before := _back_to_heading(top, foreign)):
            return [*before, top]
        after = takewhile(
            lambda part: not (foreign(part) or self._has_title(part, member)), top.itersiblings()
        )
        if top.tag not in OPEN:
            return [top]
        return [top, *islice(after, MOST_PARTS - 1)]

    def _has_title(self, element: HtmlElement, member: Link) -> bool:
        return bool(self._titled.get(element, _NONE) - {member.url})


def _up_to_unit(elements: Iterable[HtmlElement], units: Sequence[str]) -> Iterator[HtmlElement]:
    """The elements up to and with the first that is a whole one by its own word."""
    for element in elements:
        yield element
        if element.tag in units or is_marked(element):
            return


def _back_to_heading(top: HtmlElement, foreign: Callable[[HtmlElement], bool]) -> list[HtmlElement]:
    """The siblings before a "read more" up to the heading that it belongs to.

    None where there is no heading.
    """
    if next(top.iter(*HEADINGS), None) is not None:
        return []
    before = list(
        takewhile(
            lambda part: not foreign(part), islice(top.itersiblings(preceding=True), MOST_PARTS)
        )
    )
    heading = next((position for position, part in enumerate(before) if part.tag in HEADINGS), -1)
    return before[heading::-1] if heading >= 0 else []


def _urls_below(links: Iterable[Link]) -> Urls:
    """The addresses that are linked inside of each element."""
    below: dict[HtmlElement, set[str]] = defaultdict(set)
    for link in links:
        for element in (link.element, *link.element.iterancestors()):
            below[element].add(link.url)
    return dict(below)


def _is_headed(anchor: HtmlElement) -> bool:
    return (
        next(anchor.iter(*HEADINGS), None) is not None
        or next(anchor.iterancestors(*HEADINGS), None) is not None
    )


def _is_short(anchor: HtmlElement) -> bool:
    """True for what may be a heading's own heading: a section, a topic."""
    return count_text_words(label_text(anchor)) < KICKER_WORDS


# SECTION: From a page's links to cards, and from cards to items.


def card_links(document: HtmlDocument) -> Iterator[Link]:
    """All links of a page that lead somewhere on the web and are not paid for."""
    for anchor in document.tree.iter("a"):
        url = resolve_link(anchor.get("href", ""), document.base)
        if url and "sponsored" not in anchor.get("rel", ""):
            yield Link(anchor, url)


def card_items(
    cards: Iterable[CardFields], document: HtmlDocument, known: Mapping[str, Item]
) -> tuple[Item, ...]:
    """One item an address, in the page's order.

    `known` is what the page's own data says of some addresses.
    """
    order = {element: position for position, element in enumerate(document.tree.iter())}
    unique: dict[str, CardFields] = {}
    for card in sorted(cards, key=lambda card: order[card.parts[0]]):
        unique.setdefault(card.url, card)
    return tuple(_item(card, known.get(card.url)) for card in unique.values())


def _item(card: CardFields, known: Item | None) -> Item:
    item = Item(
        url=card.url,
        title=card.title,
        authors=card.authors,
        published=card.published,
        summary=card.summary,
        image=card.image,
    )
    if known is None:
        return item
    return replace(
        item,
        title=known.title or item.title,
        authors=known.authors or item.authors,
        published=known.published or item.published,
        summary=item.summary or known.summary,
        image=item.image or known.image,
    )


# SECTION: The articles that chosen elements lead to.


def select_cards(document: HtmlDocument, elements: Sequence[HtmlElement]) -> tuple[Item, ...]:
    """One article an element: its own link's, that of the link around it, or that of the main link in it.

    Returns:
        The articles in the page's order, each address once; elements without a link count for
        nothing.
    """
    links = {link.element: link for link in card_links(document)}
    cards = CardFinder(list(links.values()), document.base)
    direct = [link for element in elements if (link := _around(element, links))]
    pieces = [
        (element, link)
        for element in elements
        if not _around(element, links) and (link := _main(element, links))
    ]
    read = [cards.read_card(link, [element]) for element, link in pieces]
    return card_items(
        [*cards.cards_of(direct), *read], document, items_in_jsonld(document.data, document.base)
    )


def _around(element: HtmlElement, links: Mapping[HtmlElement, Link]) -> Link | None:
    return next((links[e] for e in (element, *element.iterancestors()) if e in links), None)


def _main(element: HtmlElement, links: Mapping[HtmlElement, Link]) -> Link | None:
    """The link of a piece of page.

    In a heading before others, one that says where it leads before a button.
    """
    inside = [links[anchor] for anchor in element.iter("a") if anchor in links]
    return max(inside, key=_worth, default=None)


def _worth(link: Link) -> tuple[bool, bool, bool]:
    headed = any(e.tag in HEADINGS for e in (*link.element.iterancestors(), *link.element.iter()))
    text = element_text(link.element)
    return headed, may_be_article(link.url), bool(text) and not is_button(text)
