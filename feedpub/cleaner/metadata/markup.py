"""What the markup says of an element: that it is a byline, a dateline, or stands in a part that is not the article.

Owns the class names, tags and link addresses that say so. What an element's text says, `names` and `dates` know.
"""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache

from lxml.html import HtmlElement

from feedpub.cleaner.metadata.texts import Text

_BYLINE = ("byline", "by-line", "by_line", "author", "autor", "auteur", "writer", "contributor", "redakt", "forfatter")
_DATELINE = ("date", "time", "publi", "posted", "datum", "fecha", "zeit")
_ELSEWHERE = re.compile(
    r"(?<![a-z])(?:comments?|related|recommend\w*|sidebar|teasers?|cards?|(?<!elementor-)widgets?|popular|trending"
    r"|promo\w*|latest|carousel|archives?|menu|nav|navbar|navigation|ticker|recirc|feed|most|more)(?![a-z])"
)
_FOOTER = re.compile(r"(?<![a-z])footer(?![a-z])")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OUTSIDE = ("nav", "aside")
_WHOLE = frozenset(("html", "body", "main", "article"))  # their classes speak of the page, not of a part of it
_AUTHOR_LINK = re.compile(
    r"/(?:authors?|autor(?:en|es|i)?|auteurs?|profiles?|people|contributors?|writers?|staff|journalists?|reporters?|by"
    r"|columnists?|team|redaktion|experts?|byline|u|user|bio)/[^/]",
    re.IGNORECASE,
)


def marked(texts: Iterable[Text], article: AbstractSet[HtmlElement]) -> tuple[list[HtmlElement], list[HtmlElement]]:
    """The elements around some texts whose tag, class or link says that they are a byline; and a dateline."""
    bylines, datelines = [], []
    passed = set(article)
    for text in texts:
        for element in _not_passed(text.element, passed):
            classes = element.get("class") or element.get("id")
            byline, dateline = _kinds(classes) if classes else (False, False)
            if byline or (element.tag == "a" and "author" in (element.get("rel") or "")):
                bylines.append(element)
            if dateline or element.tag == "time":
                datelines.append(element)
    return bylines, datelines


def _not_passed(element: HtmlElement | None, passed: set[HtmlElement]) -> list[HtmlElement]:
    """An element and those around it that have not been passed yet, the outermost first."""
    found = []
    while element is not None and element not in passed:
        passed.add(element)
        found.append(element)
        element = element.getparent()
    return found[::-1]


@lru_cache(maxsize=50_000)  # class names repeat, on a page and between the pages of a site
def _kinds(classes: str) -> tuple[bool, bool]:
    """Whether class names speak of a byline, and of a dateline."""
    lower = classes.lower()
    return any(word in lower for word in _BYLINE), any(word in lower for word in _DATELINE)


@lru_cache(maxsize=50_000)
def _speaks_of_elsewhere(classes: str) -> bool:
    return bool(_ELSEWHERE.search(_HUMP.sub("-", classes).lower()))


def elsewhere(element: HtmlElement, article: AbstractSet[HtmlElement]) -> bool:
    """Whether an element stands in a part of the page that is not the article: `article` has what holds both."""
    for outer in (element, *element.iterancestors()):
        if outer in article:
            return False
        classes = outer.get("class") or ""
        outside = outer.tag in _OUTSIDE or (outer.tag not in _WHOLE and _speaks_of_elsewhere(classes))
        if (outside or _ends_page(outer, classes)) and not _kinds(classes)[0]:
            return True
    return False


def _ends_page(element: HtmlElement, classes: str) -> bool:
    """Whether it is a page's footer; an article's own is where HTML wants to be told who wrote it, and when."""
    footer = element.tag == "footer" or (element.tag not in _WHOLE and bool(_FOOTER.search(classes.lower())))
    return footer and next(element.iterancestors("article"), None) is None


def links_author(text: Text) -> bool:
    """Whether a text is a link to an author's page."""
    link = text.element if text.element.tag == "a" else text.element.getparent()
    return link is not None and link.tag == "a" and bool(_AUTHOR_LINK.search(link.get("href") or ""))
