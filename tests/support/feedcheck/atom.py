"""Atom: the RELAX NG schema of RFC 4287, and further warnings of the W3C validator."""

import re
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from lxml import etree

from tests.support.feedcheck import markup, podcast, values
from tests.support.feedcheck.values import Complaints, Rule
from tests.support.feedcheck.xml import (
    Check,
    Document,
    Node,
    attributes,
    contents,
    distinct,
    empty,
    relations,
    surface,
    textual,
)

_LANG = "xml:lang"
_OF_ALL = frozenset(
    {"alternate", "self", "enclosure", "related", "via", "license"}
)  # valid relations of links
_OF_FEEDS = frozenset({"hub", "current", "prev-archive"})


def check(body: bytes, *, now: datetime, address: str | None = None) -> list[str]:
    """Return all complaints about an Atom document.

    `address` is the URL of the document. It is compared with the one in the document.
    """
    root = Document(body, now).root()
    schema = _schema()
    schema.validate(root.element)
    errors = [f"RELAX NG, line {error.line}: {error.message}" for error in schema.error_log]
    return [*errors, *surface(root), *_feed(address, root)]


@cache
def _schema() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(Path(__file__).parent / "atom.rng"))


def _names(*names: str) -> list[str]:
    return [f"atom:{name}" for name in names]


def _feed(address: str | None, node: Node) -> Complaints:
    date = partial(values.rfc3339, now=node.document.now)
    known: dict[str, Check] = {
        "atom:id": textual(values.canonical),
        "atom:title": _text,
        "atom:subtitle": _text,
        "atom:updated": textual(date),
        "atom:link": partial(_link, address),
        "atom:author": _person,
        "atom:category": _category,
        "atom:generator": textual(),
        "atom:icon": textual(values.uri),
        "fh:archive": empty,
        **podcast.CHANNEL,
        "atom:entry": partial(_entry, has_author=bool(node.children("atom:author"))),
    }
    once = [*_names("id", "title", "subtitle", "updated", "generator", "icon"), "fh:archive"]
    yield from contents(node, known, once=once, needed=_names("id", "title", "updated", "link"))
    yield from _language(node)
    entries, names = node.children("atom:entry"), node.names()
    if entries and set(names[names.index("atom:entry") :]) != {"atom:entry"}:
        yield "an entry precedes an element of the feed"
    if not any(link.attributes.get("rel") == "self" for link in node.children("atom:link")):
        yield "no link to itself"
    yield from _alternates(node)
    yield from relations(node)
    for name in ("id", "updated"):
        yield from distinct(
            (child for entry in entries for child in entry.children(f"atom:{name}")), name
        )


def _entry(node: Node, *, has_author: bool) -> Complaints:
    date = partial(values.rfc3339, now=node.document.now)
    known: dict[str, Check] = {
        "atom:id": textual(values.canonical),
        "atom:title": _text,
        "atom:updated": textual(date),
        "atom:published": textual(date),
        "atom:author": _person,
        "atom:category": _category,
        "atom:link": partial(_link, None, of_feed=False),
        "atom:summary": _text,
        "atom:content": _html,
        "media:content": _media,
        "media:thumbnail": _media,
        "atom:rights": _text,
        "atom:source": _source,
        **podcast.EPISODE,
    }
    once = _names("id", "title", "updated", "published", "summary", "content", "rights", "source")
    yield from contents(node, known, once=once, needed=_names("id", "title", "updated", "link"))
    yield from _language(node)
    yield from _alternates(node)
    if not has_author and not node.children("atom:author"):
        yield "neither the entry nor the feed has an author"
    texts = [child.text for child in node.children("atom:summary", "atom:content")]
    if not texts:
        yield "neither summary nor content"
    if len(set(texts)) < len(texts):
        yield "summary and content say the same"


def _source(node: Node) -> Complaints:
    known: dict[str, Check] = {
        "atom:id": textual(values.canonical),
        "atom:title": _text,
        "atom:link": partial(_link, None, of_feed=False),
    }
    yield from contents(node, known, once=known, needed=["atom:title"])


def _language(node: Node) -> Complaints:
    if language := node.attributes.get(_LANG):
        yield from values.language(language)


def _alternates(node: Node) -> Complaints:
    """Check that each type and language has one alternate link."""
    links = [link.attributes for link in node.children("atom:link")]
    kinds = [
        (link.get("type"), link.get("hreflang"))
        for link in links
        if link.get("rel", "alternate") == "alternate"
    ]
    if len(set(kinds)) < len(kinds):
        yield "two alternates of one type"
    if not kinds:
        yield "no alternate"


def _link(address: str | None, node: Node, *, of_feed: bool = True) -> Complaints:
    known = _OF_FEEDS | _OF_ALL if of_feed else _OF_ALL
    rules: dict[str, Rule] = {
        "href": values.uri,
        "rel": partial(values.relation, known),
        "type": values.media_type,
        "length": values.count,
        "title": values.characters,
    }
    yield from attributes(node, rules, needed=["href"])
    if node.attributes.get("rel") == "self":
        if address and node.attributes.get("href") != address:
            yield f"itself is not at {node.attributes.get('href')}"
        if node.attributes.get("type") != "application/atom+xml":
            yield f"itself is not of type {node.attributes.get('type')}"


def _text(node: Node) -> Complaints:
    """Check a plain text construct."""
    if node.attributes != {"type": "text"}:
        yield f"is not plain text by {node.attributes}"
    if not node.text:
        yield "is blank"
    yield from markup.plain(node.text, node.source)


def _html(node: Node) -> Complaints:
    if node.attributes != {"type": "html"}:
        yield f"is not HTML by {node.attributes}"
    if not node.text:
        yield "is blank"
    yield from markup.html(node.text)


def _person(node: Node) -> Complaints:
    def name(child: Node) -> Complaints:
        yield from textual()(child)
        yield from markup.plain(child.text, child.source)
        if re.search(r"<[\w.+'-]+@[\w.-]+>", child.text):
            yield f"an address where a name belongs: {child.text!r}"

    known: dict[str, Check] = {"atom:name": name, "atom:email": textual()}
    yield from contents(node, known, once=known, needed=["atom:name"])


def _category(node: Node) -> Complaints:
    yield from attributes(node, {"term": _not_blank}, needed=["term"])


def _not_blank(value: str) -> Complaints:
    if not value.strip():
        yield "is blank"


def _media(node: Node) -> Complaints:
    rules = {
        "url": values.uri,
        "medium": values.free,
        "type": values.media_type,
        "fileSize": values.positive,
    }
    yield from attributes(node, rules, needed=["url"])
