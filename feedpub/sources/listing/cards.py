"""Find the card of each link: the elements of a page that describe one article."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice

from lxml.html import HtmlElement

from feedpub.core.document_types import document_type_of_url
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
# These may be only the first part of a card; the rest follows in siblings.
PARTIAL_TAGS = ("a", "b", "strong", "span", "p", "dt", "tr", *HEADINGS)
UNIT_TAGS = ("article", "li", "tr", "section")  # the card of a single link ends at one
MAX_KICKER_WORDS = 2  # a linked heading with more names an article, not a section
TITLE_WORDS = 4  # a link with as many words may be a title
MAX_PARTS = 5
MAX_ANCHORS = 50  # to one article
MAX_OTHER_LINKS = 8  # to other articles, in one card

UrlsByElement = Mapping[HtmlElement, AbstractSet[str]]
ReadContent = Callable[[CardFields, HtmlDocument], str]
_NO_URLS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be an article's."""

    element: HtmlElement
    url: str


class CardFinder:
    """Finds the cards of a page's links.

    Args:
        links: all links of the page that may be an article's, in order.
        document: the page.
    """

    def __init__(self, links: Sequence[Link], document: HtmlDocument) -> None:
        self._document = document
        self._by_url: dict[str, list[HtmlElement]] = defaultdict(list)
        headed: list[Link] = []
        titled: list[Link] = []
        for link in links:
            self._by_url[link.url].append(link.element)
            words = count_text_words(label_text(link.element))
            if words > MAX_KICKER_WORDS and _has_heading(link.element):
                headed.append(link)
            if words >= TITLE_WORDS:
                titled.append(link)
        self._below = _urls_below(links)
        self._headed = _urls_below(headed)
        self._titled = _urls_below(titled)

    def cards_of(self, members: Sequence[Link]) -> list[CardFields]:
        """Return one card for each article that links at one place lead to."""
        unique: dict[str, Link] = {}
        for member in members:
            unique.setdefault(member.url, member)
        first_links = list(unique.values())
        is_single = len(first_links) == 1
        rivals = (self._headed, self._titled if is_single else _urls_below(members))
        units = UNIT_TAGS if is_single else ("article",)
        spans = [self._find_parts(member, rivals, units) for member in first_links]
        # The elements after the last card are not part of it.
        usual = max(map(len, spans[:-1]), default=MAX_PARTS)
        if spans:
            spans[-1] = spans[-1][:usual]
        return [
            self.read_card(member, parts) for member, parts in zip(first_links, spans, strict=True)
        ]

    def read_card(self, member: Link, parts: Sequence[HtmlElement]) -> CardFields:
        """Read the card that some elements make up around a link."""
        anchors = [member.element]
        for anchor in self._by_url[member.url][:MAX_ANCHORS]:
            is_inside = not {anchor, *anchor.iterancestors()}.isdisjoint(parts)
            if is_inside and anchor is not member.element:
                anchors.append(anchor)
        base, language = self._document.base, self._document.tree.get("lang")
        return read_card_fields(parts, anchors, member.url, base, language)

    def _find_parts(
        self, member: Link, rivals: Sequence[UrlsByElement], units: Sequence[str]
    ) -> list[HtmlElement]:
        """Return the largest element around a link that describes no other article.

        In a flat list, its siblings up to the next article belong to the card.
        """

        def is_foreign(element: HtmlElement) -> bool:
            """Return True for an element about another article, or about many things."""
            if any(urls.get(element, _NO_URLS) - {member.url} for urls in rivals):
                return True
            return len(self._below.get(element, _NO_URLS)) > MAX_OTHER_LINKS

        top = _top_of_card(member.element, is_foreign, units)
        if is_button(element_text(member.element)):
            before = _siblings_from_heading(top, is_foreign)
            if before:
                return [*before, top]
        if top.tag not in PARTIAL_TAGS:
            return [top]
        parts = [top]
        for sibling in top.itersiblings():
            has_other_title = self._titled.get(sibling, _NO_URLS) - {member.url}
            if len(parts) == MAX_PARTS or has_other_title or is_foreign(sibling):
                break
            parts.append(sibling)
        return parts


