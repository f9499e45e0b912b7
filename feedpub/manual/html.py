"""Render a page of the manual as HTML.

Links to other pages stay within the manual. Links to files outside of it become text.
"""

import re
from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from feedpub import manual

_PAGE = re.compile(r"(?<![a-z0-9-])([a-z][a-z0-9-]*+)\.md(#[\w.-]*+)?")


@cache
def render(topic: str) -> str:
    """Return the HTML of a page's body.

    Raises:
        UnknownTopicError: the manual has no such page.
    """
    text = manual.load_topic(topic)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    _number_headings(tokens, manual.anchors(text))
    for token in tokens:
        if token.children:
            token.children = _resolve_links(token.children)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _number_headings(tokens: Sequence[Token], anchors: Sequence[str]) -> None:
    headings = [token for token in tokens if token.type == "heading_open" and token.level == 0]
    for token, anchor in zip(headings, anchors, strict=True):
        token.attrSet("id", anchor)


def _resolve_links(tokens: Sequence[Token]) -> list[Token]:
    """Keep links to the manual and the web; images and other links become text."""
    kept: list[Token] = []
    is_dropped = False  # applies to one link: links cannot contain links
    for token in tokens:
        if token.type == "link_open":
            address = _resolve_target(str(token.attrGet("href") or ""))
            is_dropped = address is None
            token.attrSet("href", address or "")
        if token.type == "image":
            kept.append(Token("text", "", 0, content=token.content))
        elif not (is_dropped and token.type in ("link_open", "link_close")):
            kept.append(token)
    return kept


def _resolve_target(target: str) -> str | None:
    """Return the URL of a link's target; None if it is neither in the manual nor on the web."""
    if target.startswith(("#", "https://", "http://")):
        return target
    page = _PAGE.fullmatch(target)
    if page is None or page[1] not in manual.list_topics():
        return None
    name = "./" if page[1] == manual.INDEX else page[1]
    return f"{name}{page[2] or ''}"
