"""The elements of a page that tell about it, by tag.

What metadata and hints are read from, found in one walk.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from lxml.html import HtmlElement

TAGS = ("meta", "link", "title", "script", "base", "h1", "h2")
MAX_ELEMENTS = 500  # elements of a tag that are looked at

HeadElements: TypeAlias = Mapping[str, Sequence[HtmlElement]]


def collect_elements(tree: HtmlElement) -> HeadElements:
    """The first elements of each of `TAGS`, in the page's order."""
    found: dict[str, list[HtmlElement]] = {tag: [] for tag in TAGS}
    for element in tree.iter(*TAGS):
        found[element.tag].append(element)
    return {tag: elements[:MAX_ELEMENTS] for tag, elements in found.items()}
