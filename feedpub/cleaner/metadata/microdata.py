"""Read microdata (itemprop attributes) about the page's own article.

Comments, related articles and products are ignored.
"""

from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

from feedpub.cleaner.metadata import lead_image
from feedpub.cleaner.metadata.elements import to_one_line
from feedpub.cleaner.metadata.facts import Facts

_MAX_VALUE_CHARS = 300
_MAX_PROPERTIES = 500  # of a page

_PROPERTIES = etree.XPath(f"(//@itemprop)[position() <= {_MAX_PROPERTIES}]/..", smart_strings=False)
_FIELDS = {
    "headline": "titles",
    "author": "authors",
    "creator": "authors",
    "datepublished": "published",
    "datecreated": "published",
    "datemodified": "updated",
    "description": "descriptions",
    "image": "images",
    "thumbnailurl": "images",
    "articlesection": "sections",
    "keywords": "tags",
}
_ARTICLE_TYPES = ("article", "posting", "webpage", "report", "creativework")


def read_microdata(tree: HtmlElement) -> Facts:
    """Return the facts in the page's itemprop attributes."""
    facts = Facts()
    for element in _elements_with_properties(tree):
        for name in element.get("itemprop", "").lower().split():
            field = _FIELDS.get(name)
            if not field or not _is_about_article(element):
                continue
            value = _read_image(element, facts) if field == "images" else _read_value(element)
            if value:
                getattr(facts, field).append(value)
    return facts


def _elements_with_properties(tree: HtmlElement) -> Iterator[HtmlElement]:
    found = _PROPERTIES(tree)
    for element in found if isinstance(found, list) else ():
        if isinstance(element, HtmlElement):
            yield element


def _is_about_article(element: HtmlElement) -> bool:
    """Return True if the property belongs to an article, or to an item without a type."""
    for outer in element.iterancestors():
        item_type = outer.get("itemtype")
        if item_type is not None:
            return any(word in item_type.lower() for word in _ARTICLE_TYPES)
    return True


def _read_value(element: HtmlElement) -> str:
    """Return a property's value: an author's name, a time's machine-readable form, else a text."""
    if content := element.get("content") or element.get("datetime"):
        return str(content).strip()
    named = element
    for part in element.iterdescendants():
        if part.get("itemprop") == "name":
            named = part
            break
    text: str = named.get("content") or to_one_line(str(named.text_content()))
    return text if len(text) <= _MAX_VALUE_CHARS else ""


def _read_image(element: HtmlElement, facts: Facts) -> str:
    """Return the URL of an image, or of the first one within; add its size to the facts."""
    address = _first_address(element)
    stated = {part.get("itemprop"): part.get("content") for part in element.iterdescendants("meta")}
    if size := lead_image.parse_size(stated.get("width"), stated.get("height")):
        facts.image_sizes[address] = size
    return address


def _first_address(element: HtmlElement) -> str:
    for part in element.iter():
        for name in ("content", "src", "href"):
            if address := part.get(name):
                return str(address)
    return ""
