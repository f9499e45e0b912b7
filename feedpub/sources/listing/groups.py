"""Links that stand at the same place of a page's structure are one list, and are judged as one."""

import math
import statistics
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass

from feedpub.sources.addresses import site_of
from feedpub.sources.html import Document
from feedpub.sources.listing.cards import TITLE_WORDS, Cards, Link
from feedpub.sources.listing.facts import Card
from feedpub.sources.listing.links import address_score, pattern
from feedpub.sources.listing.structure import Places, Regions
from feedpub.sources.listing.text import is_button, is_mute, text_of, words

OUTLIER = 4.0  # a card so far below the median of its group is something else


@dataclass(frozen=True, slots=True)
class Group:
    """The cards of one list.

    Attributes:
        score: how plainly these are articles; a bare list of headlines has 3 to 5, blog posts with dates 8 to 12.
        patterns: the shapes of their addresses.
        aside: most of them stand in a sidebar, or in a box of popular articles and the like.
    """

    cards: tuple[Card, ...]
    score: float
    patterns: frozenset[str]
    aside: bool = False


def group(document: Document, links: Sequence[Link], regions: Regions, known: Container[str]) -> list[Group]:
    """The groups of some links, the likeliest first; `known` are addresses that the page's data calls articles."""
    places, cards = Places(document.tree), Cards(links, document.base)
    members: dict[tuple[object, ...], list[Link]] = defaultdict(list)
    for link in links:
        members[is_button(text_of(link.element)), *places.path(link.element)].append(link)
    judge = Judge(document.url, regions, known, aggregates=_leads_away(links, document.url))
    return sorted((judge.group(cards.of(alike)) for alike in members.values()), key=lambda found: -found.score)


def _leads_away(links: Sequence[Link], listing: str) -> bool:
    """True for a page whose long links lead to other sites: it lists what others write."""
    titled = [link for link in links if words(text_of(link.element)) >= TITLE_WORDS]
    return sum(site_of(link.url) != site_of(listing) for link in titled) > len(titled) / 2


@dataclass(frozen=True, slots=True)
class Judge:
    """Scores cards and groups.

    Attributes:
        listing: the page's own address.
        known: addresses that the page's own data calls articles.
        aggregates: True where the page lists articles of other sites.
    """

    listing: str
    regions: Regions
    known: Container[str]
    aggregates: bool

    def group(self, cards: Sequence[Card]) -> Group:
        """The group with its score, without the cards that are far worse than most."""
        scores = [self.card(card) for card in cards]
        median = statistics.median(scores)
        kept = tuple(card for card, score in zip(cards, scores, strict=True) if score > median - OUTLIER)
        size = min(math.log2(len(kept)), 4.0) / 2
        aside = sum(self.regions.penalty(card.anchor) > 0 for card in kept) * 2 > len(kept)
        return Group(kept, median + size, frozenset(pattern(card.url) for card in kept), aside)

    def card(self, card: Card) -> float:
        """How much a card looks like an article's: a title of some words counts most, then what goes with it."""
        count = words(card.title)
        elsewhere = not self.aggregates and site_of(card.url) != site_of(self.listing)
        return (
            (min(count, 6) / 2 - 1.0 if count > 1 else -2.0)
            + 1.5 * card.headed
            + 1.5 * card.marked
            + 1.5 * card.dated
            + 1.0 * bool(card.summary)
            + 0.5 * (card.image is not None)
            + 2.0 * (card.url in self.known)
            + address_score(card.url, self.listing)
            - 2.0 * elsewhere
            - 2.0 * (not card.headed and is_mute(card.anchor))
            - self.regions.penalty(card.anchor)
        )
