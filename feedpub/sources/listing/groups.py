"""Group a page's links by their place in its structure, and score the groups.

Links at the same place are one list. Its score depends on its cards, and on the regions of the page
around them: navigation, sidebars, and boxes of popular or related articles.
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from lxml.html import HtmlElement

from feedpub.core.document_types import document_type_of_url
from feedpub.core.urls import site_domain
from feedpub.sources.document import HtmlDocument
from feedpub.sources.listing.card_fields import CardFields
from feedpub.sources.listing.cards import TITLE_WORDS, CardFinder, Link
from feedpub.sources.listing.links import address_pattern, address_score
from feedpub.sources.listing.text import (
    BOX_HEADINGS,
    BOXES,
    CHROME,
    HEADINGS,
    SIDEBAR_NAMES,
    count_text_words,
    element_text,
    is_button,
    is_textless,
    strip_counts,
)

NAVIGATION_ROLES = frozenset({"navigation", "menu", "menubar", "contentinfo", "tablist"})
MAX_REGION_SHARE = 0.5  # a region with more of the page's links is the content
MAX_BOXES = 200  # of a page
MAX_BOX_PARTS = 100  # elements after a box's heading
MAX_CARD_HEADER_LINKS = 4  # a header with more is the site's
BOX_PENALTY, SIDEBAR_PENALTY = 4.0, 3.0
MAX_BELOW_MEDIAN = 4.0  # a card further below its group's median is not one of the list


_PLAIN_TAGS = frozenset(("html", "body", "main", "a", *HEADINGS))  # are never a box or a sidebar


class DomPaths:
    """Numbers the places of a page's structure.

    A place is the path from the body to an element. Each step is a tag and the commonest of the
    element's classes: those that differ from card to card (`post-123`, `category-sport`) are rarer
    than those that do not.
    """

    def __init__(self, tree: HtmlElement) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        for element in tree.iter():
            self._counts.update((element.tag, name) for name in element.get("class", "").split())
        self._places: dict[HtmlElement, int] = {}
        self._numbers: dict[tuple[int, str], int] = {}

    def place_of(self, element: HtmlElement) -> int:
        """Return a number that all elements at one place share; 0 is the body."""
        for each in _path_down(element, self._places):
            if each.tag in ("html", "body"):
                self._places[each] = 0
                continue
            parent = each.getparent()
            above = self._places[parent] if parent is not None else 0
            step = (above, self._step(each))
            self._places[each] = self._numbers.setdefault(step, len(self._numbers) + 1)
        return self._places[element]

    def _step(self, element: HtmlElement) -> str:
        names = element.get("class", "").split()
        commonest = max(names, key=lambda name: self._counts[element.tag, name], default="")
        if self._counts[element.tag, commonest] > 1:
            return f"{element.tag}.{commonest}"
        return str(element.tag)


def _path_down(element: HtmlElement, known: Container[HtmlElement]) -> list[HtmlElement]:
    """Return an element and its ancestors below the first known one, from the top down."""
    path = list(takewhile(lambda each: each not in known, (element, *element.iterancestors())))
    return path[::-1]


class PageRegions:
    """Distinguishes the listing's links from those in navigation, sidebars and boxes.

    Args:
        tree: the page.
        links: its links that may be an article's.
    """

    def __init__(self, tree: HtmlElement, links: Sequence[HtmlElement]) -> None:
        self._link_counts: Counter[HtmlElement] = Counter()
        for link in links:
            self._link_counts.update(link.iterancestors())
        self._navigation: dict[HtmlElement, bool] = {}
        self._content_links = sum(1 for link in links if not self.is_in_navigation(link))
        self._boxes = frozenset(self._titled_boxes(tree))
        self._penalties: dict[HtmlElement, float] = {}

    def is_in_navigation(self, element: HtmlElement) -> bool:
        """Return True inside a menu, a footer or the site's header."""
        for each in _path_down(element, self._navigation):
            parent = each.getparent()
            above = parent is not None and self._navigation[parent]
            self._navigation[each] = above or self._is_navigation(each)
        return self._navigation[element]

    def _is_navigation(self, element: HtmlElement) -> bool:
        if element.tag == "header":
            found = self._link_counts[element] > MAX_CARD_HEADER_LINKS
        else:
            found = element.tag in ("nav", "footer") or element.get("role") in NAVIGATION_ROLES
        # An unclosed one contains the complete page.
        return found and next(element.iter("main"), None) is None

    def penalty(self, element: HtmlElement) -> float:
        """Return the penalty of the regions around an element; 0 in the plain content."""
        for each in _path_down(element, self._penalties):
            parent = each.getparent()
            above = self._penalties[parent] if parent is not None else 0.0
            self._penalties[each] = max(above, self._own_penalty(each))
        return self._penalties[element]

    def _own_penalty(self, element: HtmlElement) -> float:
        if element in self._boxes:
            return BOX_PENALTY
        if element.tag in _PLAIN_TAGS or self._is_content(element):
            return 0.0
        attributes = (element.get("class", ""), element.get("id", ""), element.get("role", ""))
        names = f" {' '.join(attributes)} ".lower().replace("_", "-")
        if CHROME.search(names) or BOXES.search(names):
            return BOX_PENALTY
        is_sidebar = element.tag == "aside" or SIDEBAR_NAMES.search(names)
        return SIDEBAR_PENALTY if is_sidebar else 0.0

    def _is_content(self, element: HtmlElement) -> bool:
        return self._link_counts[element] > MAX_REGION_SHARE * self._content_links

    def _titled_boxes(self, tree: HtmlElement) -> Iterator[HtmlElement]:
        """Yield the elements after "Most read" and the like.

        They end at the next heading of the same kind, or at a section with its own.
        """
        for words in islice(filter(_is_box_heading, tree.iter()), MAX_BOXES):
            heading = self._outermost(words)
            for sibling in islice(heading.itersiblings(), MAX_BOX_PARTS):
                if (sibling.tag, sibling.get("class")) == (heading.tag, heading.get("class")):
                    break
                if sibling.tag == "section" and _heading_rank(sibling) <= _heading_rank(words):
                    break
                if not self._is_content(sibling):
                    yield sibling

    def _outermost(self, element: HtmlElement) -> HtmlElement:
        """Return the largest element around one that has no links."""
        around = takewhile(lambda above: not self._link_counts[above], element.iterancestors())
        return (element, *around)[-1]