def _top_of_card(
    anchor: HtmlElement, is_foreign: Callable[[HtmlElement], bool], units: Sequence[str]
) -> HtmlElement:
    """Return the largest element around a link that is not foreign, or the first unit."""
    top = anchor
    for around in anchor.iterancestors():
        if around.tag in ROOTS or is_foreign(around):
            break
        top = around
        if around.tag in units or is_marked(around):
            break
    return top


def _siblings_from_heading(
    top: HtmlElement, is_foreign: Callable[[HtmlElement], bool]
) -> list[HtmlElement]:
    """Return the siblings before a "Read more" from its heading on; none if there is no heading."""
    if next(top.iter(*HEADINGS), None) is not None:
        return []
    before: list[HtmlElement] = []
    for sibling in islice(top.itersiblings(preceding=True), MAX_PARTS):
        if is_foreign(sibling):
            break
        before.append(sibling)
        if sibling.tag in HEADINGS:
            return before[::-1]
    return []


def _urls_below(links: Iterable[Link]) -> UrlsByElement:
    """Return the URLs that are linked inside each element."""
    below: dict[HtmlElement, set[str]] = defaultdict(set)
    for link in links:
        for element in (link.element, *link.element.iterancestors()):
            below[element].add(link.url)
    return dict(below)


def _has_heading(anchor: HtmlElement) -> bool:
    if next(anchor.iter(*HEADINGS), None) is not None:
        return True
    return next(anchor.iterancestors(*HEADINGS), None) is not None


# --- links of a page, and items of its cards ---


def card_links(document: HtmlDocument) -> Iterator[Link]:
    """Yield all web links of a page that are not paid for."""
    for anchor in document.tree.iter("a"):
        url = resolve_link(anchor.get("href", ""), document.base)
        if url and "sponsored" not in anchor.get("rel", ""):
            yield Link(anchor, url)


def card_items(
    cards: Iterable[CardFields],
    document: HtmlDocument,
    known: Mapping[str, Item],
    read_content: ReadContent | None = None,
) -> tuple[Item, ...]:
    """Return one item for each URL, in the page's order.

    Args:
        cards: of the page.
        document: the page.
        known: items from the page's own data, by URL.
        read_content: returns the content of a card as HTML; None leaves it out.
    """
    order = {element: position for position, element in enumerate(document.tree.iter())}
    items: dict[str, Item] = {}
    for card in sorted(cards, key=lambda card: order[card.parts[0]]):
        if card.url not in items:
            item = _item(card, known.get(card.url))
            html = read_content(card, document) if read_content else ""
            items[card.url] = replace(item, html=html)
    return tuple(items.values())


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


# --- selected elements ---


def select_cards(
    document: HtmlDocument,
    elements: Sequence[HtmlElement],
    read_content: ReadContent | None = None,
) -> tuple[Item, ...]:
    """Return the article of each element, in the page's order, each URL once.

    It is that of the element's own link, of the link around it, or of the main link in it. Elements
    without a link are ignored. `read_content` is as in `card_items`.
    """
    links = {link.element: link for link in card_links(document)}
    finder = CardFinder(list(links.values()), document)
    direct: list[Link] = []
    cards: list[CardFields] = []
    for element in elements:
        around = _link_around(element, links)
        if around:
            direct.append(around)
        elif main := _main_link(element, links):
            cards.append(finder.read_card(main, [element]))
    known = items_in_jsonld(document.data, document.base)
    return card_items([*finder.cards_of(direct), *cards], document, known, read_content)


def _link_around(element: HtmlElement, links: Mapping[HtmlElement, Link]) -> Link | None:
    for each in (element, *element.iterancestors()):
        if each in links:
            return links[each]
    return None


def _main_link(element: HtmlElement, links: Mapping[HtmlElement, Link]) -> Link | None:
    """Return the best link in an element: in a heading before others, a title before a button."""
    inside = [links[anchor] for anchor in element.iter("a") if anchor in links]
    return max(inside, key=_link_rank, default=None)


def _link_rank(link: Link) -> tuple[bool, bool, bool, bool]:
    text = element_text(link.element)
    has_title = bool(text) and not is_button(text)
    is_document = document_type_of_url(link.url) is not None
    return _has_heading(link.element), may_be_article(link.url), is_document, has_title
