"""Detect which program a file is from, and parse its XML, YAML or TOML with line numbers."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import yaml
from lxml import etree

from feedpub.builder.opml import FRESHRSS_NAMESPACE
from feedpub.core.errors import ImportFileError

FORMATS = ("opml", "html2rss", "rsspls", "rss-bridge", "freshrss")

_START_BYTES = 4096  # of a file that are searched
_TOML = re.compile(
    rb"^[ \t]*(?:\[\[?\s*[A-Za-z0-9_.\"'-]+\s*\]\]?|[A-Za-z0-9_-]+[ \t]*=)", re.MULTILINE
)
_RSSPLS = re.compile(rb"^[ \t]*\[\s*(?:rsspls|feed\s*\.\s*config)\s*\]", re.MULTILINE)
_OWN = re.compile(
    rb"^[ \t]*\[\[\s*feed\s*\.\s*source\s*\]\]|^[ \t]*\[\s*feedpub\s*\]", re.MULTILINE
)
_HTML2RSS = re.compile(rb"^(?:channel|feeds|selectors)[ \t]*:", re.MULTILINE)
_FEED = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]")
_PAGE = re.compile(rb"<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
_OPML = re.compile(rb"<(?:\w+:)?opml[\s/>]", re.IGNORECASE)
MAX_FILE_BYTES = 8_000_000  # an OPML file of ten thousand feeds is smaller
MAX_YAML_CHARS = 1_000_000  # it is parsed slowly, and written by hand

_ENTITY = re.compile(rb"<!(?:ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


def detect_format(body: bytes, name: str) -> str:
    """Return one of FORMATS.

    Raises:
        ImportFileError: it is none of them; the message states what to do.
    """
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:_START_BYTES]
    if not start:
        raise ImportFileError(f"{name}:1: empty; export it again")
    if start.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return _markup(body, start, name)
    if all(re.match(rb"\A\s*(?:$|#|https?://)", line) for line in body.splitlines()):
        return "rss-bridge"
    if _OWN.search(body):
        raise ImportFileError(
            f"{name}:1: a config of feedpub itself; use it with -c, or copy its [[feed]] blocks"
        )
    if _RSSPLS.search(body):
        return "rsspls"
    if _HTML2RSS.search(body):
        return "html2rss"
    what = "a TOML file, and not of rsspls" if _TOML.search(start) else "of no kind that is known"
    raise ImportFileError(f"{name}:1: {what}; say what it is with --from {'|'.join(FORMATS)}")


def _markup(body: bytes, start: bytes, name: str) -> str:
    if _FEED.search(start):
        raise ImportFileError(
            f"{name}:1: a feed itself, no list of feeds; "
            'write its address as a source of type = "feed"'
        )
    if _PAGE.match(start):
        raise ImportFileError(
            f"{name}:1: a web page, no list of feeds; was a login page saved instead of the export?"
        )
    if not _OPML.search(start) and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ImportFileError(f"{name}:1: XML, but no OPML; export the feeds as OPML")
    return "freshrss" if FRESHRSS_NAMESPACE.encode() in body or b" frss:" in body else "opml"


def read_text(body: bytes, name: str) -> str:
    """Return a file as text. Raises ImportFileError if it is too large or not UTF-8."""
    _check_size(body, name)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ImportFileError(f"{name}:{line}: not UTF-8 text; save the file as UTF-8") from None


def _check_size(body: bytes, name: str) -> None:
    if len(body) > MAX_FILE_BYTES:
        raise ImportFileError(
            f"{name}: larger than {MAX_FILE_BYTES // 1_000_000} MB; "
            "no list of feeds is: take another file"
        )


def parse_xml_root(
    body: bytes, name: str, prefixes: Mapping[str, str] | None = None
) -> etree._Element:
    """Return the root of an XML document. Raises ImportFileError.

    Args:
        body: the document, in the encoding that it declares.
        name: its name, for messages.
        prefixes: namespaces that some programs use without declaring them, by prefix.
    """
    _check_size(body, name)
    if found := _ENTITY.search(body):
        line = body.count(b"\n", 0, found.start()) + 1
        raise ImportFileError(
            f"{name}:{line}: declares entities, which no list of feeds needs; take the line out"
        )
    for prefix, namespace in (prefixes or {}).items():
        body = _declared(body, prefix, namespace)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body.strip(), parser)
    except etree.XMLSyntaxError as error:
        blank_start = body[: len(body) - len(body.lstrip())]
        line = (error.lineno or 1) + blank_start.count(b"\n")
        what = _first_line(error.msg or "")
        raise ImportFileError(
            f"{name}:{line}: not well-formed XML: {what}; export it again"
        ) from None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and declared.entities():  # type: ignore[union-attr] # in an encoding that hid them
        raise ImportFileError(
            f"{name}:1: declares entities, which no list of feeds needs; take them out"
        )
    return root


def parse_toml_table(text: str, name: str) -> Mapping[str, object]:
    """Return the content of a TOML file. Raises ImportFileError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).rpartition(" (at ")
        numbers = re.findall(r"\d+", place)  # none at the end of the document
        line = numbers[0] if numbers else str(text.rstrip().count("\n") + 1)
        raise ImportFileError(f"{name}:{line}: not TOML: {what[:1].lower()}{what[1:]}") from None
    except (RecursionError, ValueError):  # endless brackets or numbers
        raise ImportFileError(
            f"{name}:1: not TOML that can be read: nested, or numbers written, without end"
        ) from None


