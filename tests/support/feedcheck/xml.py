"""Rules that RSS and Atom share.

Documents are well-formed UTF-8, with known elements and attributes, usual prefixes and valid
values.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from tests.support.feedcheck import values
from tests.support.feedcheck.values import Complaints

ATOM = "http://www.w3.org/2005/Atom"
PREFIXES = {
    "atom": ATOM,
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "xml": "http://www.w3.org/XML/1998/namespace",
}
_RELATIONS = ("self", "hub", "current", "prev-archive")
_NAMES = {uri: prefix for prefix, uri in PREFIXES.items()}
Check = Callable[["Node"], Complaints]


@dataclass
class Document:
    """A parsed document, its lines, and the current time."""

    body: bytes
    now: datetime
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.body.decode("utf-8").split("\n")

    def root(self) -> "Node":
        """Return the root element. Raise the error of lxml if the document is not well-formed."""
        return Node(
            etree.fromstring(self.body, etree.XMLParser(resolve_entities=True, no_network=True)),
            self,
        )


@dataclass(frozen=True)
class Node:
    """An element, its name with the usual prefix."""

    element: etree._Element
    document: Document

    @property
    def name(self) -> str:
        return _name(str(self.element.tag))

    @property
    def text(self) -> str:
        return "".join(str(text) for text in self.element.itertext()).strip()

    @property
    def attributes(self) -> dict[str, str]:
        return {_name(str(name)): str(value) for name, value in self.element.attrib.items()}

    @property
    def source(self) -> str:
        """Return the lines of the element."""
        first = int(str(self.element.sourceline)) - 1
        return "\n".join(self.document.lines[first : first + 1 + self.text.count("\n")])

    def children(self, *names: str) -> list["Node"]:
        nodes = [Node(child, self.document) for child in self.element if isinstance(child.tag, str)]
        return [node for node in nodes if not names or node.name in names]

    def names(self) -> list[str]:
        return [node.name for node in self.children()]


def _name(qualified: str) -> str:
    uri, _, local = qualified.rpartition("}")
    return f"{_NAMES.get(uri[1:], uri[1:])}:{local}" if uri else local


def surface(root: Node) -> Complaints:
    """Check the document: usual prefixes, and no wrongly decoded character."""
    for prefix, uri in root.element.nsmap.items():
        if prefix and PREFIXES.get(prefix) != uri:
            yield f"prefix {prefix} for {uri}"
    for element in root.element.iter():
        texts = [
            str(element.text or ""),
            str(element.tail or ""),
            *map(str, element.attrib.values()),
        ]
        for text in texts:
            yield from values.characters(text)
        if len(element) == 0 and (element.text or "") != (element.text or "").strip():
            yield f"white space around {element.text!r}"


def contents(
    node: Node, known: Mapping[str, Check], *, once: Iterable[str] = (), needed: Iterable[str] = ()
) -> Complaints:
    """Check the children.

    They are known, and each is valid. Those of `once` are not repeated, and those of `needed`
    exist.
    """
    counts = Counter(node.names())
    yield from (f"<{node.name}> lacks <{name}>" for name in needed if not counts[name])
    yield from (f"<{name}> twice in <{node.name}>" for name in once if counts[name] > 1)
    for child in node.children():
        check = known.get(child.name)
        if check is None:
            yield f"<{child.name}> in <{node.name}> is not known"
        else:
            yield from (f"<{child.name}>: {complaint}" for complaint in check(child))


def attributes(
    node: Node, rules: Mapping[str, Callable[[str], Complaints]], needed: Iterable[str] = ()
) -> Complaints:
    """Check the attributes: they are known and valid, those of `needed` exist. There is no text."""
    found = node.attributes
    yield from (f"lacks {name}" for name in needed if name not in found)
    for name, value in found.items():
        yield from rules[name](value) if name in rules else [f"attribute {name} is not known"]


def empty(node: Node) -> Complaints:
    """Check an element without content."""
    yield from attributes(node, {})
    if len(node.element) or node.text:
        yield "is not empty"


def relations(node: Node) -> Complaints:
    """Check the links to hubs (WebSub) and to other documents of the feed (RFC 5005).

    None is repeated, and archives link the current document. The W3C validator requires both
    prev-archive and next-archive. The oldest archive has no previous one, and the next one is not
    known when an archive is written.
    """
    links = [link.attributes for link in node.children("atom:link")]
    there = {
        relation: [link["href"] for link in links if link.get("rel") == relation]
        for relation in _RELATIONS
    }
    for relation in ("current", "prev-archive"):
        if len(there[relation]) > 1:
            yield f"{relation} twice"
        if set(there[relation]) & set(there["self"]):
            yield f"{relation} is the document itself"
    if len(set(there["hub"])) < len(there["hub"]):
        yield "a hub twice"
    if node.children("fh:archive") and not there["current"]:
        yield "an archive without a link to the live document"
    if node.children("fh:archive") and there["hub"]:
        yield "an archive with a hub, which has no notice of changes"


def textual(*rules: Callable[[str], Complaints]) -> Check:
    """Check an element that contains only text: it is not blank and each rule holds."""

    def check(node: Node) -> Complaints:
        if not node.text:
            yield "is blank"
        if node.attributes:
            yield f"attributes {sorted(node.attributes)} are not known"
        for rule in rules:
            yield from rule(node.text)

    return check


def distinct(nodes: Iterable[Node], what: str) -> Complaints:
    """Check that values are distinct."""
    yield from (
        f"{what} twice: {text!r}"
        for text, n in Counter(node.text for node in nodes).items()
        if n > 1
    )
