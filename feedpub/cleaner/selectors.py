"""CSS selectors as a user would write them: short, and likely to match the site's other pages.

An element is identified by its own id or class, or else by its position in a named ancestor. Names
that a build tool generated ("css-1q2w3e") and names that describe the style ("mt-4") are ignored,
because they do not last.
"""

import re
from collections import Counter
from collections.abc import Iterator

from lxml.html import HtmlElement

ATTRIBUTES = ("data-component", "data-testid", "itemprop", "role", "aria-label")
"""Attributes that name an element without id and class, the most specific first."""
UNNAMED_TAGS = frozenset({"html", "body"})  # their names match everything on the page
MAX_ANCESTORS = 4  # in which a name is searched for

_NAME = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]*")
_VALUE = re.compile(r"[^\"\\\n]{1,60}")
_GENERATED = re.compile(
    r"^(?:css|sc|jsx|svelte|emotion|styled|chakra)-|^_|__[A-Za-z0-9]{5,}$"
    r"|(?:^|[-_])(?=[A-Za-z0-9]{5,}$)[A-Za-z]*\d+[A-Za-z]|\d{3}"
)
_PRESENTATIONAL = re.compile(
    r"^(?:[mp][trblxy]?|w|h|col|row|grid|flex|text|font|bg|border|rounded|shadow|gap|leading"
    r"|tracking|justify|items|align|float|pull|order|space|z|top|left|right|bottom|d|is|has|js|no"
    r"|sm|md|lg|xl)(?:-[a-z0-9]+)*$"
    r"|^(?:clearfix|container|wrapper|inner|outer|hidden|visible|active|first|last|odd|even|block"
    r"|inline|relative)$"
)


class SelectorIndex:
    """Counts of the names on a page, used to choose the most specific selector.

    Args:
        tree: the page.
    """

    def __init__(self, tree: HtmlElement) -> None:
        self.count: Counter[str] = Counter()
        for element in tree.iter():
            self.count.update(_own_selectors(element))

    def selector_for(self, element: HtmlElement) -> str:
        """Return a selector of an element, or "" if only its position would identify it.

        The selector is a name of the element itself, or its path below the next named ancestor.
        """
        return self.named_selector(element) or self._path_selector(element)

    def named_selector(self, element: HtmlElement) -> str:
        """Return a selector that uses a name of the element itself, or "" if none will last."""
        if element.tag in UNNAMED_TAGS:
            return ""
        return min(_own_selectors(element), key=self._rank, default="")

    def _rank(self, selector: str) -> tuple[bool, int, int]:
        """Return a sort key: classes and ids first, then rare names, then short ones."""
        return selector.startswith("["), self.count[selector], len(selector)

    def _path_selector(self, element: HtmlElement) -> str:
        path: list[str] = []
        for _ in range(MAX_ANCESTORS):
            parent = element.getparent()
            if parent is None or element.tag in UNNAMED_TAGS:
                return ""
            path.insert(0, _child_selector(element, parent))
            if name := self.named_selector(parent):
                return " > ".join((name, *path))
            element = parent
        return ""


def _own_selectors(element: HtmlElement) -> Iterator[str]:
    """Yield the selectors made of an element's own lasting names."""
    name = element.get("id", "")
    if is_lasting_name(name):
        yield f"#{name}"
    for each in element.get("class", "").split():
        if is_lasting_name(each):
            yield f".{each}"
    for key in ATTRIBUTES:
        if _VALUE.fullmatch(value := element.get(key) or ""):
            yield f'[{key}="{value}"]'


def is_lasting_name(name: str) -> bool:
    """Return whether a class or id describes the content, so that other pages share it."""
    if not _NAME.fullmatch(name) or _GENERATED.search(name):
        return False
    return not _PRESENTATIONAL.match(name)


def _child_selector(element: HtmlElement, parent: HtmlElement) -> str:
    siblings = parent.findall(element.tag)
    if len(siblings) == 1:
        return str(element.tag)
    return f"{element.tag}:nth-of-type({siblings.index(element) + 1})"
