"""Where a link stands on its page: at which place of the structure, and in which kind of region."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile

from lxml.html import HtmlElement

from feedpub.sources.listing.text import HEADINGS, bare, text_of
from feedpub.sources.listing.words import BOX_HEADINGS, BOXES, CHROME, SIDE

NAVIGATION_ROLES = frozenset({"navigation", "menu", "menubar", "contentinfo", "tablist"})
MOST = 0.5  # a region that holds more of the page's links than this is the page
MOST_BOXES = 200  # of a page
BOX_PARTS = 100  # elements that follow a box's heading
HEADER_LINKS = 4  # a header with more is the site's, not a card's

# How much standing in a region takes from a link's score.
LIKELY, PERHAPS = 4.0, 3.0


class Places:
    """Names the place of an element: the way up to the root, each step a tag and the commonest of its classes.

    Classes that differ from card to card (`post-123`, `category-sport`) are rarer than those that do not.
    """

    def __init__(self, tree: HtmlElement) -> None:
        self._counts = Counter((e.tag, name) for e in tree.iter() for name in e.get("class", "").split())
        self._paths: dict[HtmlElement, tuple[str, ...]] = {}

    def path(self, element: HtmlElement) -> tuple[str, ...]:
        """The steps from the element up to the body."""
        if element.tag in ("html", "body"):
            return ()
        if element not in self._paths:
            parent = element.getparent()
            above = self.path(parent) if parent is not None else ()
            self._paths[element] = (self._step(element), *above)
        return self._paths[element]

    def _step(self, element: HtmlElement) -> str:
        names = element.get("class", "").split()
        commonest = max(names, key=lambda name: self._counts[element.tag, name], default="")
        return f"{element.tag}.{commonest}" if self._counts[element.tag, commonest] > 1 else str(element.tag)


class Regions:
    """Tells links in navigation, sidebars and boxes of popular or related articles from those of the listing.

    Args:
        tree: the page.
        links: its links that could be an article's.
    """

    def __init__(self, tree: HtmlElement, links: Sequence[HtmlElement]) -> None:
        self._links = Counter(above for link in links for above in link.iterancestors())
        self._navigation: dict[HtmlElement, bool] = {}
        self._content = sum(1 for link in links if not self.in_navigation(link))
        self._boxes = frozenset(self._titled_boxes(tree))
        self._penalties: dict[HtmlElement, float] = {}

    def in_navigation(self, element: HtmlElement) -> bool:
        """True inside of a menu, a footer or the head of the site."""
        if element not in self._navigation:
            parent = element.getparent()
            above = parent is not None and self.in_navigation(parent)
            self._navigation[element] = above or self._is_navigation(element)
        return self._navigation[element]

    def _is_navigation(self, element: HtmlElement) -> bool:
        if element.tag == "header":
            found = self._links[element] > HEADER_LINKS
        else:
            found = element.tag in ("nav", "footer") or element.get("role") in NAVIGATION_ROLES
        return found and next(element.iter("main"), None) is None  # an unclosed one holds the whole page

    def penalty(self, element: HtmlElement) -> float:
        """What the regions around an element take from its score; 0 in the plain content."""
        if element not in self._penalties:
            parent = element.getparent()
            above = self.penalty(parent) if parent is not None else 0.0
            self._penalties[element] = max(above, self._own(element))
        return self._penalties[element]

    def _own(self, element: HtmlElement) -> float:
        if element in self._boxes:
            return LIKELY
        if element.tag in ("html", "body", "main", "a", *HEADINGS) or self._links[element] > MOST * self._content:
            return 0.0
        names = f" {element.get('class', '')} {element.get('id', '')} {element.get('role', '')} ".lower().replace(
            "_", "-"
        )
        if CHROME.search(names) or BOXES.search(names):
            return LIKELY
        return PERHAPS if element.tag == "aside" or SIDE.search(names) else 0.0

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
    own = bare(element.text or "")
    return own in BOX_HEADINGS and bare(text_of(element)) == own
