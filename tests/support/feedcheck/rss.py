"""RSS 2.0: its profile and the W3C validator, for the elements that feedpub publishes."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial

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

_PERIODS = frozenset({"hourly", "daily", "weekly", "monthly", "yearly"})
_RELATIONS = frozenset({"self", "hub", "current", "prev-archive"})
_PICTURES = frozenset({"jpg", "jpeg", "gif", "png"})


def check(body: bytes, *, now: datetime, address: str | None = None) -> list[str]:
    """Return all complaints about an RSS document.

    `address` is the URL of the document. It is compared with the one in the document.
    """
    root = Document(body, now).root()
    complaints = [
        *surface(root),
        *contents(root, {"channel": partial(_channel, address)}, once=["channel"]),
    ]
    if root.name != "rss" or root.attributes != {"version": "2.0"}:
        complaints.append(f"root is {root.name} {root.attributes}")
    return complaints


def _channel(address: str | None, node: Node) -> Complaints:
    date = _date(values.rfc822, node)
    known: dict[str, Check] = {
        "title": _plain,
        "link": textual(values.uri),
        "description": _plain,
        "language": textual(values.language),
        "lastBuildDate": textual(date),
        "managingEditor": textual(values.editor),
        "dc:creator": textual(),
        "generator": _plain,
        "docs": textual(values.uri),
        "ttl": textual(values.positive),
        "image": partial(_image, node),
        "atom:link": partial(_link, address),
        "sy:updatePeriod": textual(_period),
        "sy:updateFrequency": textual(values.positive),
        "fh:archive": empty,
        "item": _item,
        **podcast.CHANNEL,
    }
    names = node.names()
    several = {"item", "atom:link", "dc:creator"} | podcast.SEVERAL
    yield from contents(
        node, known, once=known.keys() - several, needed=["title", "link", "description"]
    )
    if not any(link.attributes.get("rel") == "self" for link in node.children("atom:link")):
        yield "no atom:link to itself"
    if "item" in names and set(names[names.index("item") :]) != {"item"}:
        yield "an item precedes an element of the channel"
    if {"managingEditor", "dc:creator"} <= set(names):
        yield "managingEditor and dc:creator say the same"
    yield from relations(node)
    yield from distinct(
        (child for item in node.children("item") for child in item.children("guid")), "guid"
    )


def _item(node: Node) -> Complaints:
    known: dict[str, Check] = {
        "title": _plain,
        "link": textual(values.uri),
        "description": textual(markup.html),
        "content:encoded": textual(markup.html),
        "guid": _guid,
        "category": _plain,
        "pubDate": textual(_date(values.rfc822, node)),
        "atom:updated": textual(_date(values.rfc3339, node)),
        "dc:creator": textual(),
        "dc:language": textual(values.language),
        "enclosure": _enclosure,
        "media:content": _media_content,
        "media:thumbnail": _thumbnail,
        "source": _source,
        "dc:rights": textual(),
        "atom:link": _item_link,
        **podcast.EPISODE,
    }
    names = node.names()
    several = {"category", "dc:creator", "media:content", "atom:link"} | podcast.SEVERAL
    yield from contents(
        node, known, once=known.keys() - several, needed=["title", "link", "guid", "pubDate"]
    )
    if "content:encoded" in names and "description" not in names[: names.index("content:encoded")]:
        yield "content:encoded without a description before it"
    texts = [child.text for child in node.children("description", "content:encoded")]
    if len(set(texts)) < len(texts):
        yield "description and content say the same"


def _date(rule: Callable[..., Complaints], node: Node) -> Callable[[str], Complaints]:
    return partial(rule, now=node.document.now)


def _plain(node: Node) -> Complaints:
    yield from textual()(node)
    yield from markup.plain(node.text, node.source)


def _period(value: str) -> Complaints:
    if value not in _PERIODS:
        yield f"not a period: {value!r}"


def _image(channel: Node, node: Node) -> Complaints:
    parts = ("url", "title", "link")
    known = {"url": textual(values.uri, _picture), "title": _plain, "link": textual(values.uri)}
    yield from contents(node, known, once=parts, needed=parts)
    for name in ("title", "link"):
        if [child.text for child in node.children(name)] != [
            child.text for child in channel.children(name)
        ]:
            yield f"the image's {name} is not the channel's"


def _picture(value: str) -> Complaints:
    extension = value.rpartition(".")[2].lower()
    if re.fullmatch(r"\w+", extension) and extension not in _PICTURES:
        yield f"not a GIF, JPEG or PNG: {value!r}"


def _link(address: str | None, node: Node) -> Complaints:
    rules: dict[str, Rule] = {
        "href": values.uri,
        "rel": partial(values.relation, _RELATIONS),
        "type": values.media_type,
    }
    yield from attributes(node, rules, needed=["href", "rel"])
    if node.attributes.get("rel") == "self":
        if address and node.attributes.get("href") != address:
            yield f"itself is not at {node.attributes.get('href')}"
        if node.attributes.get("type") != "application/rss+xml":
            yield f"itself is not of type {node.attributes.get('type')}"


def _item_link(node: Node) -> Complaints:
    known = frozenset({"license", "related"})
    rules: dict[str, Rule] = {"href": values.uri, "rel": partial(values.relation, known)}
    yield from attributes(node, rules | {"title": values.characters}, needed=rules)


def _source(node: Node) -> Complaints:
    if set(node.attributes) != {"url"}:
        yield f"attributes {sorted(node.attributes)} instead of url"
    yield from values.uri(node.attributes.get("url", ""))
    yield from markup.plain(node.text, node.source)


def _guid(node: Node) -> Complaints:
    if node.attributes != {"isPermaLink": "false"}:
        yield f"is a permanent link by {node.attributes}"
    if not node.text or node.text.isdigit():
        yield f"not unique enough: {node.text!r}"


def _enclosure(node: Node) -> Complaints:
    rules = {"url": values.web_address, "length": values.count, "type": values.media_type}
    yield from attributes(node, rules, needed=rules)


def _media_content(node: Node) -> Complaints:
    rules = {
        "url": values.uri,
        "type": values.media_type,
        "fileSize": values.positive,
        "medium": _medium,
    }
    yield from attributes(node, rules, needed=["url"])


def _thumbnail(node: Node) -> Complaints:
    yield from attributes(node, {"url": values.uri}, needed=["url"])


def _medium(value: str) -> Complaints:
    if value not in ("image", "audio", "video", "document", "executable"):
        yield f"not a medium: {value!r}"
