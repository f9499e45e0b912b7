"""The sources of all feeds as OPML, for other readers: pages with a selector in the words that FreshRSS has for them.

Nothing that is secret is in it: no header, cookie, login or proxy.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from cssselect import HTMLTranslator
from lxml import etree

from feedpub.config import FeedConfig, FeedSource, FolderSource, PageSource, RemoteSource, SitemapSource

FRESHRSS = "https://freshrss.org/opml"
LINK_AROUND = "(descendant-or-self::a | ancestor::a)/@href"
"""Where the link of an item is: a selector may mean a link, what is in it, or what is around it."""


def render_source_opml(feeds: Sequence[FeedConfig]) -> bytes:
    """An outline for each source; those of a feed with several stand in a folder of its title."""
    opml = etree.Element("opml", {"version": "2.0"}, nsmap={"frss": FRESHRSS})
    etree.SubElement(etree.SubElement(opml, "head"), "title").text = "Sources"
    body = etree.SubElement(opml, "body")
    for feed in feeds:
        sources = [source for source in feed.source if isinstance(source, RemoteSource)]
        parent = body if len(sources) < 2 else etree.SubElement(body, "outline", {"text": feed.title})  # noqa: PLR2004
        for source in sources:
            etree.SubElement(parent, "outline", _outline(feed, source))
    return etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def unsaid(feeds: Sequence[FeedConfig]) -> Iterator[str]:
    """What OPML cannot say of the sources, a sentence each."""
    for feed in feeds:
        for source in feed.source:
            if isinstance(source, FolderSource):
                yield f"{feed.name}: the folder {source.path} is left out: no reader takes one"
            elif isinstance(source, SitemapSource) or (isinstance(source, PageSource) and not source.links):
                yield f"{feed.name}: {source.url} is written as a link: no reader finds articles in a {source.type}"
            if isinstance(source, RemoteSource) and (source.headers or source.cookies or source.auth or source.proxy):
                yield f"{feed.name}: headers, cookies, logins and proxies are left out: they may be secret"


def _outline(feed: FeedConfig, source: RemoteSource) -> dict[str, str]:
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
    return {
        _frss("xPathItem"): HTMLTranslator().css_to_xpath(selector, prefix="//"),
        _frss("xPathItemTitle"): "normalize-space(.)",
        _frss("xPathItemUri"): LINK_AROUND,
    }


def _asked(feed: FeedConfig) -> dict[str, str]:
    """How often, and what of each article's page."""
    selectors = [rule for rule in feed.rules.remove if not rule.startswith("text:")]
    return {
        _frss("ttl"): str(int(feed.every.total_seconds())) if isinstance(feed.every, timedelta) else "",
        _frss("cssFullContent"): feed.rules.content or "",
        _frss("cssContentFilter"): ", ".join(selectors),
    }


def _frss(name: str) -> str:
    return f"{{{FRESHRSS}}}{name}"
