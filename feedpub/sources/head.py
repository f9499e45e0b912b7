"""What a feed calls itself: the title in its head, of RSS, RDF, Atom or JSON Feed; nothing else of it."""

import json

from lxml import etree

from feedpub.decode import decode_html
from feedpub.model import Page
from feedpub.sources.doctype import without_doctype
from feedpub.sources.kinds import JSON, kind
from feedpub.sources.markup import clean, to_text


def title_of(page: Page) -> str:
    """The title on one line; "" where the feed has none, or is none."""
    return _of_json(page) if kind(page) == JSON else _of_xml(page)


def _of_json(page: Page) -> str:
    try:
        feed = json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):  # said by those who read the entries
        return ""
    title = feed.get("title") if isinstance(feed, dict) else None
    return clean(title) if isinstance(title, str) else ""


def _of_xml(page: Page) -> str:
    text = without_doctype(decode_html(page.body, page.charset)).encode("utf-8", "replace")
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8")
    try:
        root = etree.fromstring(text, parser)
        if root is None:
            return ""
        head = next((child for child in root if _name(child) == "channel"), root)
        title = next((child for child in head if _name(child) == "title"), None)
        return to_text("".join(map(str, title.itertext()))) if title is not None else ""
    except (etree.XMLSyntaxError, ValueError):  # as in `pace`
        return ""


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
