"""Render OPML 2.0: the list of published feeds, and the sources of all feeds for other readers.

Pages with a selector are written in FreshRSS' extension of OPML. Secrets are left out: headers,
cookies, logins and proxies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

from cssselect import HTMLTranslator
from lxml import etree

from feedpub.builder.rss_atom_text import prepare_feed
from feedpub.config import (
    FeedConfig,
    FeedSource,
    FolderSource,
    ItemsSource,
    MailSource,
    PageSource,
    RemoteSource,
)
from feedpub.core.models import Feed
from feedpub.core.selectors import XPATH_PREFIX, anchor_xpath

_PREFERRED_FORMATS = ("rss", "atom", "json")  # the first is the one that most readers support
FRESHRSS_NAMESPACE = "https://freshrss.org/opml"
XPATH_ENCLOSING_LINK = "(descendant-or-self::a | ancestor::a)/@href"
"""The link of an item: a selector may match a link, an element in it, or one around it."""


# --- the list of published feeds ---


def render_opml(feeds: Sequence[Feed]) -> bytes:
    """Render an outline for each published feed, in the given order."""
    feeds = [prepare_feed(replace(feed, entries=())) for feed in feeds]
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = "Feeds"
    if feeds:
        updated = max(feed.updated for feed in feeds)
        etree.SubElement(head, "dateModified").text = format_datetime(updated)
    body = etree.SubElement(opml, "body")
    for feed in feeds:
        etree.SubElement(body, "outline", _feed_outline(feed))
    return etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _feed_outline(feed: Feed) -> dict[str, str]:
    suffix = next((suffix for suffix in _PREFERRED_FORMATS if suffix in feed.formats), "rss")
    outline = {
        "text": feed.title,
        "title": feed.title,
        "type": "rss",
        "xmlUrl": feed.address(suffix),
        "htmlUrl": feed.link,
        "description": feed.description,
        "language": feed.language or "",
    }
    return _without_empty(outline)


# --- the sources of all feeds ---


def render_source_opml(feeds: Sequence[FeedConfig]) -> bytes:
    """Render an outline for each source; several sources of one feed are put into a folder."""
    opml = etree.Element("opml", {"version": "2.0"}, nsmap={"frss": FRESHRSS_NAMESPACE})
    etree.SubElement(etree.SubElement(opml, "head"), "title").text = "Sources"
    body = etree.SubElement(opml, "body")
    for feed in feeds:
        sources = [source for source in feed.source if isinstance(source, RemoteSource)]
        parent = body
        if len(sources) > 1:
            parent = etree.SubElement(body, "outline", {"text": feed.title})
        for source in sources:
            etree.SubElement(parent, "outline", _source_outline(feed, source))
    return etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def unsupported_settings(feeds: Sequence[FeedConfig]) -> Iterator[str]:
    """Yield a sentence about each setting of the sources that OPML cannot express."""
    for feed in feeds:
        rules = (feed.rules.content or "", *feed.rules.remove)
        if any(rule.startswith(XPATH_PREFIX) for rule in rules):
            yield f"{feed.name}: content and remove in XPath are left out: readers take CSS"
        for source in feed.source:
            if isinstance(source, FolderSource):
                yield f"{feed.name}: the folder {source.path} is left out: readers cannot read one"
                continue
            if isinstance(source, MailSource):
                yield f"{feed.name}: the mails in {source.address} are left out: readers get none"
                continue
            if not _can_be_read_elsewhere(source):
                yield (
                    f"{feed.name}: {source.url} is written as a link: "
                    f'readers cannot find the articles of type = "{source.type}"'
                )
            if source.headers or source.cookies or source.auth or source.proxy:
                yield (
                    f"{feed.name}: headers, cookies, logins and proxies are left out: "
                    "they may be secret"
                )


def _can_be_read_elsewhere(source: RemoteSource) -> bool:
    """Return True for a feed, and for a page with the selector of its links or items."""
    match source:
        case PageSource():
            return source.links is not None
        case ItemsSource():
            return source.item is not None
        case _:
            return isinstance(source, FeedSource)


def _source_outline(feed: FeedConfig, source: RemoteSource) -> dict[str, str]:
    match source:
        case FeedSource():
            address = {"type": "rss", "xmlUrl": source.url}
        case PageSource(links=str(selector)):
            address = {"type": "HTML+XPath", "xmlUrl": source.url, **_item_xpaths(selector)}
        case ItemsSource(item=str(selector)):
            xpaths = {**_item_xpaths(selector), **_field_xpaths(source)}
            address = {"type": "HTML+XPath", "xmlUrl": source.url, **xpaths}
        case _:
            address = {"type": "link", "url": source.url}
    is_page = isinstance(source, PageSource | ItemsSource)
    outline = {
        "text": feed.title,
        "title": feed.title,
        **address,
        "htmlUrl": feed.link or (source.url if is_page else ""),
        "description": feed.description,
        "language": feed.language or "",
        **_freshrss_settings(feed),
    }
    return _without_empty(outline)


def _item_xpaths(selector: str) -> dict[str, str]:
    """Return the XPaths of the items, and of the title and link of each."""
    if selector.startswith(XPATH_PREFIX):
        items = anchor_xpath(selector.removeprefix(XPATH_PREFIX), "/html/")
    else:
        items = HTMLTranslator().css_to_xpath(selector, prefix="//")
    return {
        _freshrss("xPathItem"): items,
        _freshrss("xPathItemTitle"): "normalize-space(.)",
        _freshrss("xPathItemUri"): XPATH_ENCLOSING_LINK,
    }


def _field_xpaths(source: ItemsSource) -> dict[str, str]:
    """Return the XPaths of an item's fields that have selectors, relative to the item."""
    fields = {
        "xPathItemTitle": source.title,
        "xPathItemTimestamp": source.date,
        "xPathItemThumbnail": source.image,
        "xPathItemContent": source.content or XPATH_PREFIX + ".",
    }
    xpaths = {_freshrss(name): _relative_xpath(value) for name, value in fields.items() if value}
    if source.link:
        link = _relative_xpath(source.link)
        is_address = source.link.startswith(XPATH_PREFIX) and "@" in source.link
        xpaths[_freshrss("xPathItemUri")] = link if is_address else f"({link})/@href"
    return xpaths


def _relative_xpath(selector: str) -> str:
    if selector.startswith(XPATH_PREFIX):
        return selector.removeprefix(XPATH_PREFIX)
    return HTMLTranslator().css_to_xpath(selector, prefix="descendant-or-self::")


def _freshrss_settings(feed: FeedConfig) -> dict[str, str]:
    """Return the interval, and the selectors for the article on its page."""
    interval = ""
    if isinstance(feed.every, timedelta):
        interval = str(int(feed.every.total_seconds()))
    selectors = [rule for rule in feed.rules.remove if not rule.startswith(("text:", XPATH_PREFIX))]
    content = feed.rules.content or ""
    return {
        _freshrss("ttl"): interval,
        _freshrss("cssFullContent"): "" if content.startswith(XPATH_PREFIX) else content,
        _freshrss("cssContentFilter"): ", ".join(selectors),
    }


def _freshrss(name: str) -> str:
    return f"{{{FRESHRSS_NAMESPACE}}}{name}"


def _without_empty(outline: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in outline.items() if value}