def _heading_rank(element: HtmlElement) -> int:
    """Return the rank of the first heading in an element: 1 for h1; 7 if it has none."""
    heading = next(element.iter(*HEADINGS), None)
    return len(HEADINGS) + 1 if heading is None else HEADINGS.index(heading.tag) + 1


def _is_box_heading(element: HtmlElement) -> bool:
    if element.tag in ("a", "button", "option", "label"):
        return False
    own = strip_counts(element.text or "")
    return own in BOX_HEADINGS and strip_counts(element_text(element)) == own


@dataclass(frozen=True, slots=True)
class Group:
    """The cards of one list.

    Attributes:
        score: how certainly these are articles. A bare list of headlines has 3 to 5, blog posts
            with dates have 8 to 12.
        patterns: the patterns of their URLs.
        is_aside: most of them are in a sidebar, or in a box of popular articles and the like.
    """

    cards: tuple[CardFields, ...]
    score: float
    patterns: frozenset[str]
    is_aside: bool = False


def group_links(
    document: HtmlDocument, links: Sequence[Link], regions: PageRegions, known: Container[str]
) -> list[Group]:
    """Return the groups of some links, the best first.

    Args:
        document: the page.
        links: some of its links.
        regions: of the page.
        known: URLs that the page's data calls articles.
    """
    paths = DomPaths(document.tree)
    finder = CardFinder(links, document)
    members: dict[tuple[bool, int], list[Link]] = defaultdict(list)
    for link in links:
        has_button_text = is_button(element_text(link.element))
        members[has_button_text, paths.place_of(link.element)].append(link)
    aggregates = _leads_away(links, document.url)
    scorer = GroupScorer(document.url, regions, known, aggregates=aggregates)
    groups = [scorer.score_group(finder.cards_of(alike)) for alike in members.values()]
    return sorted(groups, key=lambda group: -group.score)


def _leads_away(links: Sequence[Link], listing: str) -> bool:
    """Return True if most links with a title lead to other sites."""
    titled = [link for link in links if count_text_words(element_text(link.element)) >= TITLE_WORDS]
    own_site = site_domain(listing)
    away = [link for link in titled if site_domain(link.url) != own_site]
    return len(away) > len(titled) / 2


@dataclass(frozen=True, slots=True)
class GroupScorer:
    """Scores cards and groups.

    Attributes:
        listing: the page's own URL.
        known: URLs that the page's own data calls articles.
        aggregates: the page lists articles of other sites.
    """

    listing: str
    regions: PageRegions
    known: Container[str]
    aggregates: bool

    def score_group(self, cards: Sequence[CardFields]) -> Group:
        """Score a group, and drop the cards that are far worse than most."""
        scores = list(map(self.score_card, cards))
        median = statistics.median(scores)
        rows = zip(cards, scores, strict=True)
        kept = [card for card, score in rows if score > median - MAX_BELOW_MEDIAN]
        size = min(math.log2(len(kept)), 4.0) / 2
        aside = [card for card in kept if self.regions.penalty(card.anchor) > 0]
        return Group(
            cards=tuple(kept),
            score=median + size,
            patterns=frozenset(address_pattern(card.url) for card in kept),
            is_aside=len(aside) * 2 > len(kept),
        )

    def score_card(self, card: CardFields) -> float:
        """Return how much a card looks like an article's; a title of several words counts most."""
        leads_away = not self.aggregates and site_domain(card.url) != site_domain(self.listing)
        return (
            _score_title(card)
            + 1.5 * card.has_heading
            + 1.5 * card.is_marked_up
            + 1.5 * card.has_date
            + 1.0 * bool(card.summary)
            + 0.5 * (card.image is not None)
            + 2.0 * (card.url in self.known)
            + address_score(card.url, self.listing)
            - 2.0 * leads_away
            - 2.0 * (not card.has_heading and is_textless(card.anchor))
            - self.regions.penalty(card.anchor)
        )


def _score_title(card: CardFields) -> float:
    """Return the part of a card's score for its title; links to documents may be "Download"."""
    words = count_text_words(card.title)
    score = min(words, 6) / 2 - 1.0 if words > 1 else -2.0
    return score if document_type_of_url(card.url) is None else max(score, 0.0)
