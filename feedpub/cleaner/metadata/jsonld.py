"""JSON-LD (schema.org) → Facts: graphs, arrays, references by @id, several articles, JSON that is not quite JSON.

Owns the shapes of structured data. Of several articles on a page it takes the one that the page is
about.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import lead_image
from feedpub.cleaner.metadata.facts import Facts
from feedpub.core.text import strip_invalid_characters

DEEPEST = 12  # levels of nesting looked at
LARGEST = 2_000_000  # characters of one script

_ARTICLES = frozenset((
    "article", "newsarticle", "blogposting", "reportagenewsarticle", "opinionnewsarticle", "analysisnewsarticle",
    "backgroundnewsarticle", "reviewnewsarticle", "askpublicnewsarticle", "liveblogposting", "advertisercontentarticle",
    "satiricalarticle", "scholarlyarticle", "medicalscholarlyarticle", "techarticle", "apireference", "report",
    "socialmediaposting", "discussionforumposting", "review", "recipe", "howto", "faqpage", "qapage",
))  # fmt: skip
_WEAKER = frozenset(
    (
        "webpage",
        "itempage",
        "creativework",
        "medicalwebpage",
        "videoobject",
        "podcastepisode",
        "product",
    )
)
_ELSEWHERE = frozenset((
    "itemlistelement", "haspart", "comment", "comments", "relatedlink", "review", "reviews", "citation", "mentions",
    "blogpost", "breadcrumb", "video", "ispartof", "about", "suggestedanswer", "acceptedanswer", "associatedmedia",
))  # fmt: skip
_ORGANISATIONS = ("organization", "corporation", "newsmediaorganization")
_WRAPPING = re.compile(
    r"^\s*(?:<!--|/\*\s*<!\[CDATA\[\s*\*/|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|/\*\s*\]\]>\s*\*/|//\s*\]\]>|\]\]>)\s*+(?:;\s*)?$"
)
_LAST_COMMA = re.compile(r",(?=\s*[}\]])")
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')

Node = Mapping[str, Any]


def read_jsonld(scripts: Iterable[str], url: str | None = None, title: str = "") -> Facts:
    """What the article's node in a page's JSON-LD scripts says.

    Args:
        scripts: their texts.
        url: of the page; with its title it tells its article from others in the same data.
        title: as the page's head has it.
    """
    nodes = [node for script in scripts for value in _values(script) for node in _nodes(value)]
    facts = Facts()
    by_id = {
        node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1
    }
    for node in _articles(nodes, url, title):
        _describe(node, by_id, facts)
    facts.publishers += [
        name for node in nodes if "website" in _types(node) for name in _texts(node.get("name"))
    ]
    return facts


def _values(script: str) -> Iterator[Any]:
    """The JSON values of a script: one, or several one after the other."""
    text = script[:LARGEST].strip()
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        text = _WRAPPING.sub("", _WRAPPING.sub("", text)).strip().rstrip(";")
    decoder = json.JSONDecoder(strict=False)
    for mend in _MENDERS:
        try:
            yield from _all(decoder, mend(text))
        except (ValueError, RecursionError):
            continue
        return


_MENDERS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: _BAD_ESCAPE.sub(r"\\\\\\\\", _LAST_COMMA.sub("", text)),
    lambda text: _LAST_COMMA.sub("", html.unescape(text)),
)


def _all(decoder: json.JSONDecoder, text: str) -> list[Any]:
    values, at = [], 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at] in " \t\r\n;,":
            at += 1
    return values


def _nodes(value: Any, depth: int = 0) -> Iterator[Node]:
    """A value's objects, outer ones first; those that describe other pages are left out."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key, item in value.items():
            if key.lower() not in _ELSEWHERE and isinstance(item, dict | list):
                yield from _nodes(item, depth + 1)


def _articles(nodes: list[Node], url: str | None, title: str) -> list[Node]:
    """The nodes that describe the page's article, the best first."""
    found = [node for node in nodes if _types(node) & _ARTICLES]
    weaker = [node for node in nodes if _types(node) & _WEAKER]
    found.sort(key=lambda node: -_likeness(node, url, title))
    return [*found[:1], *weaker[:1]] if found else weaker[:2]


