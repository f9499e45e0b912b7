"""Collect the elements that metadata is read from, in one walk through the page."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from lxml.html import HtmlElement

TAGS = ("meta", "link", "title", "script", "base", "h1", "h2")
MAX_ELEMENTS = 500  # of each tag

HeadElements: TypeAlias = Mapping[str, Sequence[HtmlElement]]


def collect_elements(tree: HtmlElement) -> HeadElements:
    """Return the first elements of each tag in `TAGS`, in document order."""
    found: dict[str, list[HtmlElement]] = {tag: [] for tag in TAGS}
    for element in tree.iter(*TAGS):
        found[element.tag].append(element)
    return {tag: elements[:MAX_ELEMENTS] for tag, elements in found.items()}
