"""Read data of schema.org about the page's own article: JSON-LD and microdata (itemprop).

JSON-LD has graphs, arrays, references by @id, and is often slightly invalid. If several articles
are described, the one that the page is about is read. Comments, related articles and products are
ignored.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

from feedpub.cleaner.metadata import lead_image
from feedpub.cleaner.metadata.elements import Facts, to_one_line
from feedpub.core.text import strip_invalid_characters

_MAX_DEPTH = 12
_MAX_SCRIPT_CHARS = 2_000_000
_COMPARED_HEADLINE_CHARS = 40
_MAX_RECIPE_LINES = 200

_ARTICLES = frozenset((
    "article", "newsarticle", "blogposting", "reportagenewsarticle", "opinionnewsarticle",
    "analysisnewsarticle", "backgroundnewsarticle", "reviewnewsarticle", "askpublicnewsarticle",
    "liveblogposting", "advertisercontentarticle", "satiricalarticle", "scholarlyarticle",
    "medicalscholarlyarticle", "techarticle", "apireference", "report", "socialmediaposting",
    "discussionforumposting", "review", "recipe", "howto", "faqpage", "qapage",
))  # fmt: skip
_OTHER_PAGES = frozenset((
    "webpage", "itempage", "creativework", "medicalwebpage", "videoobject", "podcastepisode",
    "product",
))  # fmt: skip
# Keys of objects that describe something other than the page's own article.
_RELATED_KEYS = frozenset((
    "itemlistelement", "haspart", "comment", "comments", "relatedlink", "review", "reviews",
    "citation", "mentions", "blogpost", "breadcrumb", "video", "ispartof", "about",
    "suggestedanswer", "acceptedanswer", "associatedmedia",
))  # fmt: skip
_ORGANISATIONS = ("organization", "corporation", "newsmediaorganization")
_WRAPPER = re.compile(
    r"^\s*(?:<!--|/\*\s*<!\[CDATA\[\s*\*/|//\s*<!\[CDATA\[|<!\[CDATA\[)"
    r"|(?:-->|/\*\s*\]\]>\s*\*/|//\s*\]\]>|\]\]>)\s*+(?:;\s*)?$"
)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_INVALID_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')
_TEXT_KEYS = ("name", "url", "contentUrl", "@value", "@id")

# Data for a page's own scripts, in script elements and in attributes.
_SCRIPT_DATA = "//script[contains(., 'datePublished')]/text() | //@*[contains(., 'datePublished')]"
_DATE_PUBLISHED = re.compile(r'\\?"datePublished\\?"\s*:\s*\\?"([^"\\]{8,40})')

_FREE_KEY = "isAccessibleForFree"

Node = Mapping[str, Any]
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


def read_jsonld(scripts: Iterable[str], url: str | None = None, title: str = "") -> Facts:
    """Return the facts of the article's node in a page's JSON-LD scripts.

    Args:
        scripts: their texts.
        url: of the page; URL and title distinguish its article from others in the same data.
        title: as stated in the page's head.
    """
    nodes: list[Node] = []
    for script in scripts:
        for value in _parse_script(script):
            nodes.extend(_walk_nodes(value))
    by_id: dict[str, Node] = {}
    for node in nodes:
        if isinstance(node.get("@id"), str) and len(node) > 1:
            by_id[node["@id"]] = node
    facts = Facts()
    for node in _article_nodes(nodes, url, title):
        _add_facts(node, by_id, facts)
    for node in nodes:
        if "website" in _types(node):
            facts.publishers += _texts(node.get("name"))
    recipes = [node for node in nodes if "recipe" in _types(node) and "recipeIngredient" in node]
    if len(recipes) == 1:
        facts.ingredients += _texts(recipes[0]["recipeIngredient"])[:_MAX_RECIPE_LINES]
        facts.steps += islice(
            _recipe_steps(recipes[0].get("recipeInstructions")), _MAX_RECIPE_LINES
        )
    return facts


def read_closed_parts(
    scripts: Iterable[str], url: str | None = None, title: str = ""
) -> tuple[str, ...] | None:
    """Return the selectors of the parts of a page's article that are not free.

    None if the article is free or nothing is stated; empty if the parts are not named. The
    arguments are those of `read_jsonld`.
    """
    nodes: list[Node] = []
    for script in scripts:
        if _FREE_KEY in script:
            for value in _parse_script(script):
                nodes.extend(_walk_nodes(value))
    is_closed, selectors = False, []
    for node in _article_nodes(nodes, url, title):
        is_closed = is_closed or _is_closed(node)
        for part in _as_list(node.get("hasPart")):
            if isinstance(part, dict) and _is_closed(part):
                is_closed = True
                selectors += _texts(part.get("cssSelector"))
    return tuple(selectors) if is_closed else None


def _is_closed(node: Node) -> bool:
    value = node.get(_FREE_KEY)
    name = value.rpartition("/")[2].lower() if isinstance(value, str) else value
    return name is False or name == "false"


def dates_in_scripts(tree: HtmlElement) -> Sequence[str]:
    """Return the dates of publication in the data for a page's own scripts, in document order.

    It is the last resort for pages that scripts render and that have no other metadata: schema.org
    names the date there too.
    """
    found: list[str] = []
    for text in tree.xpath(_SCRIPT_DATA):
        found += _DATE_PUBLISHED.findall(text)
    return found


def _parse_script(script: str) -> Iterator[Any]:
    """Yield the JSON values of a script: one, or several in a row."""
    text = script[:_MAX_SCRIPT_CHARS].strip()
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        text = _WRAPPER.sub("", _WRAPPER.sub("", text)).strip().rstrip(";")
    decoder = json.JSONDecoder(strict=False)
    for repair in _REPAIRS:
        try:
            yield from _decode_all(decoder, repair(text))
        except (ValueError, RecursionError):
            continue
        return


_REPAIRS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: _INVALID_ESCAPE.sub(r"\\\\\\\\", _TRAILING_COMMA.sub("", text)),
    lambda text: _TRAILING_COMMA.sub("", html.unescape(text)),
)


def _decode_all(decoder: json.JSONDecoder, text: str) -> list[Any]:
    values, position = [], 0
    while position < len(text):
        value, position = decoder.raw_decode(text, position)
        values.append(value)
        while position < len(text) and text[position] in " \t\r\n;,":
            position += 1
    return values


def _walk_nodes(value: Any, depth: int = 0) -> Iterator[Node]:
    """Yield a value's objects, outer ones first, except those that describe related pages."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk_nodes(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key, item in value.items():
            if key.lower() not in _RELATED_KEYS and isinstance(item, dict | list):
                yield from _walk_nodes(item, depth + 1)


