"""Detect the type of a document by its first bytes and its root element.

Headers are often wrong, so they count last. The document type declaration of an XML text can be
removed: no feed or sitemap needs its own entities, and some are attacks.
"""

import re

from feedpub.core.encoding import decode_html
from feedpub.core.models import Page

_SPACE = re.compile(r"\s*")
_DOCTYPE = re.compile(r"<!doctype\b", re.IGNORECASE)
_END_OF_SUBSET = re.compile(r"\]\s*>")


def strip_doctype(text: str) -> str:
    """Return an XML text without document type declarations; their entities become undefined."""
    prolog, _, rest = split_prolog(text)
    return prolog + rest


def split_prolog(text: str) -> tuple[str, str, str]:
    """Split an XML text, whose root element may be missing, in time linear to its length.

    Returns:
        The white space, comments and instructions before the root element; the document type
        declarations among them; and the rest. An unclosed part belongs to the rest.
    """
    prolog, doctypes, start = list[str](), list[str](), 0
    while True:
        at = _SPACE.match(text, start).end()  # type: ignore[union-attr]  # it matches always
        is_doctype = _DOCTYPE.match(text, at) is not None
        end = _end_of_doctype(text, at) if is_doctype else _end_of_other(text, at)
        if end is None:
            return "".join(prolog) + text[start:at], "".join(doctypes), text[at:]
        prolog.append(text[start:at] if is_doctype else text[start:end])
        if is_doctype:
            doctypes.append(text[at:end])
        start = end


def _end_of_other(text: str, at: int) -> int | None:
    """Return the end of the comment or instruction at an index, or None if there is none."""
    for begin, finish in (("<!--", "-->"), ("<?", "?>")):
        if text.startswith(begin, at):
            found = text.find(finish, at + len(begin))
            return found + len(finish) if found >= 0 else None
    return None


def _end_of_doctype(text: str, at: int) -> int | None:
    """Return the end of a document type declaration, including its subset in brackets."""
    end, subset = text.find(">", at), text.find("[", at)
    if not 0 <= subset < end:
        return end + 1 if end >= 0 else None
    found = _END_OF_SUBSET.search(text, subset)
    return found.end() if found else None


HTML, FEED, SITEMAP, JSON = "an HTML page", "a feed", "a sitemap", "JSON"
TEXT, GZIP, EMPTY = "plain text", "a gzip file", "an empty document"
SNIFFED_CHARS = 4096
_MAX_PROLOG = 1 << 16  # bytes that may precede the root element

_SIGNATURES = (
    (re.compile(rb"%PDF-"), "a PDF"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|....ftypavi", re.DOTALL), "an image"),
    (re.compile(rb"ID3|OggS|RIFF....WAVE|\x1aE\xdf\xa3|....ftyp", re.DOTALL), "a media file"),
    (re.compile(rb"\x1f\x8b"), GZIP),
    (re.compile(rb"PK\x03\x04|7z\xbc\xaf|Rar!"), "an archive"),
    (re.compile(rb"\A\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])"), JSON),
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_ROOTS = {"rss": FEED, "feed": FEED, "rdf": FEED, "urlset": SITEMAP, "sitemapindex": SITEMAP}
_FEED_ROOT = re.compile(r"<rss\s[^>]{0,500}version|<feed\s[^>]{0,500}xmlns|<rdf:RDF\s")
_HTML_DOCTYPE = re.compile(r"<!doctype\s+html\b", re.IGNORECASE)
_TAG = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|p|a|h1|ul|table|main|article)[\s>]",
    re.IGNORECASE,
)
_BOM = b"\xef\xbb\xbf"


def detect_type(page: Page) -> str:
    """Return the type of a document, as in messages.

    Returns:
        HTML, FEED, SITEMAP, JSON, TEXT, GZIP, EMPTY, or a type like "a PDF".
    """
    start = page.body[:SNIFFED_CHARS].removeprefix(_BOM)
    for signature, name in _SIGNATURES:
        if signature.match(start):
            return name
    if not start.strip() and not page.body.removeprefix(_BOM).strip():
        return EMPTY
    root, rest = _root(page)
    if root in _ROOTS:
        return _ROOTS[root]
    if _FEED_ROOT.search(rest):  # after a warning that the server printed
        return FEED
    if root == "html" or _TAG.search(rest):
        return HTML
    return HTML if page.content_type in ("text/html", "application/xhtml+xml") else TEXT


def is_html(page: Page) -> bool:
    """Return True if the root element or the document type is HTML."""
    return _root(page)[0] == "html"


def _root(page: Page) -> tuple[str, str]:
    """Return the local name of the root element, in lower case, and the text from there on.

    The name is "html" if the document type states it and the root is not one of a feed or sitemap.
    """
    _, doctypes, rest = split_prolog(decode_html(page.body[:_MAX_PROLOG], page.charset))
    found = _ROOT.match(rest)
    name = found[1].lower() if found else ""
    if name not in _ROOTS and _HTML_DOCTYPE.match(doctypes):
        name = "html"
    return name, rest[:SNIFFED_CHARS]
