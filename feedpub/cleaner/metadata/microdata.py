"""Microdata (itemprop) → Facts, for the page's own article.

Not for its comments, related items or products.
"""

from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

from feedpub.cleaner.metadata import lead_image
from feedpub.cleaner.metadata.byline import to_one_line
from feedpub.cleaner.metadata.facts import Facts

LONGEST = 300  # characters of a value
MOST = 500  # properties of a page

_PROPERTIES = etree.XPath(f"(//@itemprop)[position() <= {MOST}]/..", smart_strings=False)
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
_ARTICLES = ("article", "posting", "webpage", "report", "creativework")


def read_microdata(tree: HtmlElement) -> Facts:
    """What the page's itemprop attributes say about its article."""
    facts = Facts()
    for element in _with_properties(tree):
        for name in element.get("itemprop", "").lower().split():
            field = _FIELDS.get(name)
            if field and _of_article(element):
                value = _picture(element, facts) if field == "images" else _value(element)
                getattr(facts, field).extend([value] if value else [])
    return facts


def _with_properties(tree: HtmlElement) -> Iterator[HtmlElement]:
    found = _PROPERTIES(tree)
    if isinstance(found, list):
        yield from (element for element in found if isinstance(element, HtmlElement))


def _of_article(element: HtmlElement) -> bool:
    """Whether the thing that a property belongs to is an article, or is not named at all."""
    kind = next(
        (kind for outer in element.iterancestors() if (kind := outer.get("itemtype")) is not None),
        None,
    )
    return kind is None or any(word in kind.lower() for word in _ARTICLES)


def _value(element: HtmlElement) -> str:
    """A property's value.

    Of an author his name, of a time its machine-readable form, else its text.
    """
    if content := element.get("content") or element.get("datetime"):
        return str(content).strip()
    names = (part for part in element.iterdescendants() if part.get("itemprop") == "name")
    named = next(names, element)
    text: str = named.get("content") or to_one_line(str(named.text_content()))
    return text if len(text) <= LONGEST else ""


def _picture(element: HtmlElement, facts: Facts) -> str:
    """The address of a picture, or of the first one within; its size goes to the facts."""
    addresses = (part.get(key) for part in element.iter() for key in ("content", "src", "href"))
    address = next((str(address) for address in addresses if address), "")
    stated = {part.get("itemprop"): part.get("content") for part in element.iterdescendants("meta")}
    if known := lead_image.parse_pixels(stated.get("width"), stated.get("height")):
        facts.image_sizes[address] = known
    return address