def _article_nodes(nodes: list[Node], url: str | None, title: str) -> list[Node]:
    """Return the nodes that describe the page's article, the best first."""
    articles = [node for node in nodes if _types(node) & _ARTICLES]
    others = [node for node in nodes if _types(node) & _OTHER_PAGES]
    if not articles:
        return others[:2]
    best = max(articles, key=lambda node: _rate_node(node, url, title))
    return [best, *others[:1]]


def _rate_node(node: Node, url: str | None, title: str) -> int:
    """Rate how well a node matches the page's own article."""
    addresses: list[str] = []
    for key in ("url", "mainEntityOfPage", "@id"):
        addresses += _texts(node.get(key))
    paths = {urlsplit(address).path.strip("/") for address in addresses} - {""}
    path = urlsplit(url or "").path.strip("/")
    headlines = [*_texts(node.get("headline")), *_texts(node.get("name"))]
    starts = {headline.casefold()[:_COMPARED_HEADLINE_CHARS] for headline in headlines} - {""}
    stated_title = title.casefold()
    is_titled = any(start in stated_title for start in starts)
    return (
        4 * (path in paths)
        + 4 * is_titled
        + 2 * ("headline" in node)
        + ("datePublished" in node)
        + ("author" in node)
    )


def _add_facts(node: Node, by_id: Mapping[str, Node], facts: Facts) -> None:
    """Add a node's statements to the facts."""
    for key, texts in (
        ("headline", facts.titles),
        ("name", facts.titles),
        ("datePublished", facts.published),
        ("dateCreated", facts.published),
        ("dateModified", facts.updated),
        ("description", facts.descriptions),
        ("inLanguage", facts.languages),
        ("url", facts.addresses),
        ("mainEntityOfPage", facts.addresses),
        ("articleSection", facts.sections),
        ("keywords", facts.tags),
        ("image", facts.images),
        ("thumbnailUrl", facts.images),
        ("license", facts.rights),
        ("copyrightNotice", facts.rights),
    ):
        texts.extend(_texts(_resolve(node.get(key), by_id)))
    _add_image_sizes(node.get("image"), by_id, facts)
    for key in ("author", "creator"):
        _add_authors(_resolve(node.get(key), by_id), by_id, facts)
    facts.publishers += _texts(_resolve(node.get("publisher"), by_id), "name")


