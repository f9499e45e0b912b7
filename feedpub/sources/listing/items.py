"""From a page's links to cards, and from cards to items."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from feedpub.model import Item
from feedpub.sources.addresses import resolve
from feedpub.sources.html import Document
from feedpub.sources.listing.cards import Link
from feedpub.sources.listing.facts import Card


def links_of(document: Document) -> Iterator[Link]:
    """All links of a page that lead somewhere on the web and are not paid for."""
    for anchor in document.tree.iter("a"):
        url = resolve(anchor.get("href", ""), document.base)
        if url and "sponsored" not in anchor.get("rel", ""):
            yield Link(anchor, url)


def items_of(cards: Iterable[Card], document: Document, known: Mapping[str, Item]) -> tuple[Item, ...]:
    """One item an address, in the page's order; `known` is what the page's own data says of some addresses."""
    order = {element: position for position, element in enumerate(document.tree.iter())}
    unique: dict[str, Card] = {}
    for card in sorted(cards, key=lambda card: order[card.parts[0]]):
        unique.setdefault(card.url, card)
    return tuple(_item(card, known.get(card.url)) for card in unique.values())


def _item(card: Card, known: Item | None) -> Item:
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
