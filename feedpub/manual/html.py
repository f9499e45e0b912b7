"""Render a page of the manual as HTML.

Links to other pages stay within the manual. Links to files outside of it become text.
"""

import re
from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from feedpub import manual

_PAGE = re.compile(r"([a-z][a-z0-9-]*)\.md(#[\w.-]*)?")


@cache
def render(topic: str) -> str:
    """Return the HTML of a page's body. Raises UnknownTopicError."""
    text = manual.load_topic(topic)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    _number_headings(tokens, manual.anchors(text))
    for token in tokens:
        token.children = _within_manual(token.children) if token.children else token.children
    return str(parser.renderer.render(tokens, parser.options, {}))


def _number_headings(tokens: Sequence[Token], anchors: Sequence[str]) -> None:
    headings = [token for token in tokens if token.type == "heading_open" and token.level == 0]
    for token, anchor in zip(headings, anchors, strict=True):
        token.attrSet("id", anchor)


def _within_manual(tokens: Sequence[Token]) -> list[Token]:
    """Return inline tokens whose links lead to pages of the manual or to the web; other links and images are text."""
    kept: list[Token] = []
    dropped = False  # links cannot contain links
    for token in tokens:
        if token.type == "link_open":
            address = _address(str(token.attrGet("href") or ""))
            dropped = address is None
            token.attrSet("href", address or "")
        if token.type == "image":
            kept.append(Token("text", "", 0, content=token.content))
        elif not (dropped and token.type in ("link_open", "link_close")):
            kept.append(token)
    return kept


def _address(target: str) -> str | None:
    """Return a link's target as the service has it; None if it is not part of the manual or the web."""
    if target.startswith(("#", "https://", "http://")):
        return target
    page = _PAGE.fullmatch(target)
    if page is None or page[1] not in manual.list_topics():
        return None
    name = "./" if page[1] == manual.INDEX else page[1]
    return f"{name}{page[2] or ''}"