def _recipe_steps(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the steps of a recipe: lines of texts, steps, and the steps of sections."""
    for item in _as_list(value):
        if isinstance(item, dict) and depth < _MAX_DEPTH and "itemListElement" in item:
            yield from _recipe_steps(item["itemListElement"], depth + 1)
        else:
            for text in _texts(item, "text", "name"):
                yield from filter(None, map(str.strip, text.splitlines()))


def _add_authors(value: Any, by_id: Mapping[str, Node], facts: Facts) -> None:
    """Add the authors of a node, organisations apart from persons."""
    for author in _as_list(value):
        resolved = _resolve(author, by_id)
        types = _types(resolved) if isinstance(resolved, dict) else frozenset()
        is_person = types.isdisjoint(_ORGANISATIONS)
        names = facts.authors if is_person else facts.organisations
        names.extend(_texts(resolved, "name"))


def _add_image_sizes(value: Any, by_id: Mapping[str, Node], facts: Facts) -> None:
    for image in _as_list(value):
        resolved = _resolve(image, by_id)
        if not isinstance(resolved, dict):
            continue
        width = "".join(_texts(resolved.get("width"), "value", "name"))
        height = "".join(_texts(resolved.get("height"), "value", "name"))
        if size := lead_image.parse_size(width, height):
            addresses = _texts(resolved, "url", "contentUrl", "@id")
            facts.image_sizes.update(dict.fromkeys(addresses, size))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resolve(value: Any, by_id: Mapping[str, Node]) -> Any:
    """Return a value, completed by the node that it refers to."""
    if isinstance(value, dict):
        node_id = value.get("@id")
        if isinstance(node_id, str) and node_id in by_id:
            return {**by_id[node_id], **value}
    return value


def _texts(value: Any, *keys: str) -> list[str]:
    """Return the texts of a value.

    Args:
        value: a string, a number, an object that has a text, or a list of these.
        keys: the keys of an object's text; the first with a text is used.
    """
    if isinstance(value, str):
        text = strip_invalid_characters(html.unescape(value)).strip()
        return [text] if text else []
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, list):
        listed: list[str] = []
        for item in value:
            listed += _texts(item, *keys)
        return listed
    if isinstance(value, dict):
        for key in keys or _TEXT_KEYS:
            if texts := _texts(value.get(key), *keys):
                return texts
    return []


def _types(node: Node) -> frozenset[str]:
    """Return a node's types in lower case, without the vocabulary's URL or prefix."""
    names: set[str] = set()
    for stated in filter(None, _as_list(node.get("@type"))):
        name = str(stated).rpartition("/")[2].rpartition(":")[2]
        names.add(name.lower())
    return frozenset(names)


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
