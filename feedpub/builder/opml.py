"""The list of all feeds as OPML 2.0, which every reader can import."""

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
    PageSource,
    RemoteSource,
    SitemapSource,
)
from feedpub.core.models import Feed
from feedpub.core.selectors import XPATH_PREFIX, anchor_xpath

_PREFERENCE = ("rss", "atom", "json")  # what most readers know first


def render_opml(feeds: Sequence[Feed]) -> bytes:
    """An outline for each feed, in the given order."""
    feeds = [prepare_feed(replace(feed, entries=())) for feed in feeds]
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = "Feeds"
    if feeds:
        etree.SubElement(head, "dateModified").text = format_datetime(
            max(feed.updated for feed in feeds)
        )
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


# SECTION: The sources of all feeds as OPML, for other readers: pages with a selector in the words
# that FreshRSS has for them.
#
# Nothing that is secret is in it: no header, cookie, login or proxy.

FRESHRSS_NAMESPACE = "https://freshrss.org/opml"
XPATH_ENCLOSING_LINK = "(descendant-or-self::a | ancestor::a)/@href"
"""Where the link of an item is: a selector may mean a link, what is in it, or what is around it."""


def render_source_opml(feeds: Sequence[FeedConfig]) -> bytes:
    """An outline for each source; those of a feed with several stand in a folder of its title."""
    opml = etree.Element("opml", {"version": "2.0"}, nsmap={"frss": FRESHRSS_NAMESPACE})
    etree.SubElement(etree.SubElement(opml, "head"), "title").text = "Sources"
    body = etree.SubElement(opml, "body")
    for feed in feeds:
        sources = [source for source in feed.source if isinstance(source, RemoteSource)]
        parent = (
            body if len(sources) < 2 else etree.SubElement(body, "outline", {"text": feed.title})  # noqa: PLR2004
        )
        for source in sources:
            etree.SubElement(parent, "outline", _source_opml_outline(feed, source))
    return etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def unsupported_settings(feeds: Sequence[FeedConfig]) -> Iterator[str]:
    """What OPML cannot say of the sources, a sentence each."""
    for feed in feeds:
        rules = (feed.rules.content or "", *feed.rules.remove)
        if any(rule.startswith(XPATH_PREFIX) for rule in rules):
            yield f"{feed.name}: content and remove in XPath are left out: readers take CSS"
        for source in feed.source:
            if isinstance(source, FolderSource):
                yield f"{feed.name}: the folder {source.path} is left out: no reader takes one"
            elif isinstance(source, SitemapSource) or (
                isinstance(source, PageSource) and not source.links
            ):
                yield f"{feed.name}: {source.url} is written as a link: no reader finds articles in a {source.type}"
            if isinstance(source, RemoteSource) and (
                source.headers or source.cookies or source.auth or source.proxy
            ):
                yield f"{feed.name}: headers, cookies, logins and proxies are left out: they may be secret"


def _source_opml_outline(feed: FeedConfig, source: RemoteSource) -> dict[str, str]:
    match source:
        case FeedSource():
            kind = {"type": "rss", "xmlUrl": source.url}
        case PageSource(links=str(selector)):
            kind = {"type": "HTML+XPath", "xmlUrl": source.url, **_scraping(selector)}
        case _:
            kind = {"type": "link", "url": source.url}
    outline = {
        "text": feed.title,
        "title": feed.title,
        **kind,
        "htmlUrl": feed.link or (source.url if isinstance(source, PageSource) else ""),
        "description": feed.description,
        "language": feed.language or "",
        **_asked(feed),
    }
    return {name: value for name, value in outline.items() if value}


def _scraping(selector: str) -> dict[str, str]:
    """Where the items are, and in each its title and its link."""
    if selector.startswith(XPATH_PREFIX):
        items = anchor_xpath(selector.removeprefix(XPATH_PREFIX), "/html/")
    else:
        items = HTMLTranslator().css_to_xpath(selector, prefix="//")
    return {
        _frss("xPathItem"): items,
        _frss("xPathItemTitle"): "normalize-space(.)",
        _frss("xPathItemUri"): XPATH_ENCLOSING_LINK,
    }


def _asked(feed: FeedConfig) -> dict[str, str]:
    """How often, and what of each article's page."""
    content = feed.rules.content or ""
    selectors = [rule for rule in feed.rules.remove if not rule.startswith(("text:", XPATH_PREFIX))]
    return {
        _frss("ttl"): str(int(feed.every.total_seconds()))
        if isinstance(feed.every, timedelta)
        else "",
        _frss("cssFullContent"): "" if content.startswith(XPATH_PREFIX) else content,
        _frss("cssContentFilter"): ", ".join(selectors),
    }


def _frss(name: str) -> str:
    return f"{{{FRESHRSS_NAMESPACE}}}{name}"
