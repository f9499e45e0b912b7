"""What a person has said about a site, applied to a page: elements that never belong to an article, and where it is.

Owns the use of selectors, which the config has checked. A rule is obeyed before anything is judged.
"""

from collections.abc import Iterator
from functools import lru_cache

from cssselect import HTMLTranslator
from lxml.html import HtmlElement

from feedpub.cleaner.layout import Layout
from feedpub.config import SiteRules
from feedpub.model import Removed

TEXT = "text:"


def strip(tree: HtmlElement, rules: SiteRules) -> Iterator[Removed]:
    """Take the elements that the selectors of `remove` match out of a tree."""
    for rule in rules.remove:
        if rule.startswith(TEXT):
            continue
        for element in _select(tree, rule):
            if element.getparent() is not None:
                yield Removed(" ".join(element.text_content().split()), f"rule '{rule}'", 0)
                element.drop_tree()


def unwanted(layout: Layout, rules: SiteRules) -> Iterator[tuple[int, str]]:
    """The blocks that begin with a text of `remove`, each with its reason."""
    starts = [(rule.removeprefix(TEXT).strip(), rule) for rule in rules.remove if rule.startswith(TEXT)]
    for index, block in enumerate(layout.blocks):
        for start, rule in starts:
            if start and block.text.startswith(start):
                yield index, f"rule '{rule}'"


def content(tree: HtmlElement, layout: Layout, rules: SiteRules) -> frozenset[int]:
    """The blocks inside what `content` matches; none where there is no such rule or it matches nothing."""
    if not rules.content:
        return frozenset()
    chosen = set(_select(tree, rules.content))
    inside: set[int] = set()
    for box in layout.boxes:
        if box.element in chosen:
            inside.update(range(box.first, box.last))
    for index, block in enumerate(layout.blocks):
        if not chosen.isdisjoint(piece for piece in block.pieces if isinstance(piece, HtmlElement)):
            inside.add(index)
    return frozenset(inside)


def passed_over(rules: SiteRules, inside: frozenset[int]) -> Iterator[Removed]:
    """What tells that the `content` rule found nothing: a site that was built anew, mostly."""
    if rules.content and not inside:
        yield Removed(rules.content, "rule 'content' matches nothing on this page: the article was found without it", 0)


def _select(tree: HtmlElement, selector: str) -> list[HtmlElement]:
    """The elements that a CSS selector matches."""
    return [element for element in tree.xpath(_path(selector)) if isinstance(element, HtmlElement)]


@lru_cache(maxsize=1000)
def _path(selector: str) -> str:
    return HTMLTranslator().css_to_xpath(selector)