def line_number(element: etree._Element, lines: Sequence[bytes]) -> int:
    """Return the line on which an element begins; lxml has the line where its start tag ends."""
    blank_lines = next((n for n, line in enumerate(lines) if line.strip()), 0)
    last = (cast("int | None", element.sourceline) or 1) + blank_lines
    tag = f"<{element.tag}".encode()
    for number in range(min(last, len(lines)), 0, -1):
        if tag in lines[number - 1]:
            return number
    return last


def _declared(body: bytes, prefix: str, namespace: str) -> bytes:
    """Declare the namespace of a prefix that an OPML document uses, in an encoding like ASCII."""
    used = re.search(rf"\s{prefix}:".encode(), body)
    if not used or f"xmlns:{prefix}".encode() in body:
        return body
    return re.sub(
        rb"(<opml)(?=[\s>])", rb"\1 " + f'xmlns:{prefix}="{namespace}"'.encode(), body, count=1
    )


@dataclass(frozen=True, slots=True)
class YamlNode:
    """A node of a YAML document with its line; a missing one is empty, on its parent's line."""

    node: yaml.Node | None
    line: int

    def __getitem__(self, key: str) -> "YamlNode":
        for name, value in self.items():
            if name == key:
                return value
        return YamlNode(None, self.line)

    def __bool__(self) -> bool:
        return self.node is not None and self.text not in ("~", "null")

    def items(self) -> Iterator[tuple[str, "YamlNode"]]:
        """Yield the keys and values of a mapping; nothing for other nodes."""
        if not isinstance(self.node, yaml.MappingNode):
            return
        for key, value in self.node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, YamlNode(value, key.start_mark.line + 1)

    def elements(self) -> Iterator["YamlNode"]:
        """Yield the elements of a list; nothing for other nodes."""
        if isinstance(self.node, yaml.SequenceNode):
            for value in self.node.value:
                yield YamlNode(value, value.start_mark.line + 1)

    @property
    def text(self) -> str:
        """Return a scalar as it is written, without quotes; "" for other nodes."""
        return self.node.value.strip() if isinstance(self.node, yaml.ScalarNode) else ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of a mapping."""
        return tuple(key for key, _ in self.items())


def parse_yaml_tree(text: str, name: str) -> YamlNode:
    """Return the content of a YAML file; all values stay text. Raises ImportFileError."""
    if len(text) > MAX_YAML_CHARS:
        raise ImportFileError(
            f"{name}: larger than {MAX_YAML_CHARS // 1_000_000} MB; no config of feeds is"
        )
    try:
        return YamlNode(yaml.compose(text, Loader=yaml.SafeLoader), 1)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ImportFileError(
            f"{name}:{line}: not YAML: {error.problem or error.context}"
        ) from None
    except yaml.YAMLError as error:
        raise ImportFileError(f"{name}:1: not YAML: {_first_line(str(error))}") from None
    except RecursionError:
        raise ImportFileError(
            f"{name}:1: nested without end; a config of feeds needs five levels"
        ) from None


def _first_line(text: str) -> str:
    return text.partition("\n")[0].partition(", line ")[0]
