"""The elements of a page that tell about it, by tag: what metadata and hints are read from, found in one walk."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from lxml.html import HtmlElement

TAGS = ("meta", "link", "title", "script", "base", "h1", "h2")
MOST = 500  # elements of a tag that are looked at

Parts: TypeAlias = Mapping[str, Sequence[HtmlElement]]


def parts_of(tree: HtmlElement) -> Parts:
    """The first elements of each of `TAGS`, in the page's order."""
    found: dict[str, list[HtmlElement]] = {tag: [] for tag in TAGS}
    for element in tree.iter(*TAGS):
        found[element.tag].append(element)
    return {tag: elements[:MOST] for tag, elements in found.items()}
