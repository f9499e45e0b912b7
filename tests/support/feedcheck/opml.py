"""OPML 2.0 as a list of subscriptions."""

from datetime import datetime
from functools import partial

from tests.support.feedcheck import values
from tests.support.feedcheck.values import Complaints
from tests.support.feedcheck.xml import Document, Node, attributes, contents, surface, textual


def check(body: bytes, *, now: datetime) -> list[str]:
    """Return all complaints about an OPML document."""
    root = Document(body, now).root()
    parts = ("head", "body")
    complaints = [
        *surface(root),
        *contents(root, {"head": _head, "body": _body}, once=parts, needed=parts),
    ]
    if root.name != "opml" or root.attributes != {"version": "2.0"} or root.names() != list(parts):
        complaints.append(f"root is {root.name} {root.attributes} {root.names()}")
    return complaints


def _head(node: Node) -> Complaints:
    date = textual(partial(values.rfc822, now=node.document.now))
    known = {"title": textual(), "dateModified": date, "dateCreated": date}
    yield from contents(node, known, once=known, needed=["title"])


def _body(node: Node) -> Complaints:
    yield from contents(node, {"outline": _outline})


def _outline(node: Node) -> Complaints:
    rules = {
        "text": values.characters,
        "title": values.characters,
        "description": values.characters,
        "type": _type,
        "xmlUrl": values.uri,
        "htmlUrl": values.uri,
        "language": values.language,
    }
    yield from attributes(node, rules, needed=["text", "title", "type", "xmlUrl", "htmlUrl"])


def _type(value: str) -> Complaints:
    if value != "rss":
        yield f"type {value!r}"
