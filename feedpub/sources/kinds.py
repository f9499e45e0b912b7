"""What a document is, whatever its header says of it: by its first bytes."""

import re

from feedpub.model import Page

HTML, FEED, SITEMAP, JSON = "an HTML page", "a feed", "a sitemap", "JSON"
TEXT, GZIP, EMPTY = "plain text", "a gzip file", "an empty document"
SNIFFED = 4096  # bytes

_PROLOGUE = rb"\A(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*+"
_SIGNATURES = (
    (re.compile(rb"%PDF-"), "a PDF"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|....ftypavi", re.DOTALL), "an image"),
    (re.compile(rb"ID3|OggS|RIFF....WAVE|\x1aE\xdf\xa3|....ftyp", re.DOTALL), "a media file"),
    (re.compile(rb"\x1f\x8b"), GZIP),
    (re.compile(rb"PK\x03\x04|7z\xbc\xaf|Rar!"), "an archive"),
    (re.compile(rb"\A\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])"), JSON),
    (re.compile(_PROLOGUE + rb"<(?:rss|feed|rdf:RDF|atom:feed)\b", re.DOTALL | re.IGNORECASE), FEED),
    (re.compile(_PROLOGUE + rb"<(?:\w+:)?(?:urlset|sitemapindex)\b", re.DOTALL), SITEMAP),
)
_FEED_ROOT = re.compile(rb"<rss\s[^<>]*version|<feed\s[^<>]*xmlns|<rdf:RDF\s")
_TAG = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|div|p|a|h1|ul|table|main|article)[\s>]", re.IGNORECASE
)
_BOM = b"\xef\xbb\xbf"


def kind(page: Page) -> str:
    """What a document is, for people: HTML, FEED, SITEMAP, JSON, TEXT, GZIP, EMPTY, or "a PDF" and the like."""
    start = page.body[:SNIFFED].removeprefix(_BOM)
    found = next((name for signature, name in _SIGNATURES if signature.match(start)), None)
    if found or not start.strip():
        return found or EMPTY
    if _FEED_ROOT.search(start):  # behind a warning of the server's own
        return FEED
    return HTML if _TAG.search(start) or page.content_type in ("text/html", "application/xhtml+xml") else TEXT
