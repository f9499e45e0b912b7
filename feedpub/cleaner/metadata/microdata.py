"""Microdata and RDFa (itemprop) → Facts, for the page's own article: not for its comments, related items or products."""

from lxml import etree
from lxml.html import HtmlElement

from feedpub.cleaner.metadata.facts import Facts

_PROPERTIES = etree.XPath("//@itemprop/..", smart_strings=False)
_FIELDS = {
    "headline": "titles", "datepublished": "published", "datecreated": "published", "datemodified": "updated",
    "description": "descriptions", "image": "images", "thumbnailurl": "images", "articlesection": "sections",
    "keywords": "tags", "author": "authors", "creator": "authors",
}  # fmt: skip
_LONGEST = 300  # characters of a value
_ADDRESSES = frozenset(("images",))


def read(tree: HtmlElement) -> Facts:
    """What the page's itemprop attributes say about its article."""
    facts = Facts()
    for element in _PROPERTIES(tree):
        for name in element.get("itemprop").lower().split():
            field = _FIELDS.get(name)
            if field and _of_article(element) and (text := _value(element, address=field in _ADDRESSES)):
                getattr(facts, field).append(text)
    return facts


def _of_article(element: HtmlElement) -> bool:
    """Whether the thing that a property belongs to is an article, or is not named at all."""
    parent = element.getparent()
    while parent is not None and parent.get("itemtype") is None:
        parent = parent.getparent()
    kind = "" if parent is None else parent.get("itemtype", "").lower()
    return parent is None or any(word in kind for word in ("article", "posting", "webpage", "report", "creativework"))


def _value(element: HtmlElement, *, address: bool) -> str:
    """A property's value: of an author his name, of a time its machine-readable form, of a picture its address."""
    if content := element.get("content") or element.get("datetime"):
        return content.strip()
    if address:
        pictures = [element, *element.iter("img", "link", "meta")]
        return next(
            (
                src
                for picture in pictures
                if (src := picture.get("src") or picture.get("href") or picture.get("content"))
            ),
            "",
        )
    for named in element.iter():
        if named.get("itemprop") == "name" and named is not element:
            return (named.get("content") or named.text_content()).strip()
    text = " ".join(element.text_content().split())
    return text if len(text) <= _LONGEST else ""
