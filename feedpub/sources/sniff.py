"""What stands before the root element of an XML text, document type declarations above all.

Nobody's feed or sitemap needs its own entities, and some are weapons.
"""

import re

from feedpub.core.encoding import decode_html
from feedpub.core.models import Page

_SPACE = re.compile(r"\s*")
_DOCTYPE = re.compile(r"<!doctype\b", re.IGNORECASE)
_END_OF_SUBSET = re.compile(r"\]\s*>")


def strip_doctype(text: str) -> str:
    """An XML text without its document type declaration.

    What refers to entities of it refers to nothing.
    """
    prolog, _, rest = split_prolog(text)
    return prolog + rest


def split_prolog(text: str) -> tuple[str, str, str]:
    """Split an XML text, whose root element may be missing, in time linear to its length.

    Returns:
        What precedes the root element (white space, comments, instructions) but for document
        type declarations; all of these; and the rest. What never ends belongs to the rest.
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
    """Return where the comment or instruction that begins at an index ends.

    None where none does.
    """
    for begin, finish in (("<!--", "-->"), ("<?", "?>")):
        if text.startswith(begin, at):
            return (
                found + len(finish) if (found := text.find(finish, at + len(begin))) >= 0 else None
            )
    return None


def _end_of_doctype(text: str, at: int) -> int | None:
    """Return where a document type declaration ends, its own subset in brackets included."""
    end, subset = text.find(">", at), text.find("[", at)
    if not 0 <= subset < end:
        return end + 1 if end >= 0 else None
    found = _END_OF_SUBSET.search(text, subset)
    return found.end() if found else None


# SECTION: What a document is, whatever its header says of it: by its first bytes and its root
# element.

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
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|p|a|h1|ul|table|main|article)[\s>]",
    re.IGNORECASE,
)
_BOM = b"\xef\xbb\xbf"


def detect_type(page: Page) -> str:
    """What a document is, for people.

    HTML, FEED, SITEMAP, JSON, TEXT, GZIP, EMPTY, or "a PDF" and the like.
    """
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
    is_html = (
        root == "html"
        or _TAG.search(rest)
        or page.content_type in ("text/html", "application/xhtml+xml")
    )
    return HTML if is_html else TEXT


def is_html(page: Page) -> bool:
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
