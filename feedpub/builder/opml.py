"""The list of all feeds as OPML 2.0, which every reader can import."""

from collections.abc import Sequence
from dataclasses import replace
from email.utils import format_datetime

from lxml import etree

from feedpub.builder.prepare import prepare
from feedpub.model import Feed

_PREFERENCE = ("rss", "atom", "json")  # what most readers know first


def render_opml(feeds: Sequence[Feed]) -> bytes:
    """An outline for each feed, in the given order."""
    feeds = [prepare(replace(feed, entries=())) for feed in feeds]
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = "Feeds"
    if feeds:
        etree.SubElement(head, "dateModified").text = format_datetime(max(feed.updated for feed in feeds))
    body = etree.SubElement(opml, "body")
    for feed in feeds:
        etree.SubElement(body, "outline", _outline(feed))
    return etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _outline(feed: Feed) -> dict[str, str]:
    suffix = next((suffix for suffix in _PREFERENCE if suffix in feed.formats), "rss")
    outline = {
        "text": feed.title,
        "title": feed.title,
        "type": "rss",
        "xmlUrl": feed.address(suffix),
        "htmlUrl": feed.link,
        "description": feed.description,
        "language": feed.language or "",
    }
    return {name: value for name, value in outline.items() if value}
