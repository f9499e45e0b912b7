"""The articles that a page lists, by its structure."""

from collections.abc import Mapping, Sequence
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.core.models import Item
from feedpub.core.urls import site_domain
from feedpub.sources.document import HtmlDocument
from feedpub.sources.listing.card_fields import CardFields, is_marked
from feedpub.sources.listing.cards import TITLE_WORDS, Link, card_items, card_links
from feedpub.sources.listing.embedded_json import items_in_jsonld, items_in_state
from feedpub.sources.listing.groups import Group, PageRegions, group_links
from feedpub.sources.listing.links import may_be_article
from feedpub.sources.listing.text import HEADINGS, SHARING, count_text_words, element_text

LEAST = 2.5  # a group's score
NEAR = 2.0  # as good as the best group
RELATED = 4.5  # good enough when its addresses look like the best group's
KIN = 7.0  # and name the day, as only those of articles do
FEW = 3  # articles; fewer need proof
MOST_LINKS = 5000


def find_items(document: HtmlDocument) -> tuple[Item, ...]:
    """The articles listed on a page, in the page's order, each address once; none where it lists none.

    Where it shows none, those that its data names: first what is meant for machines, then its
    scripts' state.
    """
    candidates = (
        link
        for link in card_links(document)
        if (may_be_article(link.url, document.url) or _is_titled_site(link, document))
        and not _is_itself(link.url, document)
    )
    links = list(islice(candidates, MOST_LINKS))
    regions = PageRegions(document.tree, [link.element for link in links])
    known = {
        url: item
        for url, item in items_in_jsonld(document.data, document.base).items()
        if not _is_itself(url, document)
    }
    open_links = _unrivalled([link for link in links if not regions.is_in_navigation(link.element)])
    cards = _proven(_choose(group_links(document, open_links, regions, known)), known)
    return (
        card_items(cards, document, known)
        or tuple(known.values())
        or items_in_state(document.state, document.base)
    )


def _unrivalled(links: Sequence[Link]) -> list[Link]:
    """The links, of those in one heading only the one with most words: the others lead to a source or a topic.

    Of those in the term of a definition list only the first: the others lead to other forms of the
    same.
    """
    best: dict[HtmlElement, Link] = {}
    for link in links:
        for heading in link.element.iterancestors(*HEADINGS):
            best[heading] = max(
                best.get(heading, link),
                link,
                key=lambda rival: count_text_words(element_text(rival.element)),
            )
    first: dict[HtmlElement, str] = {}
    for link in links:
        for term in link.element.iterancestors("dt"):
            first.setdefault(term, link.url)
    return [
        link
        for link in links
        if all(best[heading].url == link.url for heading in link.element.iterancestors(*HEADINGS))
        and all(first[term] == link.url for term in link.element.iterancestors("dt"))
    ]


def _is_titled_site(link: Link, document: HtmlDocument) -> bool:
    """True for another site's front page below words enough for a title.

    Those who collect links have such, too.
    """
    parts = urlsplit(link.url)
    bare = parts.path in ("", "/") and not parts.query
    elsewhere = (
        site_domain(link.url) != site_domain(document.url) and site_domain(link.url) not in SHARING
    )
    return bare and elsewhere and count_text_words(element_text(link.element)) >= TITLE_WORDS


def _is_itself(url: str, document: HtmlDocument) -> bool:
    return url.rstrip("/") == document.url.partition("#")[0].rstrip("/")


def _choose(groups: Sequence[Group]) -> list[CardFields]:
    """The cards of the best group and of those like it.

    Of cards that overlap, the better group's.
    """
    chosen: dict[str, CardFields] = {}
    inside: set[HtmlElement] = set()
    around: set[HtmlElement] = set()
    for found in groups:
        if not _belongs(found, groups[0]):
            continue
        for card in found.cards:
            above = {element for part in card.parts for element in part.iterancestors()}
            if (
                card.url in chosen
                or not inside.isdisjoint([*card.parts, *above])
                or not around.isdisjoint(card.parts)
            ):
                continue
            chosen[card.url] = card
            inside.update(card.parts)
            around |= above
    return list(chosen.values())


def _belongs(found: Group, best: Group) -> bool:
    related = not (found.aside or found.patterns.isdisjoint(best.patterns))
    near = (KIN if _is_dated(found) and _is_dated(best) else RELATED) if related else NEAR
    return found.score >= max(LEAST, best.score - near)


def _is_dated(found: Group) -> bool:
    return all("/#/#/#/" in shape for shape in found.patterns)


def _proven(cards: list[CardFields], known: Mapping[str, Item]) -> list[CardFields]:
    """The cards, where they are some; of one or two only those that are articles beyond doubt."""
    if len(cards) >= FEW or (
        len(cards) > 1 and all(any(map(is_marked, card.parts)) for card in cards)
    ):
        return cards
    return [
        card
        for card in cards
        if card.has_heading and (card.is_marked_up or card.has_date or card.url in known)
    ]
