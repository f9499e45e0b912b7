"""What a document is, whatever its header says of it: by its first bytes and its root element."""

import re

from feedpub.decode import decode_html
from feedpub.model import Page
from feedpub.sources.doctype import split_prolog

HTML, FEED, SITEMAP, JSON = "an HTML page", "a feed", "a sitemap", "JSON"
TEXT, GZIP, EMPTY = "plain text", "a gzip file", "an empty document"
SNIFFED = 4096  # bytes or characters
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
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|p|a|h1|ul|table|main|article)[\s>]", re.IGNORECASE
)
_BOM = b"\xef\xbb\xbf"


def kind(page: Page) -> str:
    """What a document is, for people: HTML, FEED, SITEMAP, JSON, TEXT, GZIP, EMPTY, or "a PDF" and the like."""
    start = page.body[:SNIFFED].removeprefix(_BOM)
    if found := next((name for signature, name in _SIGNATURES if signature.match(start)), None):
        return found
    if not start.strip() and not page.body.removeprefix(_BOM).strip():
        return EMPTY
    root, rest = _root(page)
    if root in _ROOTS:
        return _ROOTS[root]
    if _FEED_ROOT.search(rest):  # behind a warning of the server's own
        return FEED
    is_html = root == "html" or _TAG.search(rest) or page.content_type in ("text/html", "application/xhtml+xml")
    return HTML if is_html else TEXT


def is_certainly_html(page: Page) -> bool:
    """True for a document whose root element or document type is HTML's."""
    return _root(page)[0] == "html"


def _root(page: Page) -> tuple[str, str]:
    """Return the local name of the root element, in lower case, and the text from there on.

    The name is "html" where the document type says so and no other root is known.
    """
    _, doctypes, rest = split_prolog(decode_html(page.body[:_MAX_PROLOG], page.charset))
    found = _ROOT.match(rest)
    name = found[1].lower() if found else ""
    if name not in _ROOTS and _HTML_DOCTYPE.match(doctypes):
        name = "html"
    return name, rest[:SNIFFED]
