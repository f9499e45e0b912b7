"""Detect by its content which program a file is from."""

import re

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
