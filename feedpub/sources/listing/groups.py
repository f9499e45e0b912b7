"""Where a link stands on its page: at which place of the structure, and in which kind of region."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from lxml.html import HtmlElement

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
MOST = 0.5  # a region that holds more of the page's links than this is the page
MOST_BOXES = 200  # of a page
BOX_PARTS = 100  # elements that follow a box's heading
HEADER_LINKS = 4  # a header with more is the site's, not a card's

# How much standing in a region takes from a link's score.
LIKELY, PERHAPS = 4.0, 3.0


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
    """Tells links in navigation, sidebars and boxes of popular or related articles from those of the listing.

    Args:
        tree: the page.
        links: its links that could be an article's.
    """

    def __init__(self, tree: HtmlElement, links: Sequence[HtmlElement]) -> None:
        self._links = Counter(above for link in links for above in link.iterancestors())
        self._navigation: dict[HtmlElement, bool] = {}
        self._content = sum(1 for link in links if not self.is_in_navigation(link))
        self._boxes = frozenset(self._titled_boxes(tree))
        self._penalties: dict[HtmlElement, float] = {}

    def is_in_navigation(self, element: HtmlElement) -> bool:
        """True inside of a menu, a footer or the head of the site."""
        for each in _path_down(element, self._navigation):
            parent = each.getparent()
            above = parent is not None and self._navigation[parent]
            self._navigation[each] = above or self._is_navigation(each)
        return self._navigation[element]

    def _is_navigation(self, element: HtmlElement) -> bool:
        if element.tag == "header":
            found = self._links[element] > HEADER_LINKS
        else:
            found = element.tag in ("nav", "footer") or element.get("role") in NAVIGATION_ROLES
        return (
            found and next(element.iter("main"), None) is None
        )  # an unclosed one holds the whole page

    def penalty(self, element: HtmlElement) -> float:
        """What the regions around an element take from its score; 0 in the plain content."""
        for each in _path_down(element, self._penalties):
            parent = each.getparent()
            above = self._penalties[parent] if parent is not None else 0.0
            self._penalties[each] = max(above, self._own(each))
        return self._penalties[element]

    def _own(self, element: HtmlElement) -> float:
        if element in self._boxes:
            return LIKELY
        if (
            element.tag in ("html", "body", "main", "a", *HEADINGS)
            or self._links[element] > MOST * self._content
        ):
            return 0.0
        names = f" {element.get('class', '')} {element.get('id', '')} {element.get('role', '')} ".lower().replace(
            "_", "-"
        )
        if CHROME.search(names) or BOXES.search(names):
            return LIKELY
        return PERHAPS if element.tag == "aside" or SIDEBAR_NAMES.search(names) else 0.0

    def _titled_boxes(self, tree: HtmlElement) -> Iterable[HtmlElement]:
        """What follows "Most read" and the like, up to the next heading of its kind, or a section with its own."""
        for words in islice(filter(_is_box_heading, tree.iter()), MOST_BOXES):
            heading = self._outermost(words)
            for sibling in islice(heading.itersiblings(), BOX_PARTS):
                if (sibling.tag, sibling.get("class")) == (heading.tag, heading.get("class")):
                    break
                if sibling.tag == "section" and _rank(sibling) <= _rank(words):
                    break
                if self._links[sibling] <= MOST * self._content:
                    yield sibling

    def _outermost(self, element: HtmlElement) -> HtmlElement:
        """The largest element around one that has no links in it."""
        around = takewhile(lambda above: not self._links[above], element.iterancestors())
        return (element, *around)[-1]


def _rank(element: HtmlElement) -> int:
    """The rank of the first heading in an element: 1 for h1; 7 where it has none."""
    heading = next(element.iter(*HEADINGS), None)
    return len(HEADINGS) + 1 if heading is None else HEADINGS.index(heading.tag) + 1


def _is_box_heading(element: HtmlElement) -> bool:
    if element.tag in ("a", "button", "option", "label"):
        return False
    own = strip_counts(element.text or "")
    return own in BOX_HEADINGS and strip_counts(element_text(element)) == own


# SECTION: Links that stand at the same place of a page's structure are one list, and are judged
# as one.

OUTLIER = 4.0  # a card so far below the median of its group is something else


@dataclass(frozen=True, slots=True)
class Group:
    """The cards of one list.

    Attributes:
        score: how plainly these are articles; a bare list of headlines has 3 to 5, blog posts with
            dates 8 to 12.
        patterns: the shapes of their addresses.
        aside: most of them stand in a sidebar, or in a box of popular articles and the like.
    """

    cards: tuple[CardFields, ...]
    score: float
    patterns: frozenset[str]
    aside: bool = False


def group_links(
    document: HtmlDocument, links: Sequence[Link], regions: PageRegions, known: Container[str]
) -> list[Group]:
    """The groups of some links, the likeliest first.

    `known` are addresses that the page's data calls articles.
    """
    places, cards = DomPaths(document.tree), CardFinder(links, document.base)
    members: dict[tuple[bool, int], list[Link]] = defaultdict(list)
    for link in links:
        is_labelled_button = is_button(element_text(link.element))
        members[is_labelled_button, places.place_of(link.element)].append(link)
    judge = GroupScorer(document.url, regions, known, aggregates=_leads_away(links, document.url))
    return sorted(
        (judge.score_group(cards.cards_of(alike)) for alike in members.values()),
        key=lambda found: -found.score,
    )


def _leads_away(links: Sequence[Link], listing: str) -> bool:
    """True for a page whose long links lead to other sites: it lists what others write."""
    titled = [link for link in links if count_text_words(element_text(link.element)) >= TITLE_WORDS]
    return sum(site_domain(link.url) != site_domain(listing) for link in titled) > len(titled) / 2


@dataclass(frozen=True, slots=True)
class GroupScorer:
    """Scores cards and groups.

    Attributes:
        listing: the page's own address.
        known: addresses that the page's own data calls articles.
        aggregates: True where the page lists articles of other sites.
    """

    listing: str
    regions: PageRegions
    known: Container[str]
    aggregates: bool

    def score_group(self, cards: Sequence[CardFields]) -> Group:
        """The group with its score, without the cards that are far worse than most."""
        scores = [self.score_card(card) for card in cards]
        median = statistics.median(scores)
        kept = tuple(
            card for card, score in zip(cards, scores, strict=True) if score > median - OUTLIER
        )
        size = min(math.log2(len(kept)), 4.0) / 2
        aside = sum(self.regions.penalty(card.anchor) > 0 for card in kept) * 2 > len(kept)
        return Group(
            kept, median + size, frozenset(address_pattern(card.url) for card in kept), aside
        )

    def score_card(self, card: CardFields) -> float:
        """How much a card looks like an article's.

        A title of some words counts most, then what goes with it.
        """
        count = count_text_words(card.title)
        elsewhere = not self.aggregates and site_domain(card.url) != site_domain(self.listing)
        return (
            (min(count, 6) / 2 - 1.0 if count > 1 else -2.0)
            + 1.5 * card.has_heading
            + 1.5 * card.is_marked_up
            + 1.5 * card.has_date
            + 1.0 * bool(card.summary)
            + 0.5 * (card.image is not None)
            + 2.0 * (card.url in self.known)
            + address_score(card.url, self.listing)
            - 2.0 * elsewhere
            - 2.0 * (not card.has_heading and is_textless(card.anchor))
            - self.regions.penalty(card.anchor)
        )