def _likeness(node: Node, url: str | None, title: str) -> int:
    """How much a node looks like the page's own article."""
    path = urlsplit(url or "").path.strip("/")
    addresses = [
        urlsplit(text).path.strip("/")
        for key in ("url", "mainEntityOfPage", "@id")
        for text in _texts(node.get(key))
    ]
    headlines = [text.casefold() for key in ("headline", "name") for text in _texts(node.get(key))]
    return (
        4 * (bool(path) and path in addresses)
        + 4 * any(headline and headline[:40] in title.casefold() for headline in headlines)
        + 2 * ("headline" in node)
        + ("datePublished" in node)
        + ("author" in node)
    )


def _describe(node: Node, by_id: Mapping[str, Node], facts: Facts) -> None:
    """Add what a node says to the facts."""
    for key, place in (
        ("headline", facts.titles), ("name", facts.titles), ("datePublished", facts.published),
        ("dateCreated", facts.published), ("dateModified", facts.updated), ("description", facts.descriptions),
        ("inLanguage", facts.languages), ("url", facts.addresses), ("mainEntityOfPage", facts.addresses),
        ("articleSection", facts.sections), ("keywords", facts.tags), ("image", facts.images),
        ("thumbnailUrl", facts.images),
    ):  # fmt: skip
        place.extend(_texts(_resolved(node.get(key), by_id)))
    _sizes(node.get("image"), by_id, facts)
    for key in ("author", "creator"):
        _people(_resolved(node.get(key), by_id), by_id, facts)
    facts.publishers += _texts(_resolved(node.get("publisher"), by_id), "name")


def _people(value: Any, by_id: Mapping[str, Node], facts: Facts) -> None:
    """Sort the authors of a node into people and organisations."""
    for author in value if isinstance(value, list) else [value]:
        whole = _resolved(author, by_id)
        organised = isinstance(whole, dict) and not _types(whole).isdisjoint(_ORGANISATIONS)
        (facts.organisations if organised else facts.authors).extend(_texts(whole, "name"))


def _sizes(value: Any, by_id: Mapping[str, Node], facts: Facts) -> None:
    """Add the sizes that the images of a node state."""
    for image in value if isinstance(value, list) else [value]:
        whole = _resolved(image, by_id)
        if isinstance(whole, dict):
            width, height = (
                "".join(_texts(whole.get(key), "value", "name")) for key in ("width", "height")
            )
            if known := lead_image.parse_pixels(width, height):
                facts.image_sizes.update(
                    dict.fromkeys(_texts(whole, "url", "contentUrl", "@id"), known)
                )


def _resolved(value: Any, by_id: Mapping[str, Node]) -> Any:
    """A value, or the node that it refers to."""
    if (
        isinstance(value, dict)
        and isinstance(identity := value.get("@id"), str)
        and identity in by_id
    ):
        return {**by_id[identity], **value}
    return value


def _texts(value: Any, *keys: str) -> list[str]:
    """The texts of a value in any of its shapes.

    A string, an object with a name or an address, a list of either.
    """
    if isinstance(value, str):
        return [text] if (text := strip_invalid_characters(html.unescape(value)).strip()) else []
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item, *keys)]
    if isinstance(value, dict):
        return next(
            (found for key in keys or _KEYS if (found := _texts(value.get(key), *keys))), []
        )
    return []


_KEYS = ("name", "url", "contentUrl", "@value", "@id")


def _types(node: Node) -> frozenset[str]:
    value = node.get("@type")
    listed = value if isinstance(value, list) else [value]
    return frozenset(
        str(name).rpartition("/")[2].rpartition(":")[2].lower() for name in listed if name
    )


# SECTION: The data that a page carries for its own scripts, in script elements and in attributes
# → dates of publication.
#
# The last resort of pages that are drawn by scripts and say nothing to machines: schema.org's
# name for the date stands in
# what their scripts would write into the page.

_HOLDERS = "//script[contains(., 'datePublished')]/text() | //@*[contains(., 'datePublished')]"
_PUBLISHED = re.compile(r'\\?"datePublished\\?"\s*:\s*\\?"([^"\\]{8,40})')


def date_in_scripts(tree: HtmlElement) -> Sequence[str]:
    """The dates of publication in a page's data for its scripts, in the order of the page."""
    return [date for holder in tree.xpath(_HOLDERS) for date in _PUBLISHED.findall(holder)]
