"""Elements of podcasts: Apple's, Podcasting 2.0's and Podlove's chapters.

The rules for Apple's are those of the W3C validator and of Apple's requirements; the others are
those of the namespaces' own documents.
"""

import re

from tests.support.feedcheck import values
from tests.support.feedcheck.values import Complaints
from tests.support.feedcheck.xml import Check, Node, attributes, contents, textual

_DURATION = re.compile(r"(\d{1,2}:)?[0-5]?\d:[0-5]\d|\d+")
_START = re.compile(r"(\d{1,3}:)?\d{1,2}:\d{2}(\.\d{1,3})?|\d+(\.\d{1,3})?")


def _matches(pattern: re.Pattern[str]) -> "Check":
    def rule(value: str) -> Complaints:
        if not pattern.fullmatch(value):
            yield f"not of the form {pattern.pattern}: {value!r}"

    return textual(rule)


def _one_of(*allowed: str) -> Check:
    def rule(value: str) -> Complaints:
        if value not in allowed:
            yield f"not one of {allowed}: {value!r}"

    return textual(rule)


def _any_value(value: str) -> Complaints:
    if not value:
        yield "an empty attribute"


def _image(node: Node) -> Complaints:
    yield from attributes(node, {"href": values.web_address}, needed=["href"])


def _category(node: Node) -> Complaints:
    if set(node.attributes) != {"text"}:
        yield f"attributes {sorted(node.attributes)} instead of text"
    yield from contents(node, {"itunes:category": _category})


def _owner(node: Node) -> Complaints:
    known: dict[str, Check] = {"itunes:name": textual(), "itunes:email": textual()}
    yield from contents(node, known, once=known)


def _transcript(node: Node) -> Complaints:
    rules = {"url": values.web_address, "type": values.media_type}
    optional = {"language": values.language, "rel": _any_value}
    yield from attributes(node, rules | optional, needed=rules)


def _chapters_file(node: Node) -> Complaints:
    rules = {"url": values.web_address, "type": values.media_type}
    yield from attributes(node, rules, needed=rules)


def _person(node: Node) -> Complaints:
    if not node.text:
        yield "is blank"
    if unknown := node.attributes.keys() - {"role", "group", "img", "href"}:
        yield f"attributes {sorted(unknown)} are not known"


def _named_number(node: Node) -> Complaints:
    if not re.fullmatch(r"\d+(\.\d+)?", node.text):
        yield f"not a number: {node.text!r}"
    if unknown := node.attributes.keys() - {"name", "display"}:
        yield f"attributes {sorted(unknown)} are not known"


def _simple_chapters(node: Node) -> Complaints:
    if node.attributes.get("version") not in ("1.0", "1.1", "1.2"):
        yield f"not a version: {node.attributes.get('version')!r}"
    yield from contents(node, {"psc:chapter": _simple_chapter}, needed=["psc:chapter"])


def _simple_chapter(node: Node) -> Complaints:
    optional = {"href": values.web_address, "image": values.web_address}
    rules = {"start": _any_value, "title": _any_value} | optional
    yield from attributes(node, rules, needed=["start", "title"])
    if not _START.fullmatch(node.attributes.get("start", "")):
        yield f"not a time: {node.attributes.get('start')!r}"


EPISODE: dict[str, Check] = {
    "itunes:author": textual(),
    "itunes:duration": _matches(_DURATION),
    "itunes:episode": _matches(re.compile(r"[1-9]\d*")),
    "itunes:episodeType": _one_of("full", "trailer", "bonus"),
    "itunes:explicit": _one_of("yes", "no", "clean", "true", "false"),
    "itunes:image": _image,
    "itunes:season": _matches(re.compile(r"[1-9]\d*")),
    "itunes:subtitle": textual(),
    "itunes:summary": textual(),
    "itunes:title": textual(),
    "podcast:transcript": _transcript,
    "podcast:chapters": _chapters_file,
    "podcast:person": _person,
    "podcast:season": _named_number,
    "podcast:episode": _named_number,
    "psc:chapters": _simple_chapters,
}
CHANNEL: dict[str, Check] = {
    "itunes:author": textual(),
    "itunes:category": _category,
    "itunes:explicit": _one_of("yes", "no", "clean", "true", "false"),
    "itunes:image": _image,
    "itunes:owner": _owner,
    "itunes:subtitle": textual(),
    "itunes:summary": textual(),
    "itunes:type": _one_of("episodic", "serial"),
    "podcast:person": _person,
}
SEVERAL = frozenset(("itunes:category", "podcast:transcript", "podcast:person"))
"""Elements that may be repeated."""
