"""Find the articles that a page lists, by its structure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.core.document_types import document_type_of_url
from feedpub.core.models import Item
from feedpub.core.urls import site_domain
from feedpub.sources.document import HtmlDocument
from feedpub.sources.listing.card_fields import CardFields
from feedpub.sources.listing.cards import (
    TITLE_WORDS,
    Link,
    ReadContent,
    card_items,
    card_links,
)
from feedpub.sources.listing.embedded_json import items_in_jsonld, items_in_state
from feedpub.sources.listing.groups import Group, PageRegions, group_links
from feedpub.sources.listing.links import address_pattern, may_be_article
from feedpub.sources.listing.text import HEADINGS, SHARING, count_text_words, element_text

MIN_SCORE = 2.5  # of a group
# How far a group's score may be below the best one's.
MAX_GAP = 2.0
MAX_GAP_SAME_PATTERN = 4.5  # if their URLs look alike
MAX_GAP_SAME_DATED_PATTERN = 7.0  # if their URLs contain the day, as only articles' do
MIN_ARTICLES = 3  # fewer need other evidence
MAX_LINKS = 5000


def find_items(document: HtmlDocument, read_content: ReadContent | None = None) -> tuple[Item, ...]:
    """Return the articles that a page lists, in its order, each URL once.

    If the page shows none, those in its data are returned: JSON-LD first, then its scripts' state.
    `read_content` is as in `card_items`.
    Documents (PDF and the like) count if there is no better list of pages: most of those on other
    pages are attachments.
    """
    known = items_in_jsonld(document.data, document.base)
    for url in list(known):
        if _is_listing_itself(url, document):
            del known[url]
    links = _candidate_links(document)
    groups = _find_groups(document, links, known)
    cards = _without_doubtful(_choose_cards(groups), known)
    if not cards or groups[0].is_aside:
        cards = _choose_documents(document, known) or cards
    if items := card_items(cards, document, known, read_content):
        return items
    return tuple(known.values()) or items_in_state(document.state, document.base)


def _find_groups(
    document: HtmlDocument, links: Sequence[Link], known: Mapping[str, Item]
) -> list[Group]:
    regions = PageRegions(document.tree, [link.element for link in links])
    open_links = [link for link in links if not regions.is_in_navigation(link.element)]
    return group_links(document, _without_rivals(open_links), regions, known)


def _candidate_links(document: HtmlDocument) -> list[Link]:
    candidates = (link for link in card_links(document) if _is_candidate(link, document))
    return list(islice(candidates, MAX_LINKS))


def _is_candidate(link: Link, document: HtmlDocument) -> bool:
    if _is_listing_itself(link.url, document):
        return False
    return may_be_article(link.url, document.url) or _is_titled_site(link, document)


def _choose_documents(document: HtmlDocument, known: Mapping[str, Item]) -> list[CardFields]:
    """Return the cards of the documents that a page lists.

    One or two are a list only if they have dates: links to a map or a form have none.
    """
    candidates = (link for link in card_links(document) if document_type_of_url(link.url))
    groups = _find_groups(document, list(islice(candidates, MAX_LINKS)), known)
    cards = _choose_cards(groups)
    if len(cards) >= MIN_ARTICLES:
        return cards
    return [card for card in cards if card.has_date or card.url in known]


def _without_rivals(links: Sequence[Link]) -> list[Link]:
    """Return the links without lesser ones in the same heading or definition term.

    Of several links in a heading, the one with most words is the title; the others lead to a source
    or a topic. Of several in a term, the first counts; the others lead to other forms of the same.
    """
    inside: dict[HtmlElement, list[Link]] = defaultdict(list)
    for link in links:
        for around in link.element.iterancestors(*HEADINGS, "dt"):
            inside[around].append(link)
    lesser: set[HtmlElement] = set()
    for around, rivals in inside.items():
        best = rivals[0] if around.tag == "dt" else max(rivals, key=_count_words)
        lesser.update(link.element for link in rivals if link.url != best.url)
    return [link for link in links if link.element not in lesser]


def _count_words(link: Link) -> int:
    return count_text_words(element_text(link.element))


def _is_titled_site(link: Link, document: HtmlDocument) -> bool:
    """Return True for a link to another site's front page with a title, as in link collections."""
    parts = urlsplit(link.url)
    if parts.path not in ("", "/") or parts.query:
        return False
    site = site_domain(link.url)
    if site == site_domain(document.url) or site in SHARING:
        return False
    return _count_words(link) >= TITLE_WORDS


def _is_listing_itself(url: str, document: HtmlDocument) -> bool:
    return url.rstrip("/") == document.url.partition("#")[0].rstrip("/")


def _choose_cards(groups: Sequence[Group]) -> list[CardFields]:
    """Return the cards of the best group and of those like it.

    Of cards that overlap, the better group's is kept.
    """
    chosen: dict[str, CardFields] = {}
    inside: set[HtmlElement] = set()
    around: set[HtmlElement] = set()
    for group in groups:
        if not _is_like_best(group, groups[0]):
            continue
        for card in group.cards:
            above = _elements_above(card)
            is_free = inside.isdisjoint(above.union(card.parts)) and around.isdisjoint(card.parts)
            if is_free and card.url not in chosen:
                chosen[card.url] = card
                inside.update(card.parts)
                around |= above
    return list(chosen.values())


def _elements_above(card: CardFields) -> set[HtmlElement]:
    above: set[HtmlElement] = set()
    for part in card.parts:
        above.update(part.iterancestors())
    return above


def _is_like_best(group: Group, best: Group) -> bool:
    return group.score >= max(MIN_SCORE, best.score - _max_gap(group, best))


def _max_gap(group: Group, best: Group) -> float:
    """Return how far a group's score may be below that of the best one."""
    if group.is_aside or group.patterns.isdisjoint(best.patterns):
        return MAX_GAP
    if _has_dated_urls(group) and _has_dated_urls(best):
        return MAX_GAP_SAME_DATED_PATTERN
    return MAX_GAP_SAME_PATTERN


def _has_dated_urls(group: Group) -> bool:
    return all("/#/#/#/" in pattern for pattern in group.patterns)


def _without_doubtful(cards: list[CardFields], known: Mapping[str, Item]) -> list[CardFields]:
    """Return the cards if they are several; of one or two, those that are articles for certain.

    Two are a list if both are marked up, or dated and have addresses alike.
    """
    if len(cards) >= MIN_ARTICLES or (len(cards) > 1 and _are_alike(cards)):
        return cards
    headed = [card for card in cards if card.has_heading]
    return [card for card in headed if card.is_marked_up or card.has_date or card.url in known]


def _are_alike(cards: Sequence[CardFields]) -> bool:
    """Return True for cards that are all marked up, or all dated with addresses alike."""
    if all(card.is_marked_up for card in cards):
        return True
    patterns = {address_pattern(card.url) for card in cards}
    return len(patterns) == 1 and all(card.has_date for card in cards)
