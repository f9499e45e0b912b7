"""CSS selectors as a person would write them: short, and likely to hold on the site's other pages.

An element is named by its own id or class; where it has none that will last, by what is around it.
Names that a build made up ("css-1q2w3e") and those that say how something looks ("mt-4") do not
last.
"""

import re
from collections import Counter
from collections.abc import Iterator

from lxml.html import HtmlElement

ATTRIBUTES = ("data-component", "data-testid", "itemprop", "role", "aria-label")
"""What names an element that has no id and no class, the most telling first."""
NOT_NAMED = frozenset({"html", "body"})  # nothing is said of a part of the page by naming all of it
STEPS = 4  # elements outwards in which something is looked for that has a name

_NAME = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]*")
_VALUE = re.compile(r"[^\"\\\n]{1,60}")
_MADE_UP = re.compile(
    r"^(?:css|sc|jsx|svelte|emotion|styled|chakra)-|^_|__[A-Za-z0-9]{5,}$"
    r"|(?:^|[-_])(?=[A-Za-z0-9]{5,}$)[A-Za-z]*\d+[A-Za-z]|\d{3}"
)
_LOOKS = re.compile(
    r"^(?:[mp][trblxy]?|w|h|col|row|grid|flex|text|font|bg|border|rounded|shadow|gap|leading|tracking|justify|items|"
    r"align|float|pull|order|space|z|top|left|right|bottom|d|is|has|js|no|sm|md|lg|xl)(?:-[a-z0-9]+)*$"
    r"|^(?:clearfix|container|wrapper|inner|outer|hidden|visible|active|first|last|odd|even|block|inline|relative)$"
)


class SelectorIndex:
    """How often each name stands on a page.

    Args:
        tree: the page.
    """

    def __init__(self, tree: HtmlElement) -> None:
        self.count: Counter[str] = Counter()
        for element in tree.iter():
            self.count.update(_own(element))

    def selector_for(self, element: HtmlElement) -> str:
        """What finds an element, and the boxes of its kind; "" where only counting would.

        A name of its own, else its tag below one of the next names outwards, with its number among
        its like where it has any.
        """
        return self.named(element) or self._placed(element)

    def named(self, element: HtmlElement) -> str:
        """What finds an element by a name of its own; "" where it has none that will last."""
        own = [] if element.tag in NOT_NAMED else list(_own(element))
        return min(own, key=self._rank, default="")

    def _rank(self, selector: str) -> tuple[bool, int, int]:
        """The less, the better.

        Classes and ids before attributes, the rarer before the more common, the shorter.
        """
        return selector.startswith("["), self.count[selector], len(selector)

    def _placed(self, element: HtmlElement) -> str:
        path: list[str] = []
        for _ in range(STEPS):
            around = element.getparent()
            if around is None or element.tag in NOT_NAMED:
                return ""
            path.insert(0, _among_its_like(element, around))
            if name := self.named(around):
                return " > ".join((name, *path))
            element = around
        return ""


def _own(element: HtmlElement) -> Iterator[str]:
    """The selectors that an element's own lasting names make."""
    name = element.get("id") or ""
    if lasting(name):
        yield f"#{name}"
    for each in (element.get("class") or "").split():
        if lasting(each):
            yield f".{each}"
    for key in ATTRIBUTES:
        if _VALUE.fullmatch(value := element.get(key) or ""):
            yield f'[{key}="{value}"]'


def lasting(name: str) -> bool:
    """Whether a class or an id says what something is, in a way that other pages will share."""
    return bool(_NAME.fullmatch(name)) and not _MADE_UP.search(name) and not _LOOKS.match(name)


def _among_its_like(element: HtmlElement, around: HtmlElement) -> str:
    like = around.findall(element.tag)
    return (
        element.tag if len(like) == 1 else f"{element.tag}:nth-of-type({like.index(element) + 1})"
    )
