"""Find the articles that a page lists, by its structure."""

from collections.abc import Mapping, Sequence
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
    known = {
        url: item
        for url, item in items_in_jsonld(document.data, document.base).items()
        if not _is_listing_itself(url, document)
    }
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
    links: list[Link] = []
    for link in card_links(document):
        if len(links) == MAX_LINKS:
            break
        is_candidate = may_be_article(link.url, document.url) or _is_titled_site(link, document)
        if is_candidate and not _is_listing_itself(link.url, document):
            links.append(link)
    return links


def _choose_documents(document: HtmlDocument, known: Mapping[str, Item]) -> list[CardFields]:
    """Return the cards of the documents that a page lists.

    One or two are a list only if they have dates: links to a map or a form have none.
    """
    candidates = [
        link for link in card_links(document) if document_type_of_url(link.url) is not None
    ]
    cards = _choose_cards(_find_groups(document, candidates[:MAX_LINKS], known))
    if len(cards) >= MIN_ARTICLES:
        return cards
    return [card for card in cards if card.has_date or card.url in known]


def _without_rivals(links: Sequence[Link]) -> list[Link]:
    """Return the links without lesser ones in the same heading or definition term.

    Of several links in a heading, the one with most words is the title; the others lead to a source
    or a topic. Of several in a term, the first counts; the others lead to other forms of the same.
    """
    best: dict[HtmlElement, Link] = {}
    words: dict[HtmlElement, int] = {}
    first: dict[HtmlElement, str] = {}
    for link in links:
        for heading in link.element.iterancestors(*HEADINGS):
            count = count_text_words(element_text(link.element))
            if heading not in best or count > words[heading]:
                best[heading] = link
                words[heading] = count
        for term in link.element.iterancestors("dt"):
            first.setdefault(term, link.url)
    kept: list[Link] = []
    for link in links:
        rivals = {best[heading].url for heading in link.element.iterancestors(*HEADINGS)}
        rivals |= {first[term] for term in link.element.iterancestors("dt")}
        if rivals <= {link.url}:
            kept.append(link)
    return kept


def _is_titled_site(link: Link, document: HtmlDocument) -> bool:
    """Return True for a link to another site's front page with a title, as in link collections."""
    parts = urlsplit(link.url)
    if parts.path not in ("", "/") or parts.query:
        return False
    site = site_domain(link.url)
    if site == site_domain(document.url) or site in SHARING:
        return False
    return count_text_words(element_text(link.element)) >= TITLE_WORDS


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
            above = {element for part in card.parts for element in part.iterancestors()}
            overlaps = not inside.isdisjoint(above | {*card.parts})
            if card.url in chosen or overlaps or not around.isdisjoint(card.parts):
                continue
            chosen[card.url] = card
            inside.update(card.parts)
            around |= above
    return list(chosen.values())


def _is_like_best(group: Group, best: Group) -> bool:
    max_gap = MAX_GAP
    if not group.is_aside and not group.patterns.isdisjoint(best.patterns):
        both_dated = _has_dated_urls(group) and _has_dated_urls(best)
        max_gap = MAX_GAP_SAME_DATED_PATTERN if both_dated else MAX_GAP_SAME_PATTERN
    return group.score >= max(MIN_SCORE, best.score - max_gap)


def _has_dated_urls(group: Group) -> bool:
    return all("/#/#/#/" in pattern for pattern in group.patterns)


def _without_doubtful(cards: list[CardFields], known: Mapping[str, Item]) -> list[CardFields]:
    """Return the cards if they are several; of one or two, those that are articles for certain.

    Two are a list if both are marked up, or dated and have addresses alike.
    """
    if len(cards) >= MIN_ARTICLES:
        return cards
    if len(cards) > 1 and all(card.is_marked_up for card in cards):
        return cards
    patterns = {address_pattern(card.url) for card in cards}
    if len(cards) > 1 and len(patterns) == 1 and all(card.has_date for card in cards):
        return cards
    headed = [card for card in cards if card.has_heading]
    return [card for card in headed if card.is_marked_up or card.has_date or card.url in known]
